import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { CallError } from '../src/contract/call-error';
import type { Info } from '@temporalio/activity';
import { notDone } from '../src/airbyte/errors';
import type { Asked } from '../src/contract/call-error';
import type { CallInterest } from '../src/concurrency/call-interest';
import { forTimer } from '../src/contract/durations';
import { asFailure, detailsOf, isExplained, orOutOfTime } from './attempt-failure';
import type { Sent } from './attempt-failure';
import { isLastWord } from '../workflows/protocol/failure-details';
import type { FailureDetails, LastWord, Perhaps } from '../workflows/protocol/failure-details';
import { MARGIN, attemptsTime } from './retry-policy';
import { Waiting } from './waiting';

export interface Attempt {
  /** Counts from 1. A later one must look first: an earlier may have worked, unseen. */
  number: number;
  /** Milliseconds since the step was scheduled. */
  age: number;
  /** In Airbyte's answers; over when the run cancels the step, or when its time is up. */
  interest: CallInterest;
  /** Until then (epoch milliseconds) what an earlier attempt asked for may still come about. */
  settlesAt: number;
  /** Whether an earlier attempt has sent a write. */
  hasWritten: Perhaps;
  /** What earlier attempts have noted as done. */
  done: unknown;
  /** Notes for the next attempt what is done for good, should this one fail. */
  noteDone: (done: unknown) => void;
}

/** The cancellation that ended an attempt, with what the step has to say of itself. */
const asCancelled = (reason: unknown, details: FailureDetails) =>
  new CancelledFailure(reason instanceof Error ? reason.message : 'CANCELLED', [details]);

/** What a word says of it; an older worker's does not say more than that it may be so. */
const writtenBy = ({ hasWritten, wroteNothing }: FailureDetails): Perhaps =>
  hasWritten ?? (wroteNothing ? false : 'perhaps');

/** An attempt that left no word died in the middle of whatever it did. */
const sentBefore = ({ attempt, heartbeatDetails }: Info, settleTime: number): Sent => {
  if (attempt === 1) return { settlesAt: 0, hasWritten: false };
  const word = isLastWord(heartbeatDetails) ? heartbeatDetails : undefined;
  const hasWritten = word ? writtenBy(word.details) : 'perhaps';
  if (word?.attempt === attempt - 1) return { settlesAt: word.details.settlesAt ?? 0, hasWritten };
  return { settlesAt: Date.now() + settleTime, hasWritten: hasWritten || 'perhaps' };
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
  let done = isLastWord(info.heartbeatDetails) ? info.heartbeatDetails.done : undefined;
  const noteDone = (more: unknown) => {
    done = more;
  };
  const before = { ...sent, done, noteDone };
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
    return await work({ number: info.attempt, age, interest, ...before });
  } catch (thrown) {
    const err = orOutOfTime(thrown, info);
    if (err instanceof CallError && err.unclear) sent.settlesAt = Date.now() + settleTime;
    const says = isExplained(err) || err instanceof ApplicationFailure;
    const failure = clock.aborted && !says ? notDone(info.activityType, last, err) : err;
    const details = detailsOf({ err: failure, isLook: thrown instanceof Waiting }, info, sent);
    const lastWord: LastWord = {
      attempt: info.attempt,
      details,
      ...(done !== undefined && { done }),
    };
    context.heartbeat(lastWord);
    if (cancellationSignal.aborted) throw asCancelled(cancellationSignal.reason, details);
    throw asFailure(failure, details, { info, silence });
  } finally {
    clearInterval(beating);
  }
};
