import { ActivityFailure, CancellationScope, patched } from '@temporalio/workflow';
import type { Found } from '../../activities/pipeline/step-answers';
import type { KnownIds } from '../../src/descriptor/descriptor';
import { causesOf } from '../protocol/causes';
import { explain, settlesAt, wroteNothing } from '../run/failure';
import type { Run } from '../run/report';
import { endingBy, untilSettled } from '../run/saga';
import type { Steps } from '../run/steps';
import type { EntityKind } from './undos';

/* What an unprovision deletes, and what became of it where its step could not tell. */

export interface Removal {
  what: string;
  kind: EntityKind;
  /** As `info.privateInfo` has it. */
  id: keyof KnownIds;
  remove: () => Promise<unknown>;
}

export const removalsOf = (
  { source, destination, connection }: Found,
  { key, steps, settleTime }: { key: string; steps: Steps; settleTime: number },
) => {
  type Step = ReturnType<Steps>;
  const removal = (
    kind: EntityKind,
    entity: { id: string; name: string } | undefined,
    remove: (
      step: Step,
      which: { key: string; id: string; settleTime: number },
    ) => Promise<unknown>,
  ): Removal | undefined => {
    if (!entity) return undefined;
    const what = `the ${kind} "${entity.name}"`;
    const step = steps(`Delete ${what}`);
    const which = { key, id: entity.id, settleTime };
    return { what, kind, id: `${kind}Id`, remove: () => remove(step, which) };
  };
  return {
    connection: removal('connection', connection, (step, which) => step.deleteConnection(which)),
    source: removal('source', source, (step, which) => step.deleteSource(which)),
    destination: removal('destination', destination, (step, which) =>
      step.deleteDestination(which),
    ),
  };
};

/** One that failed, and with what. */
export interface FailedRemoval extends Removal {
  err: unknown;
}

/** Whether it may have deleted all the same, or may yet: its last answer says nothing of those before. */
const isUnclear = ({ err }: FailedRemoval) =>
  causesOf(err).some((cause) => cause instanceof ActivityFailure) && !wroteNothing(err);

interface Looking {
  /** Looks what is there. */
  look: () => Promise<Found>;
  settleTime: number;
  run: Run;
}

/** What became of them, as far as it was seen; `why` not all of it was. */
interface Ends {
  deleted: FailedRemoval[];
  kept: FailedRemoval[];
  unseen: FailedRemoval[];
  why: string;
}

/**
 * Looks what became of removals that failed, also when the run is cancelled; again where Airbyte may
 * still do what it was asked.
 */
export const endsOf = async (
  failed: FailedRemoval[],
  { look, settleTime, run }: Looking,
): Promise<Ends> => {
  const unclear = failed.filter(isUnclear);
  const clear = failed.filter((each) => !unclear.includes(each));
  if (unclear.length === 0 || !patched('look-what-was-deleted'))
    return { deleted: [], kept: failed, unseen: [], why: '' };
  const how = endingBy(run);
  return CancellationScope.nonCancellable(async () => {
    let left = unclear;
    const gone = () => unclear.filter((each) => !left.includes(each));
    const lookOnce = async () => {
      const found = await look();
      left = left.filter(({ kind }) => found[kind] !== undefined);
    };
    try {
      await lookOnce();
      const settling = left.map(({ err }) => ({ settlesAt: settlesAt(err, settleTime) }));
      if (await untilSettled(settling, { run, how })) await lookOnce();
      return { deleted: gone(), kept: [...clear, ...left], unseen: [], why: '' };
    } catch (err) {
      return { deleted: gone(), kept: clear, unseen: left, why: explain(err).problem };
    }
  });
};
