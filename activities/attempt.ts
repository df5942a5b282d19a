import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { Info } from '@temporalio/activity';
import { AirbyteError, isRefusal, notDone } from '../src/airbyte/errors';
import type { Asked, OutOfTime } from '../src/airbyte/errors';
import type { CallInterest } from '../src/airbyte/http';
import { forTimer } from '../src/contract/durations';
import { isRecord } from '../src/contract/json';
import { cut } from '../src/contract/lengths';
import { Waiting } from './waiting';
import { Refusal } from '../src/contract/problems';

/** A source or destination that does not work may be a passing fault, but seldom the third time. */
const CONNECTOR_ATTEMPTS = 3;
/** Characters of what a failed step says was wrong, and of what to do: both go into the history. */
const MAX_WORDS = 4000;
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
  /** No attempt of the step has sent a write: of this step there is nothing to undo. */
  wroteNothing?: true;
  /** The same, as older workers told it of a change by somebody else that a first attempt found. */
  didNothing?: true;
  /** The step's own time was up; absent where it was not that. */
  outOfTime?: OutOfTime;
  /** How many attempts so far have only seen that what they wait for goes on; absent: none. */
  looks?: number;
  /** When Airbyte last said that what is waited for goes on (epoch milliseconds). */
  heardAt?: number;
  /** Of one that waits for an answer: what the attempt met that did not get it. */
  met?: Words;
}

interface Words {
  problem: string;
  solution: string;
}

export interface Attempt {
  /** Counts from 1. A later one must look first: an earlier may have worked, unseen. */
  number: number;
  /** Milliseconds since the step was scheduled. */
  age: number;
  /** In Airbyte's answers; over when the run cancels the step, or when its time is up. */
  interest: CallInterest;
  /** Until then (epoch milliseconds) what an earlier attempt asked for may still come about. */
  settlesAt: number;
}

/** What an attempt leaves in its last heartbeat: to the next one, or to a run whose time is up. */
export interface LastWord {
  attempt: number;
  details: FailureDetails;
}

const isLastWord = (value: unknown): value is LastWord =>
  isRecord(value) && typeof value.attempt === 'number' && isRecord(value.details);

/** Attempts that have only looked, the present one not counted. */
const looksOf = ({ heartbeatDetails }: Info) =>
  isLastWord(heartbeatDetails) ? (heartbeatDetails.details.looks ?? 0) : 0;

/** Epoch milliseconds at which what the step waits for was last heard of, if only by its being asked for. */
const heardAtBefore = ({ heartbeatDetails, scheduledTimestampMs }: Info) =>
  (isLastWord(heartbeatDetails) ? heartbeatDetails.details.heardAt : undefined) ??
  scheduledTimestampMs;

/** Attempts that were to do something, the present one counted. */
const triesOf = (info: Info) => info.attempt - looksOf(info);

/** Exponential with jitter: half of each wait is random, so that many runs do not come back at once. */
const backoff = (info: Info) => {
  const { retryPolicy } = info;
  const initial = Number(retryPolicy?.initialInterval ?? 1000);
  const longest = Number(retryPolicy?.maximumInterval ?? initial * 100);
  const wait = Math.min(longest, initial * 2 ** (triesOf(info) - 1));
  return Math.ceil(wait * (0.5 + Math.random() / 2));
};

/** A step without a time of its own (0) may wait for ever. */
const timeLeft = ({ scheduledTimestampMs, scheduleToCloseTimeoutMs: all }: Info) =>
  all > 0 ? scheduledTimestampMs + all - Date.now() - MARGIN : Infinity;

/** Of this attempt, which may have less than all together. */
const attemptsTime = (info: Info) => {
  const { startToCloseTimeoutMs: most } = info;
  return most > 0 ? Math.min(timeLeft(info), most - MARGIN) : timeLeft(info);
};

/** Milliseconds to the next look, the last one of which is as late as can be; undefined: none is left. */
const lookIn = ({ delay }: Waiting, info: Info) => {
  const left = timeLeft(info) - LATENESS;
  return left > MARGIN ? Math.min(delay, left) : undefined;
};

/** What an attempt has met whose answer is waited for. */
const metBefore = (err: Waiting, { heartbeatDetails }: Info): Words | undefined => {
  if (!err.isForAnswer || !isLastWord(heartbeatDetails)) return undefined;
  const { met, problem, solution } = heartbeatDetails.details;
  return met ?? { problem, solution };
};

/** A wait that the time of the step does not last for is a failure: of the call, if it is for an answer. */
const orOutOfTime = (err: unknown, info: Info) => {
  if (!(err instanceof Waiting) || lookIn(err, info) !== undefined) return err;
  const met = metBefore(err, info);
  const problem =
    met?.problem.replace(TRIED, '') ?? `${err.message}, and the time for this step is up.`;
  return new AirbyteError(problem, { kind: 'again', solution: met?.solution ?? err.solution });
};

/** Milliseconds to wait; undefined where another attempt would not help, or would come too late. */
const waitBefore = (err: unknown, info: Info, silence: number) => {
  if (err instanceof Waiting) return lookIn(err, info);
  const known = err instanceof AirbyteError ? err : undefined;
  if (isRefusal(err)) return undefined;
  if (known?.kind === 'connector' && triesOf(info) >= CONNECTOR_ATTEMPTS) return undefined;
  const wait = known?.retryAfter ?? backoff(info);
  const left = Math.min(timeLeft(info), heardAtBefore(info) + silence - Date.now());
  return wait + LATENESS < left ? wait : undefined;
};

/** Says by itself what was wrong and what to do. */
const isTold = (err: unknown): err is AirbyteError | Refusal | Waiting =>
  err instanceof AirbyteError || err instanceof Refusal || err instanceof Waiting;

export const inWords = (text: string) =>
  text.length <= MAX_WORDS ? text : `${cut(text, MAX_WORDS - 1)}…`;

/** As the next function writes it. */
const TRIED = / \(tried \d+ times\)(?=\.?$)/;

/** `isLook`: the present attempt did no more than look, so it is no try. */
const problemOf = (err: unknown, info: Info, isLook: boolean) => {
  const problem = inWords(err instanceof Error ? err.message : String(err));
  const tries = triesOf(info) - (isLook ? 1 : 0);
  const isTry = !(err instanceof Waiting || err instanceof Refusal) && tries > 1;
  return isTry ? problem.replace(/\.?$/, ` (tried ${String(tries)} times)$&`) : problem;
};

/** The cancellation that ended an attempt, with what the step has to say of itself. */
const asCancelled = (reason: unknown, details: FailureDetails) =>
  new CancelledFailure(reason instanceof Error ? reason.message : 'CANCELLED', [details]);

/** What is known by now of what the step's attempts asked Airbyte for. */
interface Sent {
  settlesAt: number;
  hasWritten: boolean;
}

const detailsOf = (
  { err, isLook }: { err: unknown; isLook: boolean },
  info: Info,
  { settlesAt, hasWritten }: Sent,
): FailureDetails => {
  const known = isTold(err) ? err : undefined;
  const looks = looksOf(info) + (err instanceof Waiting ? 1 : 0);
  const met = err instanceof Waiting ? metBefore(err, info) : undefined;
  const heardAt = err instanceof Waiting ? Date.now() : heardAtBefore(info);
  return {
    problem: problemOf(err, info, isLook),
    solution: inWords(
      known?.solution ?? 'Ask the platform operator to look at the log of the worker.',
    ),
    ...(settlesAt > Date.now() && { settlesAt }),
    ...(!hasWritten && { wroteNothing: true }),
    ...(err instanceof AirbyteError && err.outOfTime && { outOfTime: err.outOfTime }),
    ...(looks > 0 && { looks, heardAt }),
    ...(met && { met }),
  };
};

/** With its stack it goes into the history, whatever somebody else has put into its message. */
const inBounds = (err: Error) => {
  if (err.message.length <= MAX_WORDS) return err;
  const short = new Error(inWords(err.message));
  short.name = err.name;
  return short;
};

const typeOf = (err: unknown) => {
  if (err instanceof Waiting) return 'Waiting';
  if (err instanceof Refusal) return 'Refused';
  if (!(err instanceof AirbyteError)) return 'StepBroken';
  return err.kind === 'refused' ? 'AirbyteRefused' : 'AirbyteUnavailable';
};

/** A refusal of our own says what is wrong and what to do; whether anything was written it cannot know. */
const withSent = (err: ApplicationFailure, { wroteNothing }: FailureDetails) => {
  const told: unknown = err.details?.[0];
  if (wroteNothing && isRecord(told)) told.wroteNothing = true;
  return err;
};

const asFailure = (
  err: unknown,
  details: FailureDetails,
  { info, silence }: { info: Info; silence: number },
) => {
  if (err instanceof ApplicationFailure) return withSent(err, details);
  const wait = waitBefore(err, info, silence);
  return ApplicationFailure.create({
    message: details.problem,
    type: typeOf(err),
    nonRetryable: wait === undefined,
    ...(wait !== undefined && { nextRetryDelay: wait }),
    details: [details],
    ...(err instanceof Waiting
      ? { category: 'BENIGN' as const }
      : err instanceof Error && !(err instanceof Refusal) && { cause: inBounds(err) }),
  });
};

/** An attempt that left no word died in the middle of whatever it did. */
const sentBefore = ({ attempt, heartbeatDetails }: Info, settleTime: number): Sent => {
  if (attempt === 1) return { settlesAt: 0, hasWritten: false };
  if (!isLastWord(heartbeatDetails) || heartbeatDetails.attempt !== attempt - 1)
    return { settlesAt: Date.now() + settleTime, hasWritten: true };
  const { settlesAt = 0, wroteNothing = false } = heartbeatDetails.details;
  return { settlesAt, hasWritten: !wroteNothing };
};

/**
 * One attempt of an activity: heartbeats (so that a dead worker is noticed and cancellation
 * arrives), ends with the run's interest, and turns errors into failures with the right retries.
 * `settleTime` in milliseconds: how long what a write asked for may take to come about unseen.
 * `silence` in milliseconds: how long Airbyte may tell nothing of what the step waits for.
 */
export const attempt = async <Result>(
  work: (attempt: Attempt) => Promise<Result>,
  settleTime = 0,
  silence = Infinity,
): Promise<Result> => {
  const context = Context.current();
  const { info, cancellationSignal } = context;
  const beat = () => context.heartbeat(info.heartbeatDetails);
  const beating = setInterval(beat, (info.heartbeatTimeoutMs ?? 9000) / 3);
  const clock = AbortSignal.timeout(forTimer(Math.max(MARGIN, attemptsTime(info))));
  const sent = sentBefore(info, settleTime);
  const writes = () => {
    sent.hasWritten = true;
  };
  let last: Asked | undefined;
  const hear = (call: Asked) => {
    last = call;
  };
  const interest = { cancelled: cancellationSignal, timeUp: clock, writes, hear };
  try {
    const age = Date.now() - info.scheduledTimestampMs;
    return await work({ number: info.attempt, age, interest, settlesAt: sent.settlesAt });
  } catch (thrown) {
    const err = orOutOfTime(thrown, info);
    if (err instanceof AirbyteError && err.unclear) sent.settlesAt = Date.now() + settleTime;
    const says = isTold(err) || err instanceof ApplicationFailure;
    const failure = clock.aborted && !says ? notDone(info.activityType, last, err) : err;
    const details = detailsOf({ err: failure, isLook: thrown instanceof Waiting }, info, sent);
    const lastWord: LastWord = { attempt: info.attempt, details };
    context.heartbeat(lastWord);
    if (cancellationSignal.aborted) throw asCancelled(cancellationSignal.reason, details);
    throw asFailure(failure, details, { info, silence });
  } finally {
    clearInterval(beating);
  }
};
