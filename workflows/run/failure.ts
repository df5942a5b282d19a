import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TemporalFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import { causesOf } from '../protocol/causes';
import { isFailureDetails, isLastWord } from '../protocol/failure-details';
import type { FailureCause } from './metrics';
import type { FailureDetails } from '../protocol/failure-details';

/** Steps that say, when they are cancelled, what they had asked for. */
const TELL_OF_CANCELLED = ['connect', 'deleteConnection', 'deleteSource', 'deleteDestination'];

/** A step that ran out of time has its last attempt's words in its last heartbeat. */
const detailsOf = (err: unknown): unknown => {
  if (err instanceof ApplicationFailure) return err.details?.[0];
  // Of others, whose cancelled steps older workers have waited out, that would change what runs do.
  if (err instanceof ActivityFailure && TELL_OF_CANCELLED.includes(err.activityType))
    return err.cause instanceof CancelledFailure ? err.cause.details[0] : undefined;
  const lastWord: unknown = err instanceof TimeoutFailure ? err.lastHeartbeatDetails : undefined;
  return isLastWord(lastWord) ? lastWord.details : undefined;
};

/** What an activity told of its failure, be it in its last heartbeat. */
export const detailsIn = (err: unknown) => causesOf(err).map(detailsOf).find(isFailureDetails);

const isTimeout = (err: unknown) => causesOf(err).some((cause) => cause instanceof TimeoutFailure);

/**
 * Until when (epoch milliseconds) Airbyte may still do what a failed step asked for; 0 when nothing
 * is to come. A step that could not say how it ended may have asked for something just now.
 */
export const settlesAt = (err: unknown, settleTime: number): number => {
  const details = detailsIn(err);
  const isKnown = details && !isTimeout(err);
  return isKnown ? (details.settlesAt ?? 0) : Date.now() + settleTime;
};

/**
 * Whether a failed step is known to have sent no write. The last word of one that ran out of time is
 * that of the attempt before its last.
 */
export const wroteNothing = (err: unknown) => {
  const details = detailsIn(err);
  if (details?.didNothing) return true;
  return details?.wroteNothing === true && !isTimeout(err);
};

/** What ends a run, or a part of it, for good; its details can be read without a worker. */
export const finalFailure = (
  message: string,
  { type, details, cause }: { type?: string; details: unknown; cause?: unknown },
) =>
  ApplicationFailure.create({
    message,
    nonRetryable: true,
    details: [details],
    ...(type && { type }),
    ...(cause instanceof Error && { cause }),
  });

/** The same with what went wrong in a step, and what to do. */
export const explainedFailure = (what: string, { type, err }: { type: string; err: unknown }) => {
  const details = explain(err);
  const message = `${what} ${details.problem}\nWhat to do: ${details.solution}`;
  return finalFailure(message, { type, details, cause: err });
};

/** As steps call what Airbyte does not do; what we refuse has the name of what Airbyte refuses. */
const EXPLAINED = ['AirbyteUnavailable', 'AirbyteRefused'];

const isOfType = (err: unknown, types: string[]): boolean =>
  causesOf(err).some(
    (cause) => cause instanceof ApplicationFailure && types.includes(cause.type ?? ''),
  );

/** Whether a step says why it failed: neither a mistake of ours nor a lost worker. */
export const saysWhy = (err: unknown): boolean => isOfType(err, EXPLAINED);

/** Whether Airbyte refuses us, and not what a descriptor wants. */
export const isNotLetIn = (err: unknown): boolean => detailsIn(err)?.notLetIn === true;

/** As two sentences; Airbyte's own words may end without a full stop. */
export const inSentences = ({ problem, solution }: FailureDetails) =>
  `${problem}${/[.!?…]$/.test(problem) ? '' : '.'} ${solution}`;

/** Whether a source did not let itself be read, or Airbyte could not be asked: no refusal of ours. */
export const isUnreadable = (err: unknown): boolean => isOfType(err, ['AirbyteUnavailable']);

export const failureCauseOf = (err: unknown): FailureCause => {
  if (isUnreadable(err)) return 'unavailable';
  return saysWhy(err) ? 'refused' : 'broken';
};

/** The entity of each step that failed, in the words that the Temporal UI shows for it. */
const summaries = new WeakMap<object, string>();

/** The steps as they are; what one fails with is explained with the step's summary, if it left no word. */
export const summarized = <Of extends object>(steps: Of, summary: string): Of =>
  new Proxy(steps, {
    get(all, name) {
      const step: unknown = Reflect.get(all, name);
      if (typeof step !== 'function') return step;
      return (...args: unknown[]): unknown => {
        const ends: unknown = Reflect.apply(step, undefined, args);
        // Beside what waits for it, so that nothing comes later than it did.
        if (ends instanceof Promise)
          ends.catch((err: unknown) => {
            if (err instanceof ActivityFailure) summaries.set(err, summary);
          });
        return ends;
      };
    },
  });

/** A step that Temporal ended, and that left no word. */
const silentEnd = (err: ActivityFailure): FailureDetails => {
  const { activityType, cause, message } = err;
  const summary = summaries.get(err);
  const step = `The step ${activityType}${summary === undefined ? '' : ` (${summary})`}`;
  const how = cause instanceof TimeoutFailure ? cause.timeoutType : undefined;
  if (how === 'SCHEDULE_TO_START')
    return {
      problem: `${step} never began: no worker was free for it in time.`,
      solution:
        'Ask the platform operator whether a worker is running and has room, then try again.',
    };
  if (how === 'HEARTBEAT')
    return {
      problem: `${step} was broken off: its worker ended, or was cut off from Temporal.`,
      solution: 'Try again; the platform operator can see in the log of the worker what befell it.',
    };
  return {
    problem: `${step} did not end in time (${cause?.message ?? message}).`,
    solution:
      'Ask the platform operator whether a worker is running, and whether Temporal was out of reach for it, then try again.',
  };
};

/** What went wrong in a step and what to do, in the words the activity found for it. */
export const explain = (err: unknown): FailureDetails => {
  const details = detailsIn(err);
  if (details) return details;
  if (err instanceof ActivityFailure) return silentEnd(err);
  if (err instanceof TemporalFailure)
    return { problem: err.message, solution: 'Ask the platform operator to look at this run.' };
  return {
    problem: 'The provisioner made a mistake of its own.',
    solution: 'Ask the platform operator to report the failure that this run shows.',
  };
};
