import { ApplicationFailure, patched, sleep } from '@temporalio/workflow';
import type { Round } from '../../activities/access/batch';
import type { FailureDetails } from '../protocol/failure-details';
import type { Group } from '../grantees/shards';
import { peopleIn } from './result';

/** Milliseconds between two tries while another run acts on one of a batch's people, and how often. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const MOST_TRIES = 200;
/** Steps in a row that acted on nobody, although nobody was held: those of older workers may. */
const MOST_IDLE = 5;

const NOTHING: Round = { ends: [], kept: 0, left: [], rest: [], isChanged: false };

const joined = (one: Round, other: Round): Round => ({
  ends: [...one.ends, ...other.ends],
  kept: one.kept + other.kept,
  left: [...one.left, ...other.left],
  rest: other.rest,
  isChanged: one.isChanged || other.isChanged,
});

export const asFailure = (details: FailureDetails) =>
  ApplicationFailure.create({ message: details.problem, nonRetryable: true, details: [details] });

const heldTooLong = (token: string) =>
  asFailure({
    problem: `The run ${token} has changed the access of some of these people for too long.`,
    solution: `Look at the run ${token}, then send the request again.`,
  });

const gotNowhere = (left: string[]) =>
  asFailure({
    problem: `The time of ${String(MOST_IDLE)} steps was up before access was changed for any of ${peopleIn(left)} (${String(left[0])} and so on): other calls to Airbyte were in front.`,
    solution:
      'Send the request again when fewer runs go on; if it happens often, ask the platform operator to raise AIRBYTE_MAX_IN_FLIGHT.',
  });

/** One step after the other, each with those whom the one before has left. */
export const accessRounds = () => {
  let endsIdle: boolean | undefined;
  /** Asked only by a run that meets it, and the same for all of the run. */
  const endsWhenIdle = () => (endsIdle ??= patched('idle-steps-end'));

  /** Until all of a group were acted on; while other runs act on one of them it waits. */
  return async ({ keys }: Group, step: (some: string[]) => Promise<Round>) => {
    let total = NOTHING;
    let wait = FIRST_WAIT;
    let tries = 0;
    let idle = 0;
    for (let rest = keys; rest.length > 0; rest = total.rest) {
      const part = await step(rest);
      total = joined(total, part);
      if (!part.heldBy) {
        idle = part.rest.length < rest.length ? 0 : idle + 1;
        if (idle === MOST_IDLE && endsWhenIdle()) throw gotNowhere(part.rest);
        continue;
      }
      tries += 1;
      if (tries === MOST_TRIES) throw heldTooLong(part.heldBy);
      await sleep(wait, { summary: `${part.heldBy} changes the access of one of them` });
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
    return total;
  };
};
