import { AirbyteError } from '../src/airbyte/errors';
import type { Attempt } from './attempt';
import { Waiting } from './waiting';

/** Milliseconds between looks for what may still come about: a quarter of what is left, within these. */
const SHORTEST_WAIT = 250;
const LONGEST_WAIT = 5000;

type Unsettled = Pick<Attempt, 'settlesAt'>;

const unsettled = (delay: number, system = 'Airbyte') =>
  new Waiting(`${system} may still do what it gave no answer to`, {
    delay,
    isForAnswer: true,
    solution: `Try again when ${system} answers; the platform operator can see why it does not.`,
  });

/**
 * Goes on only when an earlier attempt's update can no longer come after, and over, a later write.
 * `system`: whose answer did not come, as people call it; Airbyte unless given.
 */
export const settled = ({ settlesAt }: Unsettled, system?: string) => {
  const left = settlesAt - Date.now();
  if (left > 0) throw unsettled(left, system);
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

/**
 * A look-up by an id that a descriptor or an earlier run gave: undefined, too, for a 403, with which
 * Airbyte answers for another workspace's to a caller who does not administer the instance.
 */
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
