import { WorkflowFailedError, isGrpcDeadlineError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { SystemProblem } from '../contract/problems';
import { WAITING } from '../contract/runs';
import { FailureDetails } from '../runs/history';

/** Milliseconds in which a worker that is there has begun. */
const WORKER_DEADLINE = 15_000;
/** Milliseconds Temporal has for a single answer. */
const DEADLINE = 5000;

interface ReportsDeps<Report> {
  client: Client;
  schema: { parse: (result: unknown) => Report };
  /** Milliseconds for a run that a worker has begun. */
  patience: number;
  problems: {
    unreachable: (cause: unknown) => SystemProblem;
    noWorker: () => SystemProblem;
    tooLong: () => SystemProblem;
    /** Without details it was cancelled or terminated. */
    failed: (details: FailureDetails | undefined, cause: unknown) => SystemProblem;
  };
}

const detailsIn = ({ cause }: WorkflowFailedError) =>
  FailureDetails.safeParse(cause instanceof ApplicationFailure ? cause.details?.[0] : undefined)
    .data;

/** Runs for whose report an operator waits at his terminal. */
export const createReports = <Report>({
  client,
  schema,
  patience,
  problems,
}: ReportsDeps<Report>) => {
  const within = <Result>(ms: number, call: () => Promise<Result>) =>
    client.withDeadline(Date.now() + ms, call);

  /** One answer of Temporal's. */
  const ask = <Result>(call: () => Promise<Result>) =>
    within(DEADLINE, call).catch((err: unknown) => {
      throw err instanceof SystemProblem ? err : problems.unreachable(err);
    });

  /** Undefined where the run has not ended within so many milliseconds. */
  const reportWithin = async (ms: number, handle: WorkflowHandle) => {
    try {
      return schema.parse(await within(ms, () => handle.result()));
    } catch (err) {
      if (isGrpcDeadlineError(err)) return undefined;
      throw err instanceof WorkflowFailedError
        ? problems.failed(detailsIn(err), err)
        : problems.unreachable(err);
    }
  };

  return {
    ask,
    /** Of a run that has ended. */
    read: (handle: WorkflowHandle) => reportWithin(DEADLINE, handle),
    /** Of a run that is started now, or joined. Needs a worker. */
    async of(start: () => Promise<WorkflowHandle>): Promise<Report> {
      const handle = await ask(start);
      const soon = await reportWithin(WORKER_DEADLINE, handle);
      if (soon) return soon;
      const { memo } = await ask(() => handle.describe());
      if (memo?.phase === WAITING) throw problems.noWorker();
      const late = await reportWithin(patience, handle);
      if (late) return late;
      throw problems.tooLong();
    },
  };
};
