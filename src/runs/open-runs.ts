import type { WorkflowExecutionInfo } from '@temporalio/client';
import { IN_PLACE, isBehind, isUndoing } from '../../workflows/phases';
import { OPERATIONS, WAITING } from '../../workflows/protocol/run-names';
import type { Queues } from '../temporal/queues';
import { runsOn } from '../temporal/visibility';

/** The types of workflows that are runs; the others serve these, or remember something. */
export const RUNS = [...Object.values(OPERATIONS).flat(), 'reconcile', 'adopt'] as const;

/** The state of a run that goes on. */
export const STATES = [
  /** No worker has begun it. */
  'waiting_for_worker',
  /** Another run has what it is to change. */
  'waiting_for_run',
  /** It is in place, and other components of its data product are not. */
  'waiting_for_components',
  'working',
  'undoing',
] as const;
type State = (typeof STATES)[number];

export interface OpenRun {
  /** The type of its workflow. */
  operation: string;
  state: State;
  /** Milliseconds since 1970. */
  startedAt: number;
}

/** Runs of which it is told how they stand; Temporal lists the newest first. */
const MOST_LISTED = 5000;
/** Milliseconds for which a list stands, however often it is asked for. */
const LISTED_FOR = 10_000;
/** Milliseconds that Temporal has for one: Prometheus waits ten seconds for all. */
const DEADLINE = 5000;

const stateIn = (phase: string): State => {
  if (phase === WAITING) return 'waiting_for_worker';
  if (phase === IN_PLACE) return 'waiting_for_components';
  if (isBehind(phase)) return 'waiting_for_run';
  return isUndoing(phase) ? 'undoing' : 'working';
};

/** A run as it is listed. */
type Listed = Pick<WorkflowExecutionInfo, 'type' | 'memo' | 'startTime'>;

/** What is needed of a client of Temporal. */
interface Lists {
  withDeadline: <Result>(deadline: number, list: () => Promise<Result>) => Promise<Result>;
  workflow: { list: (options: { query: string }) => AsyncIterable<Listed> };
}

const openRun = ({ type, memo, startTime }: Listed): OpenRun => {
  const phase = typeof memo?.phase === 'string' ? memo.phase : '';
  return { operation: type, state: stateIn(phase), startedAt: startTime.getTime() };
};

/**
 * The runs of a deployment that go on, by Temporal's list, which may lag behind by a moment. Undefined
 * where Temporal does not tell.
 */
export const createOpenRuns = ({ client, queues }: { client: Lists; queues: Queues }) => {
  let last: { at: number; listed: Promise<OpenRun[] | undefined> } | undefined;

  const list = async () => {
    const query = runsOn(queues.all(), RUNS, 'ExecutionStatus = "Running"');
    const runs: OpenRun[] = [];
    for await (const run of client.workflow.list({ query })) {
      runs.push(openRun(run));
      if (runs.length === MOST_LISTED) break;
    }
    return runs;
  };

  return () => {
    if (last && Date.now() - last.at < LISTED_FOR) return last.listed;
    const listed = client.withDeadline(Date.now() + DEADLINE, list).catch(() => undefined);
    last = { at: Date.now(), listed };
    return listed;
  };
};
