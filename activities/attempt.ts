import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Info } from '@temporalio/activity';
import { AirbyteError } from '../src/airbyte-error';

/** A source or destination that does not work may be a passing fault, but seldom the third time. */
const CONNECTOR_ATTEMPTS = 3;
/** Milliseconds kept to report the failure itself, instead of running into Temporal's time-out. */
const MARGIN = 250;
/** Milliseconds by which Temporal may be late with an attempt (history.timerProcessorMaxTimeShift). */
const LATENESS = 1000;

/** What a failed step tells the run: a sentence on what was wrong, and one on what to do. */
export interface FailureDetails {
  problem: string;
  solution: string;
}

export interface Attempt {
  /** Counts from 1. A later one must look first: an earlier may have worked, unseen. */
  number: number;
  /** Aborted when the run cancels the step, or when its time is up. */
  signal: AbortSignal;
}

/** Exponential with jitter: half of each wait is random, so that many runs do not come back at once. */
const backoff = ({ attempt, retryPolicy }: Info) => {
  const initial = Number(retryPolicy?.initialInterval ?? 1000);
  const longest = Number(retryPolicy?.maximumInterval ?? initial * 100);
  const wait = Math.min(longest, initial * 2 ** (attempt - 1));
  return Math.ceil(wait * (0.5 + Math.random() / 2));
};

const timeLeft = ({ scheduledTimestampMs, scheduleToCloseTimeoutMs }: Info) =>
  scheduledTimestampMs + scheduleToCloseTimeoutMs - Date.now() - MARGIN;

const isRefusal = (err: unknown) => err instanceof AirbyteError && err.kind === 'refused';

/** Milliseconds to wait; undefined where another attempt would not help, or would come too late. */
const waitBefore = (err: unknown, info: Info) => {
  const known = err instanceof AirbyteError ? err : undefined;
  if (isRefusal(err)) return undefined;
  if (known?.kind === 'connector' && info.attempt >= CONNECTOR_ATTEMPTS) return undefined;
  const wait = known?.retryAfter ?? backoff(info);
  return wait + LATENESS < timeLeft(info) ? wait : undefined;
};

const detailsOf = (err: unknown, { attempt }: Info): FailureDetails => {
  const problem = err instanceof Error ? err.message : String(err);
  const known = err instanceof AirbyteError ? err : undefined;
  return {
    problem: attempt > 1 ? `${problem} (tried ${String(attempt)} times)` : problem,
    solution: known?.solution ?? 'Ask the platform operator to look at the log of the worker.',
  };
};

const asFailure = (err: unknown, info: Info) => {
  if (err instanceof ApplicationFailure) return err;
  const details = detailsOf(err, info);
  const wait = waitBefore(err, info);
  return ApplicationFailure.create({
    message: details.problem,
    type: isRefusal(err) ? 'AirbyteRefused' : 'AirbyteUnavailable',
    nonRetryable: wait === undefined,
    ...(wait !== undefined && { nextRetryDelay: wait }),
    details: [details],
    ...(err instanceof Error && { cause: err }),
  });
};

const outOfTime = () =>
  new AirbyteError('Airbyte did not answer before the time for this step was up.', {
    kind: 'again',
    solution: 'Deploy again when Airbyte answers; the platform operator can see why it does not.',
  });

/**
 * One attempt of an activity: heartbeats (so that a dead worker is noticed and cancellation
 * arrives), ends with the run's interest, and turns errors into failures with the right retries.
 */
export const attempt = async <Result>(
  work: (attempt: Attempt) => Promise<Result>,
): Promise<Result> => {
  const context = Context.current();
  const { info, cancellationSignal } = context;
  const beating = setInterval(() => context.heartbeat(), (info.heartbeatTimeoutMs ?? 9000) / 3);
  const clock = AbortSignal.timeout(Math.max(MARGIN, timeLeft(info)));
  try {
    return await work({
      number: info.attempt,
      signal: AbortSignal.any([cancellationSignal, clock]),
    });
  } catch (err) {
    if (cancellationSignal.aborted) return await context.cancelled;
    throw asFailure(clock.aborted && !(err instanceof AirbyteError) ? outOfTime() : err, info);
  } finally {
    clearInterval(beating);
  }
};
