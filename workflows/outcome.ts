import { ApplicationFailure, isCancellation, upsertMemo } from '@temporalio/workflow';
import type { ProvisioningStatus } from '../src/contract';
import type { KnownIds } from '../src/descriptor';
import { explain } from './failure';
import type { Run } from './run';

/** Why a run ends without success; told before anything is undone. */
export const reasonOf = (err: unknown) =>
  isCancellation(err)
    ? {
        problem: 'An operator cancelled the run.',
        solution: 'Send the request again when it may go on.',
      }
    : explain(err);

interface Failed {
  err: unknown;
  run: Run;
  /** What the component was not. */
  what: 'provisioned' | 'unprovisioned';
  /** What is known to exist in Airbyte now. */
  ids: KnownIds;
  undone: string[];
  leftBehind: string[];
}

const section = (title: string, lines: string[]) =>
  lines.length === 0 ? [] : [`${title}: ${lines.join('; ')}.`];

const withoutUndefined = (ids: KnownIds): Record<string, string> =>
  Object.fromEntries(
    Object.entries(ids).flatMap(([name, id]) => (typeof id === 'string' ? [[name, id]] : [])),
  );

/**
 * Ends a run that failed. The status goes into the failure's details, where it can be read without
 * a worker; a cancelled run has no details, so its status goes into the memo.
 */
export const failRun = ({ err, run, what, ids, undone, leftBehind }: Failed): never => {
  const cancelled = isCancellation(err);
  const { problem, solution } = reasonOf(err);
  run.phase(cancelled ? 'Cancelled' : 'Failed');
  const status: ProvisioningStatus = {
    status: 'FAILED',
    result: [
      `The component was not ${what}. ${problem}`,
      `What to do: ${solution}`,
      ...section('Undone', undone),
      ...section('Left behind in Airbyte', leftBehind),
    ].join('\n'),
    info: {
      publicInfo: {},
      privateInfo: {
        ...withoutUndefined(ids),
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
    type: what === 'provisioned' ? 'ProvisioningFailed' : 'UnprovisioningFailed',
    nonRetryable: true,
    details: [status],
    ...(err instanceof Error && { cause: err }),
  });
};
