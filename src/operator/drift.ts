import type { Client } from '@temporalio/client';
import type { reconcile } from '../../workflows';
import { DriftReport } from '../contract/drift';
import { OPERATIONS, WAITING } from '../../workflows/protocol/run-names';
import { quoted, runsOn } from '../temporal/visibility';
import { readToken } from '../runs/token';
import { createReports } from './reports';

/** Milliseconds for a check that a worker has begun; the check itself gives up after ten minutes. */
const CHECK_DEADLINE = 11 * 60_000;
/** Runs among which the newest is looked for; Temporal lists the newest first. */
const NEWEST = 20;

interface DriftDeps {
  client: Client;
  taskQueue: string;
  /** What an operator is told who waits. */
  say?: (text: string) => void;
}

/** A component as an operator names it. */
export interface Whose {
  component: string;
  /** In any case, as the name of the component is. */
  environment?: string | undefined;
}

const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

export type Drift = ReturnType<typeof createDrift>;

/** Checks for drift on demand, and the report of the newest check. Changes nothing in Airbyte. */
export const createDrift = ({ client, taskQueue, say }: DriftDeps) => {
  const reports = createReports({
    client,
    say,
    schema: DriftReport,
    patience: CHECK_DEADLINE,
    problems: {
      unreachable: 'Temporal could not be asked for the check for drift.',
      noWorker: {
        problem: `No worker takes the check for drift from the task queue ${taskQueue}.`,
        solutions: ['Start a worker: the check then runs, and --last shows its report.'],
      },
      tooLong: {
        problem: 'The check for drift still goes on.',
        solutions: [
          'Look at the run in the Temporal UI; when it has ended, --last shows its report.',
        ],
      },
      failed: (details) => ({
        problem: `The check for drift failed. ${details?.problem ?? 'It was cancelled or terminated.'}`,
        solutions: [details?.solution ?? 'Start it again.'],
      }),
    },
  });

  return {
    /** Checks now, or joins the check that someone else has just started. Needs a worker. */
    check: (): Promise<DriftReport> =>
      reports.of(() =>
        client.workflow.start<typeof reconcile>('reconcile', {
          workflowId: `reconcile.${taskQueue}.now`,
          taskQueue,
          workflowIdConflictPolicy: 'USE_EXISTING',
          memo: { phase: WAITING },
          staticSummary: 'Check for drift',
        }),
      ),

    /** Whether Temporal remembers a run of a component, in an environment if one is named. */
    async knows({ component, environment }: Whose): Promise<boolean> {
      const about = `Component = ${quoted(component)}`;
      const query = runsOn([taskQueue], OPERATIONS.provisioning, about);
      for await (const { workflowId } of client.workflow.list({ query }))
        if (environment === undefined || isSame(environment, readToken(workflowId).environment))
          return true;
      return false;
    },

    /** The report of the newest completed check, scheduled or not. Needs no worker. */
    async last(): Promise<DriftReport | undefined> {
      const query = runsOn([taskQueue], ['reconcile'], 'ExecutionStatus = "Completed"');
      const newest = async () => {
        const seen: { workflowId: string; runId: string; at: number }[] = [];
        for await (const { workflowId, runId, closeTime } of client.workflow.list({ query })) {
          seen.push({ workflowId, runId, at: closeTime?.getTime() ?? 0 });
          if (seen.length === NEWEST) break;
        }
        return seen.sort((one, other) => other.at - one.at)[0];
      };
      const run = await reports.ask(newest);
      if (!run) return undefined;
      const { workflowId, runId } = run;
      return reports.read(client.workflow.getHandle(workflowId, runId));
    },
  };
};
