import { ApplicationFailure } from '@temporalio/common';
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type {
  Client,
  WorkflowExecutionDescription,
  WorkflowExecutionInfo,
} from '@temporalio/client';
import { z } from 'zod';
import { RequestError, SystemProblem } from '../contract/problems';
import { STATUS_QUERY, TERMINATE_SIGNAL } from '../../workflows/protocol/run-names';
import { TO_READ, repeatedly } from '../temporal/calls';
import { lastingProblem } from '../temporal/errors';
import { isOn } from '../temporal/queues';
import type { Queues } from '../temporal/queues';
import { phaseOf } from './phase';
import { isOpen } from './running';
import { isToken } from './token';
import type { Family } from '../../workflows/protocol/run-names';

/** Milliseconds a worker has to tell the log of a run; without one the phase is told. */
const QUERY_DEADLINE = 1000;

/** How far back the signal of a termination is looked for, which no worker has seen yet. */
const NEWEST_EVENTS = 20;

/** How the runs of a family tell of themselves. */
export interface Form<Status> {
  family: Family;
  /** Of a run's result, the details of its failure, and the answer to its `status` query. */
  schema: z.ZodType<Status>;
  /** Of a run that goes on, while no worker tells about it. */
  silent: (phase: string, isTerminating: () => Promise<boolean>) => Status | Promise<Status>;
  /** Whether the answer is that of a run that has ended since it was looked at. */
  isOver?: (status: Status) => boolean;
  /** Of a run that Temporal ended before it could say anything, by the name of that end. */
  ended: (how: string) => Status;
}

/** What is told of a token that never was, or that is none of the caller's. */
export const unknownToken = (token: string) =>
  new RequestError([{ path: 'token', message: `there is no run with the token ${token}` }], {
    reason: 'unknown_run',
    solutions: [
      'Check the token: it is the bare text of the 202 answer, and each operation has a status route of its own.',
      'Runs are kept for as long as the retention of the Temporal namespace says.',
    ],
  });

const unreadable = (cause: unknown) =>
  lastingProblem(cause) ??
  new SystemProblem('The provisioner could not read the status from Temporal.', {
    solutions: ['Ask again in a moment; the run itself goes on.'],
    reason: 'no_temporal',
    cause,
  });

const Readers = z.array(z.string());
/** Whether a run may be told of: by its token, or by the teams that were named when it was started. */
export type MaySee = (token: string, readers: readonly string[] | undefined) => boolean;

/** A run that has ended, as it is listed or described. */
export type Closed = Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'memo' | 'status'>;

export interface ReaderDeps {
  client: Client;
  /** Where the runs are that are told of. */
  queues: Queues;
}

/**
 * The status of a token of one family. Needs no worker: a closed run's is in its result or failure,
 * and a running one that no worker tells about is in the phase of its memo or its pending step.
 */
export const createStatusReader = <Status>({ client, queues }: ReaderDeps, form: Form<Status>) => {
  const read = <Result>(call: () => Promise<Result>) => repeatedly(client, TO_READ, call);

  const describe = async (token: string) => {
    const run = await read(() => client.workflow.getHandle(token).describe()).catch(
      (err: unknown) => {
        throw err instanceof WorkflowNotFoundError ? unknownToken(token) : unreadable(err);
      },
    );
    if (!isOn(queues, run)) throw unknownToken(token);
    return run;
  };

  /**
   * Whether the Coordinator ended a run: the run itself says so in its memo, or, as long as no
   * worker has told it, the signal among its newest events. An operator's cancel sends none.
   */
  const isTerminating = async (run: WorkflowExecutionDescription): Promise<boolean> => {
    if (run.memo?.terminating === true) return true;
    if (!run.raw.workflowExtendedInfo?.cancelRequested) return false;
    const { workflowId, runId } = run;
    const newest = await read(() =>
      client.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: client.options.namespace,
        execution: { workflowId, runId },
        maximumPageSize: NEWEST_EVENTS,
      }),
    ).catch((err: unknown) => {
      throw unreadable(err);
    });
    return (newest.history?.events ?? []).some(
      (event) => event.workflowExecutionSignaledEventAttributes?.signalName === TERMINATE_SIGNAL,
    );
  };

  const running = async (run: WorkflowExecutionDescription): Promise<Status> => {
    const handle = client.workflow.getHandle(run.workflowId, run.runId);
    try {
      const answer = await client.withDeadline(Date.now() + QUERY_DEADLINE, () =>
        handle.query(STATUS_QUERY),
      );
      return form.schema.parse(answer);
    } catch {
      return form.silent(phaseOf(run), () => isTerminating(run));
    }
  };

  const closed = async (run: Closed): Promise<Status> => {
    const handle = client.workflow.getHandle(run.workflowId, run.runId, { followRuns: false });
    try {
      const result: unknown = await read(() => handle.result());
      return form.schema.parse(result);
    } catch (err) {
      if (!(err instanceof WorkflowFailedError)) throw unreadable(err);
      const details = err.cause instanceof ApplicationFailure ? err.cause.details?.[0] : undefined;
      const parsed = form.schema.safeParse(details ?? run.memo?.status);
      return parsed.success ? parsed.data : form.ended(run.status.name);
    }
  };

  return {
    closed,
    /** A run that is not the caller's to see, by the teams it was started for, is as one that never was. */
    ofToken: async (token: string, maySee: MaySee = () => true) => {
      if (!isToken(token, form.family)) throw unknownToken(token);
      const run = await describe(token);
      if (!maySee(token, Readers.safeParse(run.memo?.readers).data)) throw unknownToken(token);
      if (!isOpen(run)) return { run, status: await closed(run) };
      const status = await running(run);
      if (!form.isOver?.(status)) return { run, status };
      const later = await describe(token);
      return isOpen(later) ? { run, status } : { run: later, status: await closed(later) };
    },
  };
};
