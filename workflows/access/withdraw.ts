import { CancellationScope, CancelledFailure, patched } from '@temporalio/workflow';
import { isBounded, recallPeople, recallUnmoved } from './recall';
import type { AccessLease } from './recall';
import { accessSteps, failureOf } from './steps';
import { apart, namer } from './result';
import { explain } from '../run/failure';
import { withdrawAsBefore } from './earlier/withdraw';
import type { UnprovisionInput } from '../input';
import { endedBy, reasonOf } from '../run/ending';
import type { Run } from '../run/report';
import type { Steps } from '../run/steps';

/** The access that people have through a component that is to go. */
interface Withdrawal {
  /** What is left until it is withdrawn, for people. */
  left: string[];
  /** What could not be taken, and why; that is tried again when the component is unprovisioned once more. */
  withdraw: () => Promise<Map<string, unknown>>;
}

const REVOKING = 'Revoking the access that people had through the component';
const UNKNOWN = 'whatever access people had through the component, as it could not be recalled';

/**
 * Takes from people what they were granted through a component that goes, unless another component
 * wants them too. Where nobody was granted anything neither Airbyte nor anybody else is asked.
 */
export const startWithdrawal = async (
  input: UnprovisionInput,
  { run, steps, lease }: { run: Run; steps: Steps; lease: AccessLease },
): Promise<Withdrawal> => {
  if (!patched('access-per-component'))
    return { left: [], withdraw: () => withdrawAsBefore(input, run, steps) };

  const wordsFor = (people: string[]) => (people.length > 0 ? [namer()(people)] : []);
  const recall = () => recallPeople(input, run, steps);
  const isPrompt = isBounded();
  // Who was granted nothing waits for no move, and whoever was is told before one.
  const known = async () => (isPrompt ? await recallUnmoved(input, steps) : undefined) ?? recall();
  // The pipeline is removed even where this cannot be told; it is asked once more after that.
  const left = await known().then(wordsFor, (err: unknown) => {
    if (CancellationScope.current().consideredCancelled) throw err;
    run.warn(explain(err).problem);
    return [UNKNOWN];
  });

  const takeAll = async (failures: Map<string, unknown>, people: string[]) => {
    const failed = new Map<string, unknown>();
    const access = accessSteps({ ...input, run, steps });
    try {
      for (const each of await access.takeForGood(people)) failed.set(each.key, failureOf(each));
    } catch (err) {
      const still = await CancellationScope.nonCancellable(recall).catch(() => people);
      for (const key of still) if (!failed.has(key)) failed.set(key, err);
    }
    access.sum();
    const name = namer();
    for (const [keys, err] of apart([...failed])) failures.set(name(keys), err);
  };

  const withdraw = async () => {
    const failures = new Map<string, unknown>();
    try {
      if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('Cancelled');
      if ((await known()).length === 0) return failures;
      await lease.hold();
      if (!isPrompt) run.phase(REVOKING);
      const people = await recall();
      if (isPrompt) run.phase(REVOKING);
      await takeAll(failures, people);
    } catch (err) {
      for (const what of left) failures.set(what, err);
      if (left.length === 0 && !(err instanceof CancelledFailure)) failures.set(UNKNOWN, err);
    }
    for (const [what, err] of failures) {
      const ended = endedBy(err, run);
      failures.set(what, ended);
      run.error(`Not revoked: ${what}. ${reasonOf(ended, run).problem}`);
    }
    return failures;
  };
  return { left, withdraw };
};
