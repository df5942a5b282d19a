import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { SystemProblem } from '../contract/problems';
import { isFailureDetails } from '../../workflows/protocol/failure-details';
import type { FailureDetails } from '../../workflows/protocol/failure-details';
import { createRunHistory } from '../runs/history';
import { repeatedly } from '../temporal/calls';
import { isBrokenOff, isOutage } from '../temporal/errors';
import { WAITING } from '../../workflows/protocol/run-names';

/** Milliseconds in which a worker that is there has begun. */
const WORKER_DEADLINE = 15_000;
/** Milliseconds Temporal has for a single answer. */
const DEADLINE = 5000;
/** Milliseconds until an operator is first told that it goes on, and at most until the next time. */
const FIRST_WORD = 5000;
const LONGEST_QUIET = 60_000;
/** Milliseconds for which Temporal may be away meanwhile, and for one try. */
const AWAY = { each: DEADLINE, whole: 60_000 };

/** Milliseconds after an answer that was broken off. */
const AFTER_BROKEN = 1000;

interface Words {
  problem: string;
  solutions: string[];
}

interface ReportsDeps<Report> {
  client: Client;
  schema: { parse: (result: unknown) => Report };
  /** Milliseconds for a run that a worker has begun. */
  patience: number;
  /** What an operator is told who waits. */
  say?: ((text: string) => void) | undefined;
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
  say = () => undefined,
}: ReportsDeps<Report>) => {
  const history = createRunHistory({ client });
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

  /** Whether a worker has begun, and what to say of a run that has not ended. */
  const state = async (handle: WorkflowHandle) => {
    const run = await repeatedly(client, AWAY, () => handle.describe()).catch((err: unknown) => {
      throw unreachable(err);
    });
    const [step] = await history.pendingIn(run);
    const words = [problems.tooLong.problem, step?.lastError].filter((text) => text !== undefined);
    return { isTaken: run.memo?.phase !== WAITING, goesOn: words.join(' ') };
  };

  /** Undefined where the run has not ended within so many milliseconds. */
  const reportWithin = async (ms: number, handle: WorkflowHandle) => {
    try {
      return schema.parse(await within(ms, () => handle.result()));
    } catch (err) {
      if (err instanceof WorkflowFailedError) throw asProblem(problems.failed(detailsIn(err)), err);
      if (isOutage(err)) return undefined;
      if (!isBrokenOff(err)) throw unreachable(err);
      // Nothing is refused: where the run stands is asked next, and not in a row without a pause.
      await pause(AFTER_BROKEN);
      return undefined;
    }
  };

  return {
    ask,
    /** Of a run that has ended. */
    async read(handle: WorkflowHandle): Promise<Report> {
      const report = await reportWithin(DEADLINE, handle);
      if (report) return report;
      throw unreachable(undefined);
    },
    /** Of a run that is started now, or joined. Needs a worker. */
    async of(start: () => Promise<WorkflowHandle>): Promise<Report> {
      const handle = await ask(start);
      const began = Date.now();
      for (let quiet = FIRST_WORD; Date.now() - began < patience; quiet *= 2) {
        const report = await reportWithin(Math.min(quiet, LONGEST_QUIET), handle);
        if (report) return report;
        const { isTaken, goesOn } = await state(handle);
        if (isTaken) say(goesOn);
        else if (Date.now() - began >= WORKER_DEADLINE) throw noWorker(problems.noWorker);
      }
      throw asProblem(problems.tooLong);
    },
  };
};
