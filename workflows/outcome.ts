import { ApplicationFailure, isCancellation, upsertMemo } from '@temporalio/workflow';
import type { Found } from '../activities/airbyte';
import type { ProvisioningStatus } from '../src/contract';
import type { KnownIds } from '../src/descriptor';
import { explain } from './failure';
import type { Run } from './run';

/** Why a run ends without success; told before anything is undone. */
export const reasonOf = (err: unknown, run: Run) =>
  isCancellation(err)
    ? {
        problem: run.isTerminating()
          ? 'The run was terminated by a DELETE of its token.'
          : 'An operator cancelled the run.',
        solution: 'Send the request again when it may go on.',
      }
    : explain(err);

/** The ids of what is known to exist in Airbyte, as `info.privateInfo` has them. */
export type Existing = KnownIds & { workspaceId?: string };

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
}

const section = (title: string, lines: string[]) =>
  lines.length === 0 ? [] : [`${title}: ${lines.join('; ')}.`];

const definedIn = (ids: Existing): Record<string, string> =>
  Object.fromEntries(
    Object.entries(ids).flatMap(([name, id]) => (typeof id === 'string' ? [[name, id]] : [])),
  );

const endOf = ({ terminated, cancelled }: { terminated: boolean; cancelled: boolean }) => {
  if (terminated) return 'Terminated';
  return cancelled ? 'Cancelled' : 'Failed';
};

/**
 * Ends a run that failed. The status goes into the failure's details, where it can be read without
 * a worker; a cancelled run has no details, so its status goes into the memo.
 */
export const failRun = ({ err, run, what, exists, undone, leftBehind }: Failed): never => {
  const cancelled = isCancellation(err);
  const { problem, solution } = reasonOf(err, run);
  const terminated = run.isTerminating();
  const [sentence, type] = FAILURES[what];
  run.phase(endOf({ terminated, cancelled }));
  const status: ProvisioningStatus = {
    status: terminated ? 'TERMINATED' : 'FAILED',
    result: [
      `${sentence} ${problem}`,
      `What to do: ${solution}`,
      ...section('Undone', undone),
      ...section('Left behind in Airbyte', leftBehind),
    ].join('\n'),
    info: {
      publicInfo: {},
      privateInfo: {
        ...definedIn(exists),
        problems: [problem],
        solutions: [solution],
        undone,
        leftBehind,
      },
    },
    logs: run.logs,
  };
  if (cancelled) {
    upsertMemo({ status });
    throw err;
  }
  throw ApplicationFailure.create({
    message: status.result,
    type,
    nonRetryable: true,
    details: [status],
    ...(err instanceof Error && { cause: err }),
  });
};
