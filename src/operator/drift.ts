import type { Client } from '@temporalio/client';
import type { reconcile } from '../../workflows';
import { DriftReport } from '../contract/drift';
import { OPERATIONS, WAITING } from '../../workflows/protocol/run-names';
import type { Queues } from '../temporal/queues';
import { quoted, runsOn } from '../temporal/visibility';
import { checkId, checkNowId } from '../runs/reconcile-schedule';
import { readToken } from '../runs/token';
import { createReports } from './reports';

/** Milliseconds for a check that a worker has begun; the check itself gives up after ten minutes. */
const CHECK_DEADLINE = 11 * 60_000;
/** Runs among which the newest is looked for; Temporal lists the newest first. */
const NEWEST = 20;

interface DriftDeps {
  client: Client;
  queues: Queues;
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

/** What Temporal adds to the id of a run that a schedule starts. */
const BY_SCHEDULE = /^-\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/**
 * Checks for drift on demand, and the report of the newest check: of one environment, or of all in one
 * where no configuration file names any. Changes nothing in Airbyte.
 */
export const createDrift = ({ client, queues, say }: DriftDeps) => {
  const queueOf = (environment: string | undefined) => queues.of(environment ?? '');
  const reportsOf = (environment: string | undefined) =>
    createReports({
      client,
      say: say && ((text) => say(environment === undefined ? text : `${environment}: ${text}`)),
      schema: DriftReport,
      patience: CHECK_DEADLINE,
      problems: {
        unreachable: 'Temporal could not be asked for the check for drift.',
        noWorker: {
          problem: `No worker takes the check for drift from the task queue ${queueOf(environment)}.`,
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

  /** Those that have completed, the newest first. */
  async function* completed(environment: string | undefined) {
    const taskQueue = queueOf(environment);
    const [prefix, now] = [checkId(taskQueue, environment), checkNowId(taskQueue, environment)];
    const isOne = `(WorkflowId = ${quoted(now)} OR WorkflowId STARTS_WITH ${quoted(`${prefix}-`)})`;
    const query = runsOn([taskQueue], ['reconcile'], 'ExecutionStatus = "Completed"', isOne);
    for await (const run of client.workflow.list({ query })) {
      const rest = run.workflowId.slice(prefix.length);
      if (run.workflowId === now || BY_SCHEDULE.test(rest)) yield run;
    }
  }

  return {
    /** Checks now, or joins the check that someone else has just started. Needs a worker. */
    check: (environment?: string): Promise<DriftReport> =>
      reportsOf(environment).of(() =>
        client.workflow.start<typeof reconcile>('reconcile', {
          workflowId: checkNowId(queueOf(environment), environment),
          taskQueue: queueOf(environment),
          args: environment === undefined ? [] : [{ environment }],
          workflowIdConflictPolicy: 'USE_EXISTING',
          memo: { phase: WAITING },
          staticSummary: 'Check for drift',
        }),
      ),

    /** Whether Temporal remembers a run of a component, in an environment if one is named. */
    async knows({ component, environment }: Whose): Promise<boolean> {
      const about = `Component = ${quoted(component)}`;
      const query = runsOn(queues.all(), OPERATIONS.provisioning, about);
      for await (const { workflowId } of client.workflow.list({ query }))
        if (environment === undefined || isSame(environment, readToken(workflowId).environment))
          return true;
      return false;
    },

    /** The report of the newest completed check, scheduled or not. Needs no worker. */
    async last(environment?: string): Promise<DriftReport | undefined> {
      const reports = reportsOf(environment);
      const newest = async () => {
        const seen: { workflowId: string; runId: string; at: number }[] = [];
        for await (const { workflowId, runId, closeTime } of completed(environment)) {
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
