import {
  CancellationScope,
  CancelledFailure,
  isCancellation,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { FailureDetails } from '../protocol/failure-details';
import type { Found } from '../../activities/pipeline/step-answers';
import type { ProvisioningStatus } from '../../src/contract/coordinator';
import type { KnownIds } from '../../src/descriptor/descriptor';
import { ENDED_BY_DELETE } from '../phases';
import { inOneLine } from '../protocol/one-line';
import { asMemo, asMessage } from './limits';
import { explain, finalFailure } from './failure';
import { tellMetrics } from './metrics';
import type { Run } from './report';

const whoCancelled = (run: Run) => {
  if (run.isTerminating()) return 'The run was ended by a DELETE of its token.';
  return workflowInfo().parent
    ? 'The run was cancelled, by an operator or because the run of its data product had ended.'
    : 'An operator cancelled the run.';
};

/** Why a run ends without success; told before anything is undone. */
export const reasonOf = (err: unknown, run: Run): FailureDetails => {
  if (!isCancellation(err)) return explain(err);
  return (
    run.endReason() ?? {
      problem: whoCancelled(run),
      solution: 'Send the request again when it may go on.',
    }
  );
};

/**
 * A step that is told to end may still fail with what its last attempt met. That is for the log: the
 * run ends because it was told to.
 */
export const endedBy = (err: unknown, run: Run): unknown => {
  const isToEnd = CancellationScope.current().consideredCancelled || run.endReason() !== undefined;
  if (isCancellation(err) || !isToEnd) return err;
  const { problem } = explain(err);
  run.warn(problem);
  return new CancelledFailure(problem);
};

/** The ids of what is known to exist in Airbyte, as `info.privateInfo` has them. */
export type Existing = KnownIds & {
  workspaceId?: string;
  /** Where its data is and has been (workflows/pipeline/fabric.ts). */
  places?: string | undefined;
};

export const existingIn = ({ workspaceId, source, destination, connection }: Found): Existing => ({
  workspaceId,
  sourceId: source?.id,
  destinationId: destination?.id,
  connectionId: connection?.id,
});

/** What did not come about, and the type of the failure that says so. */
const FAILURES = {
  provisioned: ['The component was not provisioned.', 'ProvisioningFailed'],
  unprovisioned: ['The component was not unprovisioned.', 'UnprovisioningFailed'],
  access: ['Who has access was not changed.', 'UpdateAclFailed'],
} as const;

interface Failed {
  err: unknown;
  run: Run;
  what: keyof typeof FAILURES;
  exists: Existing;
  undone: string[];
  leftBehind: string[];
  /** The same of what is in a fabric. */
  leftInFabrics?: string[];
  /** What is to be done about what is left behind, where the step that left it could tell. */
  remedies?: string[];
}

/** A line of the result, if there is anything to tell in it. */
export const section = (title: string, lines: string[]) =>
  lines.length === 0 ? [] : [`${title}: ${lines.map(inOneLine).join('; ')}.`];

const definedIn = (ids: Existing): Record<string, string> =>
  Object.fromEntries(
    Object.entries(ids).flatMap(([name, id]) => (typeof id === 'string' ? [[name, id]] : [])),
  );

const endOf = ({ terminated, cancelled }: { terminated: boolean; cancelled: boolean }) => {
  if (terminated) return ENDED_BY_DELETE;
  return cancelled ? 'Cancelled' : 'Failed';
};

/** As what a run ends: FAILED, or TERMINATED where the Coordinator ended it. */
export const endingOf = (err: unknown, run: Run) => {
  const cancelled = isCancellation(err) && !run.endReason();
  const terminated = run.isTerminating();
  run.phase(endOf({ terminated, cancelled }));
  return { cancelled, status: terminated ? ('TERMINATED' as const) : ('FAILED' as const) };
};

/**
 * Ends a run with the status of its failure. It goes into the failure's details, where it can be read
 * without a worker; a cancelled run has no details, so its status goes into the memo, cut where it is
 * long.
 */
export const failWith = (
  status: ProvisioningStatus,
  { err, what, cancelled }: Pick<Failed, 'err' | 'what'> & { cancelled: boolean },
): never => {
  if (cancelled) {
    upsertMemo({ status: asMemo(status) });
    throw err;
  }
  const type = FAILURES[what][1];
  throw finalFailure(asMessage(status.result), { type, details: status, cause: err });
};

/** Ends a component's run that failed. */
export const failRun = (failed: Failed): never => {
  const { err, run, what, exists, undone, leftBehind, leftInFabrics = [], remedies = [] } = failed;
  const { problem, solution } = reasonOf(err, run);
  const { status, cancelled } = endingOf(err, run);
  tellMetrics((metrics) => metrics.leftBehind(leftBehind.length + leftInFabrics.length));
  const [sentence] = FAILURES[what];
  const solutions = [...new Set([solution, ...remedies])];
  const ending: ProvisioningStatus = {
    status,
    result: [
      `${sentence} ${inOneLine(problem)}`,
      `What to do: ${solutions.join(' ')}`,
      ...section('Undone', undone),
      ...section('Left behind in Airbyte', leftBehind),
      ...section('Left behind in the fabric', leftInFabrics),
    ].join('\n'),
    info: {
      publicInfo: {},
      privateInfo: {
        ...definedIn(exists),
        problems: [problem],
        solutions,
        undone,
        leftBehind: [...leftBehind, ...leftInFabrics],
      },
    },
    logs: run.logs,
  };
  return failWith(ending, { err, what, cancelled });
};
