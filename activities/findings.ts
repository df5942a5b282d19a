import { ApplicationFailure } from '@temporalio/activity';
import type { Kind } from '../src/airbyte/workspace';
import { AirbyteError } from '../src/airbyte/errors';
import { isRecord } from '../src/contract/json';
import { inWords } from './attempt';
import type { Attempt, FailureDetails } from './attempt';
import type { Place } from './former/secrets';
import { Waiting } from './waiting';

/** An entity that now is as wanted, and what that took. */
export interface Put {
  id: string;
  name: string;
  /** Its page in Airbyte's user interface. */
  href: string;
  action: 'created' | 'updated' | 'unchanged';
  /** Its stored secrets are yet to become those of the descriptor. */
  isUnsealed?: boolean;
  /** Of an update by an older worker: where the secret that was there before is stored still. */
  kept?: Place[];
}

/** What Airbyte has is in the way of what is wanted: repeating the step would not help. */
export const refused = (problem: string, solution: string) => {
  const details: FailureDetails = { problem: inWords(problem), solution: inWords(solution) };
  return ApplicationFailure.create({
    message: details.problem,
    type: 'AirbyteRefused',
    nonRetryable: true,
    details: [details],
  });
};

/** Somebody has changed what the run has looked at, and a write would go over that. */
export const changedSince = (
  kind: Kind | 'connection',
  { id, name }: { id: string; name: string },
) =>
  refused(
    `The ${kind} "${name}" (${id}) was changed in Airbyte, or what its descriptor refers to, while this run was about to change it.`,
    'Deploy again: the run then begins with what is there by now.',
  );

const isDetails = (value: unknown): value is FailureDetails =>
  isRecord(value) && typeof value.problem === 'string' && typeof value.solution === 'string';

/** What a refusal of our own says; nothing of what Airbyte has refused, or of what has failed. */
export const refusalIn = (err: unknown): FailureDetails | undefined => {
  if (err instanceof AirbyteError && err.kind === 'refused' && err.status === undefined)
    return { problem: err.message, solution: err.solution };
  const details: unknown = err instanceof ApplicationFailure ? err.details?.[0] : undefined;
  return isDetails(details) ? details : undefined;
};

/** The only one, or none. More than one is refused by name: guessing could delete someone's work. */
export const single = <Entity extends { id: string; name: string }>(
  what: string,
  found: Entity[],
): Entity | undefined => {
  if (found.length <= 1) return found[0];
  const names = found.map(({ id, name }) => `"${name}" (${id})`).join(', ');
  throw refused(
    `Airbyte has ${String(found.length)} ${what}s for this component: ${names}.`,
    `Delete all but one ${what} in Airbyte, then try again.`,
  );
};

/** Milliseconds between looks for what may still come about: a quarter of what is left, within these. */
const SHORTEST_WAIT = 250;
const LONGEST_WAIT = 5000;

type Unsettled = Pick<Attempt, 'settlesAt'>;

const unsettled = (delay: number) =>
  new Waiting('Airbyte may still do what it gave no answer to', {
    delay,
    isForAnswer: true,
    solution: 'Deploy again when Airbyte answers; the platform operator can see why it does not.',
  });

/** Goes on only when an earlier attempt's update can no longer come after, and over, a later write. */
export const settled = ({ settlesAt }: Unsettled) => {
  const left = settlesAt - Date.now();
  if (left > 0) throw unsettled(left);
};

/**
 * What an earlier attempt made unseen. As long as it may still come about nothing else is done but to
 * look again, so that it is adopted and never made twice.
 */
export const adoptable = async <Entity>(
  look: () => Promise<Entity | undefined>,
  { settlesAt }: Unsettled,
): Promise<Entity | undefined> => {
  const isLast = Date.now() >= settlesAt;
  const found = await look();
  if (found !== undefined || isLast) return found;
  const left = Math.max(1, settlesAt - Date.now());
  const wait = Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, left / 4));
  throw unsettled(Math.min(left, wait));
};

/** A look-up by an id someone told us; a foreign id is 403 to who does not administer Airbyte. */
export const byHint = async <Entity>(entity: Promise<Entity>) => {
  try {
    return await entity;
  } catch (err) {
    if (err instanceof AirbyteError && err.status === 403) return undefined;
    throw err;
  }
};

/** Airbyte's 204 is no proof: gone is what is seen to be gone. */
export const stillThere = (what: string, id: string) =>
  new AirbyteError(`Airbyte accepted to delete the ${what} ${id}, but still has it.`, {
    kind: 'again',
    solution: `Delete the ${what} in Airbyte, then try again.`,
  });
