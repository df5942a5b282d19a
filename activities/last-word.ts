import type { Info } from '@temporalio/activity';
import type { OutOfTime } from '../src/airbyte/errors';
import { isRecord } from '../src/contract/json';
import type { Waiting } from './waiting';

/* What a step's attempts tell: each to the next, and the last one to the run. */

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

/** What an attempt leaves in its last heartbeat: to the next one, or to a run whose time is up. */
export interface LastWord {
  attempt: number;
  details: FailureDetails;
}

export const isLastWord = (value: unknown): value is LastWord =>
  isRecord(value) && typeof value.attempt === 'number' && isRecord(value.details);

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
export const metBefore = (err: Waiting, { heartbeatDetails }: Info): Words | undefined => {
  if (!err.isForAnswer || !isLastWord(heartbeatDetails)) return undefined;
  const { met, problem, solution } = heartbeatDetails.details;
  return met ?? { problem, solution };
};
