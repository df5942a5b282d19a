import { WorkflowNotFoundError } from '@temporalio/client';
import type {
  Client,
  WorkflowExecutionDescription,
  WorkflowExecutionInfo,
} from '@temporalio/client';
import ms from 'ms';
import pLimit from 'p-limit';
import { RequestError, SystemProblem } from '../contract/problems';
import type { RunFilter } from '../contract/commands';
import type { Run, RunList } from '../contract/operator';
import { ADD_ATTRIBUTES } from '../runs/search-attributes';
import { runHref } from '../temporal/client';
import { TO_READ, repeatedly } from '../temporal/calls';
import { lacksAttributes, lastingProblem } from '../temporal/errors';
import { quoted, runsOn } from '../temporal/visibility';
import { OPERATIONS } from '../../workflows/protocol/run-names';
import type { ProvisioningStatus } from '../contract/coordinator';
import type { RunHistory } from '../runs/history';
import { phaseOf } from '../runs/phase';
import { isOpen } from '../runs/running';
import { isToken, readToken } from '../runs/token';
import { createLaterThan } from './later';
import { causesOf, createWhyOpen, whyEnded } from './why';

/** Milliseconds for a list of runs. */
const LIST_DEADLINE = 30_000;

const EXECUTIONS: Record<string, Run['execution']> = {
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  CANCELLED: 'Canceled',
  TERMINATED: 'Terminated',
  TIMED_OUT: 'TimedOut',
};

/** Runs of a list that are described at once. */
const AT_ONCE = 10;

/** How Temporal says a run stands; a paused one goes on. */
export const executionOf = ({ status }: Pick<WorkflowExecutionInfo, 'status'>): Run['execution'] =>
  EXECUTIONS[status.name] ?? 'Running';

const noRun = (token: string) =>
  new RequestError([{ path: 'token', message: `there is no run with the token ${token}` }], {
    status: 404,
    reason: 'unknown_run',
    solutions: [
      'Check the token, and that the task queue and the namespace are those of its gateway.',
      'Runs are kept for as long as the retention of the Temporal namespace says.',
    ],
  });

export const notAnswered = (cause: unknown) =>
  lacksAttributes(cause)
    ? new SystemProblem('Temporal lacks the search attributes that this filter needs.', {
        solutions: [`Add them: ${ADD_ATTRIBUTES}`, 'Runs started before cannot be filtered so.'],
        cause,
      })
    : (lastingProblem(cause) ??
      new SystemProblem('Temporal did not answer as expected.', {
        solutions: ['Check that Temporal is up, then try again: repeating is safe.'],
        reason: 'no_temporal',
        cause,
      }));

const queryFor = (filter: Omit<RunFilter, 'limit'>, taskQueue: string) => {
  const { operation, failed, stuck, component, environment, since } = filter;
  const types = operation ? [operation] : OPERATIONS.provisioning;
  const conditions = [
    failed && 'ExecutionStatus IN ("Failed", "Terminated", "TimedOut")',
    stuck && 'ExecutionStatus = "Running"',
    component && `Component = ${quoted(component)}`,
    environment && `Environment = ${quoted(environment)}`,
    since && `(CloseTime IS NULL OR CloseTime >= ${quoted(timeBefore(since))})`,
  ];
  return runsOn(taskQueue, types, ...conditions.filter((each) => typeof each === 'string'));
};

const timeBefore = (duration: ms.StringValue) => new Date(Date.now() - ms(duration)).toISOString();

/** A run as it is listed, or described. */
type Found = WorkflowExecutionInfo | WorkflowExecutionDescription;

interface RunListDeps {
  client: Client;
  taskQueue: string;
  temporalUiUrl?: string | undefined;
  history: Pick<RunHistory, 'argsOf' | 'pendingIn'>;
  /** How a run ended. */
  endOf: (run: Found) => Promise<ProvisioningStatus>;
}

/** Finds runs. Lists come from Temporal's visibility store, which may lag by a moment. */
export const createRunList = (deps: RunListDeps) => {
  const { client, taskQueue, temporalUiUrl, endOf } = deps;
  const whyOpen = createWhyOpen(deps);
  const laterThan = createLaterThan(deps);
  /** The newest run of a token. */
  const describe = async (token: string): Promise<WorkflowExecutionDescription> => {
    if (!isToken(token)) throw noRun(token);
    const describing = repeatedly(client, TO_READ, () =>
      client.workflow.getHandle(token).describe(),
    );
    const run = await describing.catch((err: unknown) => {
      throw err instanceof WorkflowNotFoundError ? noRun(token) : notAnswered(err);
    });
    // Another provisioner's, whose workers would not see a replay from here.
    if (run.taskQueue !== taskQueue) throw noRun(token);
    return run;
  };

  const isStuck = async ({ workflowId }: WorkflowExecutionInfo) => {
    const run = await describe(workflowId);
    return isOpen(run) && (await whyOpen(run)).why !== undefined;
  };

  /** Whether the data product's run that a run was part of was ended on purpose, and so was the part. */
  const wasEndedWithProduct = async (
    { parentExecution: whole }: WorkflowExecutionInfo,
    known: Map<string, boolean>,
  ): Promise<boolean> => {
    if (!whole?.workflowId || !whole.runId) return false;
    const { workflowId, runId } = whole;
    const before = known.get(runId);
    if (before !== undefined) return before;
    const handle = client.workflow.getHandle(workflowId, runId);
    const run = await repeatedly(client, TO_READ, () => handle.describe()).catch((err: unknown) => {
      if (err instanceof WorkflowNotFoundError) return undefined;
      throw err;
    });
    const wasEnded = run !== undefined && executionOf(run) === 'Canceled';
    known.set(runId, wasEnded);
    return wasEnded;
  };

  /** Each token once, if its newest run is the one that was found. */
  async function* newest(filter: Omit<RunFilter, 'limit'>): AsyncGenerator<WorkflowExecutionInfo> {
    const seen = new Set<string>();
    const products = new Map<string, boolean>();
    for await (const run of client.workflow.list({ query: queryFor(filter, taskQueue) })) {
      const { workflowId: token, runId } = run;
      if (seen.has(token) || !isToken(token)) continue;
      seen.add(token);
      // The store tells of runs that failed before a newer one of the token, too.
      if (filter.failed && (await describe(token)).runId !== runId) continue;
      if (filter.failed && (await wasEndedWithProduct(run, products))) continue;
      if (filter.stuck && !(await isStuck(run))) continue;
      yield run;
    }
  }

  const collect = async (filter: Omit<RunFilter, 'limit'>, limit: number) => {
    const runs: WorkflowExecutionInfo[] = [];
    for await (const run of newest(filter)) {
      if (runs.length === limit) return { runs, more: true };
      runs.push(run);
    }
    return { runs, more: false };
  };

  const find = async (filter: Omit<RunFilter, 'limit'>, limit = Infinity) => {
    try {
      return await client.withDeadline(Date.now() + LIST_DEADLINE, () => collect(filter, limit));
    } catch (err) {
      if (err instanceof RequestError || err instanceof SystemProblem) throw err;
      throw notAnswered(err);
    }
  };

  const toRun = (run: Found): Run => {
    const { operation, environment, dataProduct, component } = readToken(run.workflowId);
    const href = runHref(run, { temporalUiUrl, namespace: client.options.namespace });
    return {
      token: run.workflowId,
      operation,
      environment,
      dataProduct,
      component,
      execution: executionOf(run),
      phase: phaseOf(run),
      startedAt: run.startTime.toISOString(),
      closedAt: run.closeTime?.toISOString(),
      runId: run.runId,
      href,
    };
  };

  const whyOf = async (run: Found): Promise<Partial<Run>> => {
    if (executionOf(run) === 'Completed') return {};
    const [end, later] = await Promise.all([endOf(run), laterThan(run)]);
    return { ...whyEnded(end), ...(later && { supersededBy: later.workflowId }) };
  };

  const asItIs = async (run: Found): Promise<Run> => {
    if (!isOpen(run)) return { ...toRun(run), ...(await whyOf(run)) };
    const handle = client.workflow.getHandle(run.workflowId, run.runId);
    const now = await repeatedly(client, TO_READ, () => handle.describe());
    return { ...toRun(now), ...(await whyOpen(now)) };
  };

  const atOnce = pLimit(AT_ONCE);
  /** With what its steps of now tell, or its end; as it was listed where Temporal does not tell more. */
  const inFull = (run: Found): Promise<Run> => atOnce(() => asItIs(run)).catch(() => toRun(run));

  return {
    describe,
    toRun,
    inFull,
    laterThan,
    /** Those that go on first, then those that ended last. */
    async list({ limit, ...filter }: RunFilter): Promise<RunList> {
      const { runs: found, more } = await find(filter, limit);
      const runs = await Promise.all(found.map(inFull));
      return { runs, causes: causesOf(runs), more };
    },
    /** The tokens whose newest run failed. */
    async failed(filter: Omit<RunFilter, 'limit' | 'failed'>): Promise<string[]> {
      const { runs } = await find({ ...filter, failed: true });
      return runs.map(({ workflowId }) => workflowId);
    },
  };
};
export type RunFinder = ReturnType<typeof createRunList>;
