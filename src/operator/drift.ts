import { WorkflowFailedError, isGrpcDeadlineError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { reconcile } from '../../workflows';
import { DriftReport } from '../contract/drift';
import { SystemProblem } from '../contract/problems';
import { FailureDetails } from '../runs/history';

/** Milliseconds in which a worker that is there has begun. */
const WORKER_DEADLINE = 15_000;
/** Milliseconds for the rest; the check itself gives up after ten minutes. */
const CHECK_DEADLINE = 11 * 60_000;
/** Milliseconds Temporal has for a single answer. */
const DEADLINE = 5000;
/** Runs among which the newest is looked for; Temporal lists the newest first. */
const NEWEST = 20;

const WAITING = 'Waiting for a worker';

const noWorker = (taskQueue: string) =>
  new SystemProblem(`No worker takes the check for drift from the task queue ${taskQueue}.`, {
    solutions: [
      'Start a worker: the check then runs, and --last shows its report.',
      'Check that TEMPORAL_TASK_QUEUE and TEMPORAL_NAMESPACE are those of the workers.',
    ],
  });

const tooLong = () =>
  new SystemProblem('The check for drift still goes on.', {
    solutions: ['Look at the run in the Temporal UI; when it has ended, --last shows its report.'],
  });

const unreachable = (cause: unknown) =>
  new SystemProblem('Temporal could not be asked for the check for drift.', {
    solutions: ['Check that Temporal answers at TEMPORAL_ADDRESS, then try again.'],
    cause,
  });

const failed = (err: WorkflowFailedError) => {
  const details = err.cause instanceof ApplicationFailure ? err.cause.details?.[0] : undefined;
  const told = FailureDetails.safeParse(details).data;
  return new SystemProblem(
    `The check for drift failed. ${told?.problem ?? 'It was cancelled or terminated.'}`,
    { solutions: [told?.solution ?? 'Start it again.'], cause: err },
  );
};

export type Drift = ReturnType<typeof createDrift>;

/** Checks for drift on demand, and the report of the newest check. Changes nothing in Airbyte. */
export const createDrift = ({ client, taskQueue }: { client: Client; taskQueue: string }) => {
  const within = <Result>(ms: number, call: () => Promise<Result>) =>
    client.withDeadline(Date.now() + ms, call);

  const asked = <Result>(call: () => Promise<Result>) =>
    within(DEADLINE, call).catch((err: unknown) => {
      throw unreachable(err);
    });

  const reportWithin = async (ms: number, handle: WorkflowHandle<typeof reconcile>) => {
    try {
      return DriftReport.parse(await within(ms, () => handle.result()));
    } catch (err) {
      if (isGrpcDeadlineError(err)) return undefined;
      throw err instanceof WorkflowFailedError ? failed(err) : unreachable(err);
    }
  };

  return {
    /** Checks now, or joins the check that someone else has just started. Needs a worker. */
    async check(): Promise<DriftReport> {
      const handle = await asked(() =>
        client.workflow.start<typeof reconcile>('reconcile', {
          workflowId: `reconcile.${taskQueue}.now`,
          taskQueue,
          workflowIdConflictPolicy: 'USE_EXISTING',
          memo: { phase: WAITING },
          staticSummary: 'Check for drift',
        }),
      );
      const soon = await reportWithin(WORKER_DEADLINE, handle);
      if (soon) return soon;
      const { memo } = await asked(() => handle.describe());
      if (memo?.phase === WAITING) throw noWorker(taskQueue);
      const late = await reportWithin(CHECK_DEADLINE, handle);
      if (late) return late;
      throw tooLong();
    },

    /** The report of the newest completed check, scheduled or not. Needs no worker. */
    async last(): Promise<DriftReport | undefined> {
      const query = `WorkflowType = 'reconcile' AND TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Completed'`;
      const newest = async () => {
        const seen: { workflowId: string; runId: string; at: number }[] = [];
        for await (const { workflowId, runId, closeTime } of client.workflow.list({ query })) {
          seen.push({ workflowId, runId, at: closeTime?.getTime() ?? 0 });
          if (seen.length === NEWEST) break;
        }
        return seen.sort((one, other) => other.at - one.at)[0];
      };
      const run = await asked(newest);
      if (!run) return undefined;
      const { workflowId, runId } = run;
      return reportWithin(DEADLINE, client.workflow.getHandle(workflowId, runId));
    },
  };
};
