import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { Logger } from 'pino';
import { deploymentOf } from '../contract/ids';
import { RequestError } from '../contract/problems';
import { isRecord } from '../contract/json';
import type { ReplayFailedRequest } from '../contract/commands';
import type { Replay } from '../contract/operator';
import type { RunHistory } from '../runs/history';
import { readToken } from '../runs/token';
import type { Queues } from '../temporal/queues';
import { executionOf } from './list';
import { notAnswered } from './unanswered';
import type { IsMeant, RunFinder } from './list';
import type { StartRun } from '../runs/start';

const COMPLETED = 'the run has completed: nothing of it failed';

const partOf = (token: string) =>
  `it was part of a data product's run, which is replayed as a whole: ${token}`;

const refused = ({ token, reason }: Replay) =>
  new RequestError([{ path: 'token', message: `${token} was not replayed: ${reason ?? ''}` }], {
    status: 409,
    reason: 'conflict',
    solutions: ['If it is meant all the same, force it (--force, or "force": true).'],
  });

interface ReplayDeps {
  runs: RunFinder;
  history: RunHistory;
  startRun: StartRun;
  queues: Queues;
  log: Logger;
}

/**
 * The input of a run with the deployment it is started in: one of an older gateway has none, and one of
 * before its environment changed queues another, and would hold other leases than the runs of
 * today. So would the components' runs of a data product's.
 */
const inDeployment = (input: unknown, deployment: string | undefined): unknown => {
  if (!isRecord(input)) return input;
  const { parts } = input;
  const ofPart = (part: unknown) =>
    isRecord(part) ? { ...part, input: inDeployment(part.input, deployment) } : part;
  return { ...input, deployment, ...(Array.isArray(parts) && { parts: parts.map(ofPart) }) };
};

/**
 * Does again what a run was to do: the same workflow with the same input under the same token. It
 * looks at Airbyte anew, so what the first run had done is neither lost nor done twice.
 */
export const createReplay = ({ runs, history, startRun, queues, log }: ReplayDeps) => {
  /** What stands in the way of a replay; undefined: nothing. */
  const obstacleTo = async (run: WorkflowExecutionDescription): Promise<Replay | undefined> => {
    const token = run.workflowId;
    const execution = executionOf(run);
    if (execution === 'Running') return { token, outcome: 'already running' };
    if (execution === 'Completed') return { token, outcome: 'skipped', reason: COMPLETED };
    const whole = run.parentExecution?.workflowId;
    // Alone it would not be undone with the others, nor they with it.
    if (whole) return { token, outcome: 'skipped', reason: partOf(whole), supersededBy: whole };
    const later = await runs.laterThan(run).catch((err: unknown) => {
      throw notAnswered(err);
    });
    if (!later) return undefined;
    const { workflowId: supersededBy } = later;
    const end = executionOf(later);
    const how = end === 'Running' ? 'runs now' : `came later and has ended ${end}`;
    const reason = `another request for the component ${how}: ${supersededBy}`;
    return { token, outcome: 'skipped', reason, supersededBy };
  };

  const start = async (run: WorkflowExecutionDescription, force: boolean): Promise<Replay> => {
    const token = run.workflowId;
    const deployment = deploymentOf(queues.of(readToken(token).environment));
    try {
      await startRun({
        token,
        args: (await history.argsOf(run)).map((input) => inDeployment(input, deployment)),
        // Against a run of the token that completes between our look and this start.
        after: force ? 'ALLOW_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
        summary: await run.staticSummary(),
        details: await run.staticDetails(),
      });
    } catch (err) {
      if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw notAnswered(err);
      return { token, outcome: 'skipped', reason: COMPLETED };
    }
    log.info({ token, formerRunId: run.runId, force }, 'run replayed');
    return { token, outcome: 'replayed' };
  };

  const replayFound = async (token: string, dryRun: boolean): Promise<Replay> => {
    try {
      const run = await runs.describe(token);
      const obstacle = await obstacleTo(run);
      if (obstacle) return obstacle;
      return dryRun ? { token, outcome: 'would be replayed' } : await start(run, false);
    } catch (err) {
      if (!(err instanceof Error)) throw err;
      log.error({ err, token }, 'run not replayed');
      return { token, outcome: 'not started', reason: err.message };
    }
  };

  return {
    /** With `force` also a run that completed or was superseded. */
    async replay(token: string, { force }: { force: boolean }): Promise<Replay> {
      const run = await runs.describe(token);
      const obstacle = await obstacleTo(run);
      if (obstacle?.outcome === 'already running') return obstacle;
      if (obstacle && !force) throw refused(obstacle);
      const replayed = await start(run, force);
      if (replayed.outcome === 'skipped') throw refused(replayed);
      return replayed;
    },

    /** One after the other, so that of two failed runs of a component the older sees the newer. */
    async replayFailed(
      { dryRun, failed: _, ...filter }: ReplayFailedRequest,
      isMeant?: IsMeant,
    ): Promise<Replay[]> {
      const replays: Replay[] = [];
      for (const token of await runs.failed(filter, isMeant))
        replays.push(await replayFound(token, dryRun));
      return replays;
    },
  };
};
