import { ApplicationFailure, CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { FailureDetails } from '../protocol/failure-details';
import type { Found, Put } from '../../activities/pipeline/step-answers';
import type { Kind } from '../../src/airbyte/workspace';
import type { Plan } from '../../src/descriptor/descriptor';
import { isUnreadable, settlesAt } from '../run/failure';
import { takeLease } from '../run/lease';
import type { Run } from '../run/report';
import { COMPENSATION } from '../run/steps';
import type { Steps } from '../run/steps';
import { PUT_BACK } from '../run/saga';
import type { Undo } from '../run/saga';

/*
 * A pipeline of somebody else has no component yet whose lease could keep others from it. So whoever
 * takes it over holds the connection as well. Nobody waits for one: of two who want the same, one is
 * told so.
 */

const refuse = (problem: string): never => {
  const details: FailureDetails = {
    problem,
    solution: 'Deploy again when that run has ended; only one component can have a connection.',
  };
  throw ApplicationFailure.create({
    message: problem,
    type: 'AirbyteRefused',
    nonRetryable: true,
    details: [details],
  });
};

/** Holds a connection until this run ends; false where another run has it. */
const claimConnection = (id: string): Promise<boolean> =>
  CancellationScope.nonCancellable(() =>
    takeLease(`adoption.${id}`, {
      staticSummary: `Taken over by ${workflowInfo().workflowId}`,
    }),
  );

const foreignIn = ({ isForeign, connection, replaces }: Found) =>
  isForeign ? connection : replaces;

/** What a run found; where it takes something over, as it is once nobody else can. */
export const claimed = async (found: Found, look: () => Promise<Found>): Promise<Found> => {
  const wanted = foreignIn(found);
  if (!wanted) return found;
  const what = `the connection "${wanted.name}" (${wanted.id})`;
  if (!(await claimConnection(wanted.id))) return refuse(`Another run is taking ${what} over.`);
  const again = await look();
  if (foreignIn(again)?.id === wanted.id) return again;
  return refuse(`Another run has taken ${what} over.`);
};

/** What to tell of it; and in the result, in a sentence. */
export const adoptionSentence = ({ isForeign, connection, replaces }: Found, run: Run): string => {
  if (isForeign && connection) {
    run.info(`Takes over the connection "${connection.name}" (${connection.id})`);
    return ` It was taken over: its id, ${connection.id}, its state and its history are kept.`;
  }
  if (!replaces) return '';
  run.warn(
    `The connection "${replaces.name}" (${replaces.id}) shares its source or destination with others: the pipeline is made anew beside it, and it is paused`,
  );
  return ` It takes the place of the connection "${replaces.name}" (${replaces.id}), which was paused and renamed; its state and history stay with that one.`;
};

interface Doing {
  steps: Steps;
  settleTime: number;
}

/** Pausing the connection whose place the component's own takes, and its undo. */
export const retirementOf = (
  { id, name, status }: NonNullable<Found['replaces']>,
  key: string,
  { steps, settleTime }: Doing,
): { retire: () => Promise<void>; undo: Undo } => {
  const what = `the connection "${name}" (${id})`;
  // All that pausing it changes.
  const former = { id, name, status };
  const undo: Undo = {
    kind: 'retired',
    what,
    effect: PUT_BACK,
    undo: () => steps(`Put back ${what}`, COMPENSATION).restoreConnection({ former, settleTime }),
  };
  const retire = async () => {
    try {
      await steps(`Pause ${what}`).retireConnection({ before: { id, name }, key, settleTime });
    } catch (err) {
      undo.settlesAt = settlesAt(err, settleTime);
      throw err;
    }
  };
  return { retire, undo };
};

const KINDS = ['source', 'destination'] as const;

/** The secrets that are still to be written, as the former ones were kept until all is in place. */
export const sealing = (
  puts: Record<Kind, Put>,
  { component: { key }, source, destination }: Plan,
  { steps, settleTime }: Doing,
) => {
  const left = new Set<Kind>(KINDS.filter((kind) => puts[kind].isUnsealed));
  return {
    open: () => KINDS.filter((kind) => left.has(kind)),
    /** A source that cannot be read may be so for its old secrets. */
    mayHelp: (err: unknown) => left.has('source') && isUnreadable(err),
    seal: (kind: Kind): Promise<Put> => {
      left.delete(kind);
      const step = steps(`Secrets of ${puts[kind].name}`);
      const { id } = puts[kind];
      return kind === 'source'
        ? step.sealSource({ key, plan: source, id, settleTime })
        : step.sealDestination({ key, plan: destination, id, settleTime });
    },
  };
};
