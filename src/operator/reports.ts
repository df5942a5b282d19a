import { WorkflowFailedError, isGrpcDeadlineError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { SystemProblem } from '../contract/problems';
import { isFailureDetails } from '../../workflows/protocol/failure-details';
import type { FailureDetails } from '../../workflows/protocol/failure-details';
import { WAITING } from '../../workflows/protocol/run-names';

/** Milliseconds in which a worker that is there has begun. */
const WORKER_DEADLINE = 15_000;
/** Milliseconds Temporal has for a single answer. */
const DEADLINE = 5000;

interface Words {
  problem: string;
  solutions: string[];
}

interface ReportsDeps<Report> {
  client: Client;
  schema: { parse: (result: unknown) => Report };
  /** Milliseconds for a run that a worker has begun. */
  patience: number;
  problems: {
    /** What Temporal could not be asked for. */
    unreachable: string;
    noWorker: Words;
    tooLong: Words;
    /** Without details it was cancelled or terminated. */
    failed: (details: FailureDetails | undefined) => Words;
  };
}

const detailsIn = ({ cause }: WorkflowFailedError) => {
  const details: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  return isFailureDetails(details) ? details : undefined;
};

const asProblem = ({ problem, solutions }: Words, cause?: unknown) =>
  new SystemProblem(problem, { solutions, cause });

/** Runs for whose report an operator waits at a terminal. */
export const createReports = <Report>({
  client,
  schema,
  patience,
  problems,
}: ReportsDeps<Report>) => {
  const within = <Result>(ms: number, call: () => Promise<Result>) =>
    client.withDeadline(Date.now() + ms, call);

  const unreachable = (cause: unknown) =>
    new SystemProblem(problems.unreachable, {
      solutions: ['Check that Temporal answers at TEMPORAL_ADDRESS, then try again.'],
      cause,
    });
  const noWorker = ({ problem, solutions }: Words) =>
    new SystemProblem(problem, {
      solutions: [
        ...solutions,
        'Check that TEMPORAL_TASK_QUEUE and TEMPORAL_NAMESPACE are those of the workers.',
      ],
    });

  /** One answer of Temporal's. */
  const ask = <Result>(call: () => Promise<Result>) =>
    within(DEADLINE, call).catch((err: unknown) => {
      throw err instanceof SystemProblem ? err : unreachable(err);
    });

  /** Undefined where the run has not ended within so many milliseconds. */
  const reportWithin = async (ms: number, handle: WorkflowHandle) => {
    try {
      return schema.parse(await within(ms, () => handle.result()));
    } catch (err) {
      if (isGrpcDeadlineError(err)) return undefined;
      throw err instanceof WorkflowFailedError
        ? asProblem(problems.failed(detailsIn(err)), err)
        : unreachable(err);
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
      if (memo?.phase === WAITING) throw noWorker(problems.noWorker);
      const late = await reportWithin(patience, handle);
      if (late) return late;
      throw asProblem(problems.tooLong);
    },
  };
};
