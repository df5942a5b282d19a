import { ApplicationFailure } from '@temporalio/activity';
import { CallError } from '../src/contract/call-error';
import type { Info } from '@temporalio/activity';
import { isRecord } from '../src/contract/json';
import { shortened } from '../workflows/protocol/lengths';
import { inOneLine } from '../workflows/protocol/one-line';
import { NotInSettings, Refusal } from '../src/contract/problems';
import { heardAtBefore, looksOf, metBefore, triesOf } from './last-word';
import type { FailureDetails, Perhaps } from '../workflows/protocol/failure-details';
import { lookIn, waitBefore } from './retry-policy';
import { Waiting } from './waiting';

/* What an attempt fails with: in words for people, and so that Temporal tries it again or does not. */

/** Characters of what a failed step says was wrong, and of what to do: both go into the history. */
const MAX_WORDS = 4000;
/** Says by itself what was wrong and what to do. */
export const isExplained = (err: unknown): err is CallError | Refusal | NotInSettings | Waiting =>
  [CallError, Refusal, NotInSettings, Waiting].some((known) => err instanceof known);

export const cutWords = (text: string) => shortened(inOneLine(text), MAX_WORDS);

/** As the next function writes it. */
const TRIED = / \(tried \d+ times\)(?=\.?$)/;

/** `isLook`: the present attempt did no more than look, so it is no try. */
const problemOf = (err: unknown, info: Info, isLook: boolean) => {
  const problem = cutWords(err instanceof Error ? err.message : String(err));
  const tries = triesOf(info) - (isLook ? 1 : 0);
  const isTry = !(err instanceof Waiting || err instanceof Refusal) && tries > 1;
  return isTry ? problem.replace(/\.?$/, ` (tried ${String(tries)} times)$&`) : problem;
};

/** A wait that the time of the step does not last for is a failure: of the call, if it is for an answer. */
export const orOutOfTime = (err: unknown, info: Info) => {
  if (!(err instanceof Waiting) || lookIn(err, info) !== undefined) return err;
  const met = metBefore(err, info);
  const problem =
    met?.problem.replace(TRIED, '') ?? `${err.message}, and the time for this step is up.`;
  return new CallError(problem, { kind: 'again', solution: met?.solution ?? err.solution });
};

/** What is known by now of what the step's attempts asked Airbyte for. */
export interface Sent {
  settlesAt: number;
  hasWritten: Perhaps;
}

export const detailsOf = (
  { err, isLook }: { err: unknown; isLook: boolean },
  info: Info,
  { settlesAt, hasWritten }: Sent,
): FailureDetails => {
  const known = isExplained(err) ? err : undefined;
  const looks = looksOf(info) + (err instanceof Waiting ? 1 : 0);
  const met = err instanceof Waiting ? metBefore(err, info) : undefined;
  const heardAt = err instanceof Waiting ? Date.now() : heardAtBefore(info);
  return {
    problem: problemOf(err, info, isLook),
    solution: cutWords(
      known?.solution ?? 'Ask the platform operator to look at the log of the worker.',
    ),
    ...(settlesAt > Date.now() && { settlesAt }),
    ...(hasWritten === false && { wroteNothing: true }),
    ...(hasWritten === true && { hasWritten }),
    ...(err instanceof CallError && err.outOfTime && { outOfTime: err.outOfTime }),
    ...(err instanceof CallError && err.notLetIn && { notLetIn: true }),
    ...(looks > 0 && { looks, heardAt }),
    ...(met && { met }),
  };
};

/** With its stack it goes into the history, whatever somebody else has put into its message. */
const inBounds = (err: Error) => {
  if (err.message.length <= MAX_WORDS) return err;
  const short = new Error(cutWords(err.message));
  short.name = err.name;
  return short;
};

const typeOf = (err: unknown) => {
  if (err instanceof Waiting) return 'Waiting';
  // As Airbyte's: workflow code of before, on a worker that is yet to be replaced, knows no other.
  if (err instanceof Refusal) return 'AirbyteRefused';
  if (!(err instanceof CallError)) return 'StepBroken';
  return err.kind === 'refused' ? 'AirbyteRefused' : 'AirbyteUnavailable';
};

/** One from elsewhere, such as a workflow that remembers all the people it can, cannot know whether the step has written anything. */
const withSent = (err: ApplicationFailure, { wroteNothing }: FailureDetails) => {
  const details: unknown = err.details?.[0];
  if (wroteNothing && isRecord(details)) details.wroteNothing = true;
  return err;
};

export const asFailure = (
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
