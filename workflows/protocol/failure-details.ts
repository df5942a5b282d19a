/* What the attempts of a step tell: each to the next, and the last one to the run and whoever reads of it. */

/** While a call waited for Airbyte's answer, or in the queue behind others' calls. */
export type OutOfTime = 'calling' | 'waiting';

/** What nobody can tell any more where a worker died in the middle of a step. */
export type Perhaps = boolean | 'perhaps';

interface Words {
  problem: string;
  solution: string;
}

/** What a failed step tells the run: a sentence on what was wrong, and one on what to do. */
export interface FailureDetails extends Words {
  /** Until then (epoch milliseconds) Airbyte may still do what it was asked; absent: it will not. */
  settlesAt?: number;
  /** No attempt of the step has sent a write: of this step there is nothing to undo. */
  wroteNothing?: true;
  /** An attempt is known to have sent a write. Of neither it may be so. */
  hasWritten?: true;
  /** As `wroteNothing`, as older workers told it of a change by somebody else that a first attempt found. */
  didNothing?: true;
  /** The step's own time was up; absent where it was not that. */
  outOfTime?: OutOfTime;
  /** Airbyte does not take our credentials, or they may not do this: it says nothing of a descriptor. */
  notLetIn?: true;
  /** How many attempts so far have only seen that what they wait for goes on; absent: none. */
  looks?: number;
  /** When Airbyte last said that what is waited for goes on (epoch milliseconds). */
  heardAt?: number;
  /** Of one that waits for an answer: what the attempt met that did not get it. */
  met?: Words;
}

/** What an attempt leaves in its last heartbeat: to the next one, or to a run whose time is up. */
export interface LastWord {
  attempt: number;
  details: FailureDetails;
  /** What the attempts so far have done for good, which the next one need not do again. */
  done?: unknown;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

export const isFailureDetails = (value: unknown): value is FailureDetails =>
  isObject(value) &&
  'problem' in value &&
  typeof value.problem === 'string' &&
  'solution' in value &&
  typeof value.solution === 'string';

export const isLastWord = (value: unknown): value is LastWord =>
  isObject(value) &&
  'attempt' in value &&
  typeof value.attempt === 'number' &&
  'details' in value &&
  isFailureDetails(value.details);
