import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Info } from '@temporalio/activity';
import { AirbyteError, outOfTime } from '../src/airbyte-error';
import type { OutOfTime } from '../src/airbyte-error';
import type { Interest } from '../src/airbyte-http';
import { isRecord } from '../src/json';

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
  /** Until then (epoch milliseconds) Airbyte may still do what it was asked; absent: it will not. */
  settlesAt?: number;
  /** The step has written nothing, and what it found is somebody else's change: nothing to undo. */
  didNothing?: true;
  /** The step's own time was up; absent where it was not that. */
  outOfTime?: OutOfTime;
}

export interface Attempt {
  /** Counts from 1. A later one must look first: an earlier may have worked, unseen. */
  number: number;
  /** In Airbyte's answers; over when the run cancels the step, or when its time is up. */
  interest: Interest;
  /** Until then (epoch milliseconds) what an earlier attempt asked for may still come about. */
  settlesAt: number;
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

/** Of this attempt, which may have less than all together. */
const attemptsTime = (info: Info) => {
  const { startToCloseTimeoutMs: most } = info;
  return most > 0 ? Math.min(timeLeft(info), most - MARGIN) : timeLeft(info);
};

const isRefusal = (err: unknown) => err instanceof AirbyteError && err.kind === 'refused';

/** Milliseconds to wait; undefined where another attempt would not help, or would come too late. */
const waitBefore = (err: unknown, info: Info) => {
  const known = err instanceof AirbyteError ? err : undefined;
  if (isRefusal(err)) return undefined;
  if (known?.kind === 'connector' && info.attempt >= CONNECTOR_ATTEMPTS) return undefined;
  const wait = known?.retryAfter ?? backoff(info);
  return wait + LATENESS < timeLeft(info) ? wait : undefined;
};

const detailsOf = (err: unknown, { attempt }: Info, settlesAt: number): FailureDetails => {
  const problem = err instanceof Error ? err.message : String(err);
  const known = err instanceof AirbyteError ? err : undefined;
  return {
    problem: attempt > 1 ? `${problem} (tried ${String(attempt)} times)` : problem,
    solution: known?.solution ?? 'Ask the platform operator to look at the log of the worker.',
    ...(settlesAt > Date.now() && { settlesAt }),
    ...(known?.outOfTime && { outOfTime: known.outOfTime }),
  };
};

const typeOf = (err: unknown) => {
  if (!(err instanceof AirbyteError)) return 'StepBroken';
  return err.kind === 'refused' ? 'AirbyteRefused' : 'AirbyteUnavailable';
};

const asFailure = (err: unknown, details: FailureDetails, info: Info) => {
  if (err instanceof ApplicationFailure) return err;
  const wait = waitBefore(err, info);
  return ApplicationFailure.create({
    message: details.problem,
    type: typeOf(err),
    nonRetryable: wait === undefined,
    ...(wait !== undefined && { nextRetryDelay: wait }),
    details: [details],
    ...(err instanceof Error && { cause: err }),
  });
};

/** What an attempt leaves in its last heartbeat: to the next one, or to a run whose time is up. */
export interface LastWord {
  attempt: number;
  details: FailureDetails;
}

const isLastWord = (value: unknown): value is LastWord =>
  isRecord(value) && typeof value.attempt === 'number' && isRecord(value.details);

/** An attempt that left no word died in the middle of whatever it did. */
const settlesAtFirst = ({ attempt, heartbeatDetails }: Info, settleTime: number) => {
  if (attempt === 1) return 0;
  const hasTold = isLastWord(heartbeatDetails) && heartbeatDetails.attempt === attempt - 1;
  return hasTold ? (heartbeatDetails.details.settlesAt ?? 0) : Date.now() + settleTime;
};

/**
 * One attempt of an activity: heartbeats (so that a dead worker is noticed and cancellation
 * arrives), ends with the run's interest, and turns errors into failures with the right retries.
 * `settleTime` in milliseconds: how long what a write asked for may take to come about unseen.
 */
export const attempt = async <Result>(
  work: (attempt: Attempt) => Promise<Result>,
  settleTime = 0,
): Promise<Result> => {
  const context = Context.current();
  const { info, cancellationSignal } = context;
  const beat = () => context.heartbeat(info.heartbeatDetails);
  const beating = setInterval(beat, (info.heartbeatTimeoutMs ?? 9000) / 3);
  const clock = AbortSignal.timeout(Math.max(MARGIN, attemptsTime(info)));
  const interest = { cancelled: cancellationSignal, timeUp: clock };
  let settlesAt = settlesAtFirst(info, settleTime);
  try {
    return await work({ number: info.attempt, interest, settlesAt });
  } catch (err) {
    if (err instanceof AirbyteError && err.unclear) settlesAt = Date.now() + settleTime;
    const failure = clock.aborted && !(err instanceof AirbyteError) ? outOfTime() : err;
    const details = detailsOf(failure, info, settlesAt);
    const lastWord: LastWord = { attempt: info.attempt, details };
    context.heartbeat(lastWord);
    if (cancellationSignal.aborted) return await context.cancelled;
    throw asFailure(failure, details, info);
  } finally {
    clearInterval(beating);
  }
};
