import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { isRecord } from '../contract/json';
import type { RunHistory } from '../runs/history';
import { isToken, readToken } from '../runs/token';
import { quoted, runsOn } from '../temporal/visibility';
import { OPERATIONS } from '../../workflows/protocol/run-names';

/** Milliseconds for the list of a component's, or a data product's, later runs. */
const DEADLINE = 30_000;

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

const componentIn = (token: string) => readToken(token).component;

/** The components that the input of a data product's run is about. */
const componentsIn = (input: unknown) => {
  const parts = isRecord(input) && Array.isArray(input.parts) ? input.parts : [];
  const tokens = parts.flatMap((part: unknown) =>
    isRecord(part) && typeof part.token === 'string' ? [part.token] : [],
  );
  return new Set(tokens.map(componentIn));
};

/** A run as it is listed, or described. */
type Early = Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'startTime'>;

interface LaterDeps {
  client: Client;
  taskQueue: string;
  history: Pick<RunHistory, 'argsOf'>;
}

/**
 * A request for the same component, or data product, that came after a run, or is being done now; the
 * newest. Found by token, as runs may lack search attributes.
 */
export const createLaterThan = ({ client, taskQueue, history }: LaterDeps) => {
  const rivals = async (run: Early) => {
    const tokens = rivalsOf(run.workflowId).map(
      (start) => `WorkflowId STARTS_WITH ${quoted(start)}`,
    );
    const query = runsOn(
      taskQueue,
      Object.values(OPERATIONS).flat(),
      `(${tokens.join(' OR ')})`,
      `(CloseTime IS NULL OR StartTime >= ${quoted(run.startTime.toISOString())})`,
    );
    const found: WorkflowExecutionInfo[] = [];
    await client.withDeadline(Date.now() + DEADLINE, async () => {
      for await (const other of client.workflow.list({ query }))
        if (isToken(other.workflowId)) found.push(other);
    });
    // What a data product's run has started is its own wish, also when it is replayed alone.
    const own = found.filter(
      ({ parentExecution }) => parentExecution?.workflowId === run.workflowId,
    );
    const tokensOfOwn = new Set([run.workflowId, ...own.map(({ workflowId }) => workflowId)]);
    return found.filter(({ workflowId }) => !tokensOfOwn.has(workflowId));
  };

  /** A data product's run is about the components of its descriptor, and none that it once had. */
  const concerning = async (run: Early, others: WorkflowExecutionInfo[]) => {
    const isOfWhole = (other: Early) => componentIn(other.workflowId) === '';
    if (!isOfWhole(run) || others.every(isOfWhole)) return others;
    const components = componentsIn((await history.argsOf(run))[0]);
    return others.filter(
      (other) => isOfWhole(other) || components.has(componentIn(other.workflowId)),
    );
  };

  return async (run: Early): Promise<WorkflowExecutionInfo | undefined> => {
    const later = await concerning(run, await rivals(run));
    return later.toSorted((one, other) => other.startTime.getTime() - one.startTime.getTime())[0];
  };
};
