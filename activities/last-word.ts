import type { Info } from '@temporalio/activity';
import { isLastWord } from '../workflows/words/failure-details';
import type { FailureDetails } from '../workflows/words/failure-details';
import type { Waiting } from './waiting';

/* What the attempts of a step before the present one have left in its heartbeat. */

/** Attempts that have only looked, the present one not counted. */
export const looksOf = ({ heartbeatDetails }: Info) =>
  isLastWord(heartbeatDetails) ? (heartbeatDetails.details.looks ?? 0) : 0;

/** Epoch milliseconds at which what the step waits for was last heard of, if only by its being asked for. */
export const heardAtBefore = ({ heartbeatDetails, scheduledTimestampMs }: Info) =>
  (isLastWord(heartbeatDetails) ? heartbeatDetails.details.heardAt : undefined) ??
  scheduledTimestampMs;

/** Attempts that were to do something, the present one counted. */
export const triesOf = (info: Info) => info.attempt - looksOf(info);

/** What an attempt has met whose answer is waited for. */
export const metBefore = (err: Waiting, { heartbeatDetails }: Info): FailureDetails['met'] => {
  if (!err.isForAnswer || !isLastWord(heartbeatDetails)) return undefined;
  const { met, problem, solution } = heartbeatDetails.details;
  return met ?? { problem, solution };
};
