import { CancellationScope, CancelledFailure, isCancellation } from '@temporalio/workflow';
import type { ProvisioningStatus } from '../../src/contract/coordinator';
import type { ProductInput, ProvisionInput, UnprovisionInput } from '../input';
import { holdProduct } from '../run/lease';
import { endingOf, failWith, reasonOf } from '../run/ending';
import { finalFailure } from '../run/failure';
import { createChildren } from './children';
import type { Member } from './children';
import { completedStatus, failedStatus } from './status';
import { startRun } from '../run/report';
import type { Run } from '../run/report';

const countOf = ({ length }: unknown[]) => `${String(length)} component${length === 1 ? '' : 's'}`;

/** What a run could not tell of what it left, of those that fail, and of those never looked at. */
const unseenOf = (members: Member[], operation: 'provision' | 'unprovision') =>
  members.flatMap(({ component, state, status }) => {
    const isUnseen = state === 'failed' || (state === 'not begun' && operation === 'unprovision');
    return isUnseen && !status ? [`${component}: whatever is there, as its run did not say`] : [];
  });

const failureOf = ({ component, problem, err }: Member) =>
  finalFailure(`${component}: ${problem?.problem ?? ''}`, { details: problem, cause: err });

interface Operation {
  operation: 'provision' | 'unprovision';
  what: 'provisioned' | 'unprovisioned';
  doing: string;
  done: string;
}

/** Ends the run; what it does not know of a component, the component's run tells. */
const failProduct = (
  err: unknown,
  { run, members, what, operation }: Operation & { run: Run; members: Member[] },
) => {
  const isOfComponents = !isCancellation(err) && members.some(({ state }) => state === 'failed');
  const reason = isOfComponents ? undefined : reasonOf(err, run);
  if (reason) run.error(reason.problem);
  const { status, cancelled } = endingOf(err, run);
  const leftBehind = unseenOf(members, operation);
  const ending = failedStatus({ members, run, what, status, reason, leftBehind });
  return failWith(ending, { err, what, cancelled });
};

const runProduct = async (
  input: ProductInput<ProvisionInput | UnprovisionInput>,
  of: Operation,
): Promise<ProvisioningStatus> => {
  const run = startRun(() => children.lines());
  const children = createChildren({ operation: of.operation, parts: input.parts, run });
  const { members } = children;
  let cancellation: Error | undefined;

  const cancel = (err: unknown) => {
    const { problem, solution } = reasonOf(err, run);
    const reason = { problem: `The run of the data product is to end. ${problem}`, solution };
    if (!children.stop(reason, 'Cancelled; ending the runs of the components')) return;
    cancellation = err instanceof Error ? err : new CancelledFailure(problem);
  };

  try {
    for (const note of input.notes) run.info(note);
    for (const warning of input.warnings) run.warn(warning);
    await holdProduct(input, run);
    run.phase(`${of.doing} ${countOf(members)}`);
    void CancellationScope.current().cancelRequested.catch(cancel);
    await CancellationScope.nonCancellable(async () => {
      await children.begun();
      if (!children.isStopped()) await children.keep();
      await children.ended();
    });
    if (cancellation) throw cancellation;
    const failed = members.filter(({ state }) => state !== 'done');
    const first = failed.find(({ state }) => state === 'failed') ?? failed[0];
    if (first) throw failureOf(first);
    run.phase('Completed');
    return completedStatus(members, run, of.done);
  } catch (err) {
    return failProduct(err, { ...of, run, members });
  }
};

/**
 * Makes the pipelines of all our components of a data product exist as its descriptor says, or none
 * of them: the run of each waits, once its pipeline is in place, until all the others are. If one
 * fails, or this run is cancelled, each undoes what it did.
 */
export const provisionProduct = (input: ProductInput<ProvisionInput>) =>
  runProduct(input, {
    operation: 'provision',
    what: 'provisioned',
    doing: 'Provisioning',
    done: 'The pipelines of the data product are in place.',
  });

/**
 * Removes the pipelines of all our components of a data product. One that cannot be removed does not
 * stop the others: what is left is named, and the same request tries again.
 */
export const unprovisionProduct = (input: ProductInput<UnprovisionInput>) =>
  runProduct(input, {
    operation: 'unprovision',
    what: 'unprovisioned',
    doing: 'Unprovisioning',
    done: 'Nothing of the data product is left in Airbyte.',
  });
