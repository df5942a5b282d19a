import { WorkflowNotFoundError } from '@temporalio/client';
import type {
  Client,
  WorkflowExecutionDescription,
  WorkflowExecutionInfo,
} from '@temporalio/client';
import ms from 'ms';
import pLimit from 'p-limit';
import { RequestError, SystemProblem } from '../contract/problems';
import type { Run, RunFilter, RunList } from '../contract/operator';
import { ADD_ATTRIBUTES } from '../runs/search-attributes';
import { runHref } from '../temporal/client';
import { TO_READ, repeatedly } from '../temporal/calls';
import { lacksAttributes, lastingProblem } from '../temporal/errors';
import { quoted, runsOn } from '../temporal/visibility';
import { OPERATIONS } from '../../workflows/protocol/run-names';
import { isInSteps, phaseOf } from '../runs/phase';
import { isToken, readToken } from '../runs/token';

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
        cause,
      }));

const queryFor = (filter: Omit<RunFilter, 'limit'>, taskQueue: string) => {
  const { operation, failed, component, environment, since } = filter;
  const types = operation ? [operation] : OPERATIONS.provisioning;
  const conditions = [
    failed && 'ExecutionStatus IN ("Failed", "Terminated", "TimedOut")',
    component && `Component = ${quoted(component)}`,
    environment && `Environment = ${quoted(environment)}`,
    since && `(CloseTime IS NULL OR CloseTime >= ${quoted(timeBefore(since))})`,
  ];
  return runsOn(taskQueue, types, ...conditions.filter((each) => typeof each === 'string'));
};

const timeBefore = (duration: ms.StringValue) => new Date(Date.now() - ms(duration)).toISOString();

const PIPELINE = ['provision', 'unprovision'];
const PIPELINES = ['provisionProduct', 'unprovisionProduct'];

/** How the tokens begin of requests that, coming later, leave no sense in repeating a run. */
const rivalsOf = (token: string) => {
  const { operation, environment, dataProduct, component } = readToken(token);
  const of = (operations: string[], whom: string) =>
    operations.map((each) => `${each}.${environment}.${whom}.`);
  if (PIPELINES.includes(operation)) return of([...PIPELINES, ...PIPELINE], dataProduct);
  return of(PIPELINE.includes(operation) ? PIPELINE : [operation], component);
};

interface RunListDeps {
  client: Client;
  taskQueue: string;
  temporalUiUrl?: string | undefined;
}

/** Finds runs. Lists come from Temporal's visibility store, which may lag by a moment. */
export const createRunList = ({ client, taskQueue, temporalUiUrl }: RunListDeps) => {
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

  const limit = pLimit(AT_ONCE);
  /** With its pending steps where these tell the phase; as it was listed if it cannot be described. */
  const withSteps = async (run: WorkflowExecutionInfo) => {
    if (!isInSteps(run)) return run;
    const handle = client.workflow.getHandle(run.workflowId, run.runId);
    return limit(() => repeatedly(client, TO_READ, () => handle.describe())).catch(() => run);
  };

  const toRun = (run: WorkflowExecutionInfo | WorkflowExecutionDescription): Run => {
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

  return {
    describe,
    toRun,
    /** Those that go on first, then those that ended last. */
    async list({ limit, ...filter }: RunFilter): Promise<RunList> {
      const { runs, more } = await find(filter, limit);
      return { runs: (await Promise.all(runs.map(withSteps))).map(toRun), more };
    },
    /** The tokens whose newest run failed. */
    async failed(filter: Omit<RunFilter, 'limit' | 'failed'>): Promise<string[]> {
      const { runs } = await find({ ...filter, failed: true });
      return runs.map(({ workflowId }) => workflowId);
    },
    /**
     * A request for the same component, or data product, that came after the run, or is being done
     * now; the newest. Found by token, as runs may lack search attributes.
     */
    async laterThan(run: WorkflowExecutionDescription): Promise<Run | undefined> {
      const tokens = rivalsOf(run.workflowId).map(
        (start) => `WorkflowId STARTS_WITH ${quoted(start)}`,
      );
      const since = quoted(run.startTime.toISOString());
      const query = runsOn(
        taskQueue,
        Object.values(OPERATIONS).flat(),
        `(${tokens.join(' OR ')})`,
        `(CloseTime IS NULL OR StartTime >= ${since})`,
      );
      const found: WorkflowExecutionInfo[] = [];
      await client.withDeadline(Date.now() + LIST_DEADLINE, async () => {
        for await (const other of client.workflow.list({ query }))
          if (isToken(other.workflowId)) found.push(other);
      });
      // What a data product's run has started is its own wish, also when it is replayed alone.
      const own = found.filter(
        ({ parentExecution }) => parentExecution?.workflowId === run.workflowId,
      );
      const tokensOfOwn = new Set([run.workflowId, ...own.map(({ workflowId }) => workflowId)]);
      const later = found.filter(({ workflowId }) => !tokensOfOwn.has(workflowId)).map(toRun);
      return later.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))[0];
    },
  };
};
export type RunFinder = ReturnType<typeof createRunList>;
