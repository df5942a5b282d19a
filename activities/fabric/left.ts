import { MovedAway, NotInSettings, UnfitPlace } from '../../src/contract/problems';
import type { Left, Seen } from '../../src/fabrics/fabric';
import type { Place } from '../../src/descriptor/places';
import { fieldsIn } from './written';

/* What a removal does not take away, and who is to see to it. */

/** Where the component is or has been, and what it had there cannot be reached, or is not known for its own, any more. */
export interface OutOfReach {
  /** Absent: no fabric is known to lead there. */
  place?: Place;
  left: Left;
}

const whereIn = ({ fabric, configuration }: Place) =>
  `${fabric === undefined ? 'a former fabric' : `the fabric ${fabric}`} (${fieldsIn(configuration)})`;

/** Of the fabric that a component writes to still. */
export const notThere = (place: Place, err: NotInSettings | UnfitPlace) =>
  err instanceof UnfitPlace
    ? new UnfitPlace(
        err.message,
        'Deploy the component to another place, which it can have; then unprovision again.',
      )
    : new NotInSettings(
        `The component writes to ${whereIn(place)}, which the configuration file does not have any more, or not for its team.`,
        'Ask the platform operator to have it there again, or deploy the component to another fabric; then unprovision again.',
      );

const leftIn = (place: Place, { key, why }: { key: string; why: string }): OutOfReach => ({
  place,
  left: {
    what: `what it had in ${whereIn(place)}`,
    remedy: `${why}, then unprovision again; or have dropped there what bears the comment provisioner:${key}.`,
  },
});

/** No fabric of the configuration file leads there. */
export const isNowhere = (err: unknown): err is NotInSettings | UnfitPlace =>
  err instanceof NotInSettings || err instanceof UnfitPlace;

/** Left to who has that fabric: it must not keep the rest of a component from being removed. */
export const outOfReach = (
  key: string,
  place: Place,
  err: NotInSettings | UnfitPlace,
): OutOfReach => {
  const why =
    err instanceof UnfitPlace || err instanceof MovedAway
      ? err.message
      : 'The configuration file does not have this fabric any more, or not for the component’s team.';
  return leftIn(place, { key, why: `${why} Ask the platform operator to have it there again` });
};

/** A run has made something there, as it managed it. */
export const notManaged = (key: string, place: Place): OutOfReach =>
  leftIn(place, {
    key,
    why: 'By the configuration file nothing is made or taken away in this fabric any more. Ask the platform operator to have it managed again (manage.schema of the fabric)',
  });

/** Of what a run has made, or the component writes to: what bears no mark stays, and is to be found again. */
export const unmarked = (place: Place, foreign: Seen['foreign']): OutOfReach[] =>
  foreign.flatMap(({ kind, name, problem, reclaim }) =>
    reclaim === undefined
      ? []
      : [{ place, left: { what: `the ${kind} ${name}`, remedy: `${problem} ${reclaim}` } }],
  );

export const dataIn = ({ name }: Seen['foreign'][number], place: Place): Left => ({
  what: `what Airbyte has written to the schema ${name}, which is another component’s by now`,
  remedy: `It was not cleared: that component may write there, too. In ${whereIn(place)} its owner drops what nobody needs.`,
});
