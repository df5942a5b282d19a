import type { Place } from '../../src/descriptor/places';
import type { Fabric, Left } from '../../src/fabrics/fabric';
import { MAX_PLACE_VALUE, cut, firstFew } from '../../workflows/protocol/lengths';
import { readable } from '../../workflows/protocol/one-line';
import { isSameFabric } from '../../workflows/protocol/same-fabric';

/* Where a component's destination in Airbyte writes to: the descriptor may name another place by now. */

/** Where a destination in Airbyte writes to, be it known to no run. */
export interface Written {
  /** As people call such fabrics: `Snowflake`. */
  system: string;
  /** Without the name of a fabric. */
  place: Place;
  /** The same by each fabric of the configuration file that leads there and the component may use. */
  reachedBy: Place[];
}

/** By its configuration; undefined: to no fabric. */
export type WrittenTo = (
  configuration: Record<string, unknown>,
  key: string,
) => Written | undefined;

/** Where both are of one fabric. */
export const isSameData = (one: Place, other: Place) =>
  one.connector === other.connector &&
  JSON.stringify(one.configuration) === JSON.stringify(other.configuration);

export const fieldsIn = (fields: Record<string, unknown>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name} ${readable(cut(String(value), MAX_PLACE_VALUE))}`)
    .join(', ');

/**
 * Where the destination in Airbyte writes to: one of these places, or another, as the descriptor may name another
 * by now, and no former run be known. `isReached`: it can be looked at, or there is none.
 */
export const whereWritten = (
  places: readonly Place[],
  {
    written,
    fabricAt,
  }: {
    written: Written | undefined;
    /** What a place leads to by the configuration file as it is now. */
    fabricAt: (place: Place) => Fabric | undefined;
  },
): { place?: Place; isReached: boolean } => {
  if (!written) return { isReached: true };
  const { place, reachedBy } = written;
  const all = places.map((each) => ({ each, at: fabricAt(each) }));
  const isThere = ({ each, at }: (typeof all)[number]) =>
    [place, ...reachedBy].some(
      ({ where }) =>
        isSameData(each, place) &&
        [each.where, at?.where].some((its) => isSameFabric({ where: its }, { where })),
    );
  const known = all.find(isThere);
  if (known) return { place: known.each, isReached: true };
  const isNamed = ({ fabric }: Place) => all.some(({ at }) => at?.name === fabric);
  const by = reachedBy.find(isNamed) ?? (reachedBy.length === 1 ? reachedBy[0] : undefined);
  return by ? { place: by, isReached: true } : { isReached: false };
};

const howToReach = (reachedBy: Place[]) => {
  const names = reachedBy.map(({ fabric = '' }) => fabric);
  return names.length > 0
    ? `The fabrics ${firstFew(names).join(', ')} lead there, and the descriptor names none of them. Name the one that it was deployed to, with the database and schema of then, then unprovision again; or have`
    : 'No fabric that the component’s team may use leads there. Ask the platform operator for one, name it in the descriptor, with the database and schema of then, then unprovision again; or have';
};

/**
 * Of the destination that goes with the component: nothing leads to its data then. `problem`: why the place can
 * be looked at by nobody, whatever leads there.
 */
export const notReached = (
  key: string,
  { system, place: { configuration, where = {} }, reachedBy }: Written,
  problem?: string,
): Left => ({
  what: `what it may have in ${system} (${fieldsIn({ ...where, ...configuration })}), where its destination in Airbyte wrote to`,
  remedy: `${problem === undefined ? howToReach(reachedBy) : `Of what that destination says: ${problem} Have`} dropped there what bears the comment provisioner:${key}.`,
});
