import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import pLimit from 'p-limit';
import { isRecord } from '../contract/json';
import type { RunHistory } from '../runs/history';
import { isToken, readToken } from '../runs/token';
import { repeatedly } from '../temporal/calls';
import type { Queues } from '../temporal/queues';
import { quoted, runsOn } from '../temporal/visibility';
import { OPERATIONS } from '../../workflows/protocol/run-names';

/** Milliseconds for a list of later runs, and until it is asked for no more. */
const PATIENCE = { each: 30_000, whole: 30_000 };
/** Runs whose later ones are listed together: Temporal takes few lists in a second. */
const MOST_TOGETHER = 25;

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
  queues: Queues;
  history: Pick<RunHistory, 'argsOf'>;
}

/**
 * A request for the same component, or data product, that came after a run, or is being done now; the
 * newest. Found by token, as runs may lack search attributes.
 */
export const createLaterThan = ({ client, queues, history }: LaterDeps) => {
  /** All that may be a later request for one of these. */
  const listFor = (runs: Early[]) => {
    const starts = new Set(runs.flatMap(({ workflowId }) => rivalsOf(workflowId)));
    const tokens = [...starts].map((start) => `WorkflowId STARTS_WITH ${quoted(start)}`);
    const first = new Date(Math.min(...runs.map(({ startTime }) => startTime.getTime())));
    const query = runsOn(
      queues.all(),
      Object.values(OPERATIONS).flat(),
      `(${tokens.join(' OR ')})`,
      `(CloseTime IS NULL OR StartTime >= ${quoted(first.toISOString())})`,
    );
    return repeatedly(client, PATIENCE, async () => {
      const found: WorkflowExecutionInfo[] = [];
      for await (const other of client.workflow.list({ query }))
        if (isToken(other.workflowId)) found.push(other);
      return found;
    });
  };

  const rivalsAmong = (run: Early, listed: WorkflowExecutionInfo[]) => {
    const starts = rivalsOf(run.workflowId);
    const found = listed.filter(
      ({ workflowId, startTime, closeTime }) =>
        starts.some((start) => workflowId.startsWith(start)) &&
        (closeTime === undefined || startTime >= run.startTime),
    );
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

  const newestAmong = async (run: Early, listed: WorkflowExecutionInfo[]) => {
    const later = await concerning(run, rivalsAmong(run, listed));
    return later.toSorted((one, other) => other.startTime.getTime() - one.startTime.getTime())[0];
  };

  /** For each of these the same, from one list for many of them, asked for when it is needed first. */
  return (runs: Early[]) => {
    const inTurn = pLimit(1);
    const lists = new Map<Early, () => Promise<WorkflowExecutionInfo[]>>();
    for (let from = 0; from < runs.length; from += MOST_TOGETHER) {
      const together = runs.slice(from, from + MOST_TOGETHER);
      let listed: Promise<WorkflowExecutionInfo[]> | undefined;
      const list = () => (listed ??= inTurn(() => listFor(together)));
      for (const run of together) lists.set(run, list);
    }
    return async (run: Early): Promise<WorkflowExecutionInfo | undefined> =>
      newestAmong(run, (await lists.get(run)?.()) ?? []);
  };
};
