import type { Info } from '@temporalio/activity';
import { CallError, isRefused } from '../src/contract/call-error';
import { heardAtBefore, triesOf } from './last-word';
import { Waiting } from './waiting';

/* Whether a step is tried again, and when. */

/** A source or destination that does not work may be a passing fault, but seldom the third time. */
const CONNECTOR_ATTEMPTS = 3;
/** Milliseconds kept to report the failure itself, instead of running into Temporal's time-out. */
export const MARGIN = 250;
/** Milliseconds by which Temporal may be late with an attempt (history.timerProcessorMaxTimeShift). */
const LATENESS = 1000;

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
export const attemptsTime = (info: Info) => {
  const { startToCloseTimeoutMs: most } = info;
  return most > 0 ? Math.min(timeLeft(info), most - MARGIN) : timeLeft(info);
};

/** Milliseconds to the next look, the last one of which is as late as can be; undefined: none is left. */
export const lookIn = ({ delay }: Waiting, info: Info) => {
  const left = timeLeft(info) - LATENESS;
  return left > MARGIN ? Math.min(delay, left) : undefined;
};

/** Milliseconds to wait; undefined where another attempt would not help, or would come too late. */
export const waitBefore = (err: unknown, info: Info, silence: number) => {
  if (err instanceof Waiting) return lookIn(err, info);
  const known = err instanceof CallError ? err : undefined;
  if (isRefused(err)) return undefined;
  if (known?.kind === 'connector' && triesOf(info) >= CONNECTOR_ATTEMPTS) return undefined;
  const wait = known?.retryAfter ?? backoff(info);
  const left = Math.min(timeLeft(info), heardAtBefore(info) + silence - Date.now());
  return wait + LATENESS < left ? wait : undefined;
};
