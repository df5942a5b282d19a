import { WorkflowNotFoundError } from '@temporalio/client';
import type {
  Client,
  WorkflowExecutionDescription,
  WorkflowExecutionInfo,
} from '@temporalio/client';
import ms from 'ms';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { RequestError, SystemProblem } from '../contract/problems';
import type { RunFilter } from '../contract/commands';
import type { Run, RunList } from '../contract/operator';
import { runHref } from '../temporal/client';
import { TO_READ, repeatedly } from '../temporal/calls';
import { isOn } from '../temporal/queues';
import type { Queues } from '../temporal/queues';
import { quoted, runsOn } from '../temporal/visibility';
import { OPERATIONS } from '../../workflows/protocol/run-names';
import type { ProvisioningStatus } from '../contract/coordinator';
import type { RunHistory } from '../runs/history';
import { RUNS } from '../runs/open-runs';
import { phaseOf } from '../runs/phase';
import { isOpen } from '../runs/running';
import { isRunToken, isToken, readToken } from '../runs/token';
import { createLaterThan } from './later';
import { noRun, notAnswered } from './unanswered';
import { causesOf, createWhyOpen, whyEnded, whyUntold } from './why';

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

const GOES_ON = 'ExecutionStatus = "Running"';

const queryFor = (filter: Omit<RunFilter, 'limit'>, queues: readonly string[]) => {
  const { operation, failed, running, stuck, component, environment, since } = filter;
  // What is stuck may be in the way of others, whatever it is to do.
  const types = operation ? [operation] : stuck ? RUNS : OPERATIONS.provisioning;
  const conditions = [
    failed && 'ExecutionStatus IN ("Failed", "Terminated", "TimedOut")',
    running && GOES_ON,
    stuck && GOES_ON,
    component && `Component = ${quoted(component)}`,
    environment && `Environment = ${quoted(environment)}`,
    since && `(CloseTime IS NULL OR CloseTime >= ${quoted(timeBefore(since))})`,
  ];
  return runsOn(queues, types, ...conditions.filter((each) => typeof each === 'string'));
};

const timeBefore = (duration: ms.StringValue) => new Date(Date.now() - ms(duration)).toISOString();

/** What is about no component. */
const NOBODY = { environment: '', dataProduct: '', component: '' };

/** A run as it is listed, or described. */
type Found = WorkflowExecutionInfo | WorkflowExecutionDescription;

/** Whether a token is among those that are asked for. */
export type IsMeant = (token: string) => boolean;
const everyOne: IsMeant = () => true;

interface RunListDeps {
  client: Client;
  queues: Queues;
  temporalUiUrl?: string | undefined;
  history: Pick<RunHistory, 'argsOf' | 'pendingIn'>;
  /** How a run ended. */
  endOf: (run: Found) => Promise<ProvisioningStatus>;
  log: Logger;
}

/** Finds runs. Lists come from Temporal's visibility store, which may lag by a moment. */
export const createRunList = (deps: RunListDeps) => {
  const { client, queues, temporalUiUrl, endOf, log } = deps;
  const whyOpen = createWhyOpen(deps);
  const laterThanOf = createLaterThan(deps);
  const newestOf = (id: string): Promise<WorkflowExecutionDescription> =>
    repeatedly(client, TO_READ, () => client.workflow.getHandle(id).describe()).catch(
      (err: unknown) => {
        throw err instanceof WorkflowNotFoundError ? noRun(id) : notAnswered(err);
      },
    );

  /** The newest run of a token. */
  const describe = async (token: string): Promise<WorkflowExecutionDescription> => {
    if (!isToken(token)) throw noRun(token);
    const run = await newestOf(token);
    // Another provisioner's, whose workers would not see a replay from here.
    if (!isOn(queues, run)) throw noRun(token);
    return run;
  };

  const isStuck = async ({ workflowId }: WorkflowExecutionInfo) => {
    const run = await newestOf(workflowId);
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
  async function* newest(
    filter: Omit<RunFilter, 'limit'>,
    isMeant: IsMeant,
  ): AsyncGenerator<WorkflowExecutionInfo> {
    const seen = new Set<string>();
    const products = new Map<string, boolean>();
    for await (const run of client.workflow.list({ query: queryFor(filter, queues.all()) })) {
      const { workflowId: token, runId } = run;
      if (seen.has(token) || !(filter.stuck || isToken(token)) || !isMeant(token)) continue;
      seen.add(token);
      // The store tells of runs that failed before a newer one of the token, too.
      if (filter.failed && (await describe(token)).runId !== runId) continue;
      if (filter.failed && (await wasEndedWithProduct(run, products))) continue;
      if (filter.stuck && !(await isStuck(run))) continue;
      yield run;
    }
  }

  const collect = async (filter: Omit<RunFilter, 'limit'>, isMeant: IsMeant, limit: number) => {
    const runs: WorkflowExecutionInfo[] = [];
    for await (const run of newest(filter, isMeant)) {
      if (runs.length === limit) return { runs, more: true };
      runs.push(run);
    }
    return { runs, more: false };
  };

  const find = async (filter: Omit<RunFilter, 'limit'>, isMeant: IsMeant, limit = Infinity) => {
    try {
      return await client.withDeadline(Date.now() + LIST_DEADLINE, () =>
        collect(filter, isMeant, limit),
      );
    } catch (err) {
      if (err instanceof RequestError || err instanceof SystemProblem) throw err;
      throw notAnswered(err);
    }
  };

  const toRun = (run: Found): Run => {
    const { environment, dataProduct, component } = isRunToken(run.workflowId)
      ? readToken(run.workflowId)
      : NOBODY;
    const href = runHref(run, { temporalUiUrl, namespace: client.options.namespace });
    return {
      token: run.workflowId,
      operation: run.type,
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

  type LaterThan = ReturnType<typeof laterThanOf>;

  const whyOf = async (run: Found, laterThan: LaterThan): Promise<Partial<Run>> => {
    if (executionOf(run) === 'Completed') return {};
    const [why, superseded] = await Promise.all([
      endOf(run).then(whyEnded, whyUntold),
      laterThan(run).then(
        (later) => later && { supersededBy: later.workflowId },
        (err: unknown) => ({ notKnown: whyUntold(err).notKnown }),
      ),
    ]);
    return { ...why, ...superseded };
  };

  const asItIs = async (run: Found, laterThan: LaterThan): Promise<Run> => {
    if (!isOpen(run)) return { ...toRun(run), ...(await whyOf(run, laterThan)) };
    const handle = client.workflow.getHandle(run.workflowId, run.runId);
    const now = await repeatedly(client, TO_READ, () => handle.describe());
    return { ...toRun(now), ...(await whyOpen(now)) };
  };

  const atOnce = pLimit(AT_ONCE);
  /** With what its steps of now tell, or its end, or why that is not known. */
  const inFull = async (runs: Found[]): Promise<Run[]> => {
    const laterThan = laterThanOf(runs.filter((run) => !isOpen(run)));
    const known = (run: Found): Promise<Run> =>
      asItIs(run, laterThan).catch((err: unknown) => ({ ...toRun(run), ...whyUntold(err) }));
    const all = await Promise.all(runs.map((run) => atOnce(() => known(run))));
    const untold = all.filter(({ notKnown }) => notKnown !== undefined);
    if (untold.length > 0)
      log.warn(
        { count: untold.length, problem: untold[0]?.notKnown },
        'not all is known of the runs that are listed',
      );
    return all;
  };

  return {
    describe,
    toRun,
    inFull,
    laterThan: (run: Found) => laterThanOf([run])(run),
    /** Those that go on first, then those that ended last. */
    async list({ limit, ...filter }: RunFilter, isMeant: IsMeant = everyOne): Promise<RunList> {
      const { runs: found, more } = await find(filter, isMeant, limit);
      const runs = await inFull(found);
      return { runs, causes: causesOf(runs), more };
    },
    /** The tokens whose newest run failed. */
    async failed(
      filter: Omit<RunFilter, 'limit' | 'failed'>,
      isMeant: IsMeant = everyOne,
    ): Promise<string[]> {
      const { runs } = await find({ ...filter, failed: true }, isMeant);
      return runs.map(({ workflowId }) => workflowId);
    },
  };
};
export type RunFinder = ReturnType<typeof createRunList>;
