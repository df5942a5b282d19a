import { MovedAway } from '../../src/contract/problems';
import type { NotInSettings, UnfitPlace } from '../../src/contract/problems';
import type { Left, Seen, Thing } from '../../src/fabrics/fabric';
import type { Place } from '../../src/descriptor/places';
import { isSameFabric } from '../../workflows/protocol/same-fabric';
import type { InFabric } from './fabric';
import { dataIn, notManaged, notThere, outOfReach, unmarked } from './left';
import type { OutOfReach } from './left';
import { notReached } from './written';
import type { Written } from './written';

/* What a run is told of what looks at fabrics have found. */

/** What a run is told of what a component has in a fabric. */
export interface FabricFound extends Pick<Seen, 'missing' | 'present' | 'shown' | 'staying'> {
  place: Place;
  /** As people call its fabric: `Snowflake`. */
  system: string;
  /** Other places that lead to some of the same data. */
  alsoAt?: Place[];
}

/** What of a component is in a schema that is another's by now, and stays there. */
export interface InAnothers {
  /** Who may read it by a grant of ours. */
  readers: Left[];
  /** Of the one that Airbyte writes to: its data, which Airbyte is not to clear. */
  data?: Left;
}

/** Where a component that is removed may have anything. */
export type PlaceToCleanUp = Place & {
  /** A run has put it there; else only the descriptor says so. */
  isKnown?: true | undefined;
};

/** The place with where its fabric is: a run may go on when that has changed. */
export const asFound = (
  { place, fabric: { system, fabric } }: { place: Place; fabric: InFabric },
  { missing, present, shown, staying = [] }: Seen,
): FabricFound => ({
  place: { ...place, where: fabric.where },
  system,
  missing,
  present,
  shown,
  ...(staying.length > 0 && { staying }),
});

const hasIn = ({ present }: FabricFound, { id }: Thing) => present.some((each) => each.id === id);

/**
 * With one more place. Places of one fabric may lead to the same things, in whichever order: what has data is
 * told and taken away at the first of them only. Roles and grants each may need, for its undo. Where a run has
 * put data there is more to look for, right before it is taken away, though all that is seen now is told.
 */
const withPlace = (
  all: readonly FabricFound[],
  found: FabricFound,
  { hasHadData }: { hasHadData: boolean },
): FabricFound[] => {
  const before = all.filter(({ place }) => isSameFabric(place, found.place));
  const isKnown = (thing: Thing) => before.some((each) => hasIn(each, thing));
  const shared = found.present.filter((thing) => thing.hasData && isKnown(thing));
  const known = all.map((each) =>
    before.includes(each) && shared.some((thing) => hasIn(each, thing))
      ? { ...each, alsoAt: [...(each.alsoAt ?? []), found.place] }
      : each,
  );
  const isTold = before.length > 0 && found.present.every(isKnown);
  if (isTold) return hasHadData ? [...known, { ...found, present: [] }] : known;
  return [...known, { ...found, present: found.present.filter((each) => !shared.includes(each)) }];
};

/** A fabric and what it has of a component. */
interface Looked {
  fabric: InFabric;
  seen: Seen;
}

export const bare = ({ isKnown: _isKnown, isFormer: _isFormer, ...place }: PlaceToCleanUp): Place =>
  place;

/** What a removal finds of a component, place by place. */
export const createFound = (key: string) => {
  let fabrics: FabricFound[] = [];
  let data: Left | undefined;
  const readers: Left[] = [];
  const warnings = new Set<string>();
  const unreached: OutOfReach[] = [];

  /** Of what a place leads to and is not the component's, or not any more. */
  const foreignIn = (at: Place, foreign: Seen['foreign'], isInUse: boolean) => {
    const lost = isInUse ? unmarked(at, foreign) : [];
    for (const each of lost)
      if (!unreached.some(({ left }) => left.what === each.left.what)) unreached.push(each);
    if (lost.length === 0) for (const { problem } of foreign) warnings.add(problem);
  };

  return {
    /** `looked` is undefined where nothing is managed. */
    seen: (
      given: PlaceToCleanUp,
      { looked, isWritten }: { looked: Looked | undefined; isWritten: boolean },
    ) => {
      const isKnown = given.isKnown === true;
      const place = bare(given);
      if (!looked) {
        if (isKnown) unreached.push(notManaged(key, place));
        return;
      }
      const { fabric, seen } = looked;
      const { name, where } = fabric.fabric;
      // By its name: what stays is looked for there, whatever the default is by then.
      const at = { ...place, fabric: name };
      const found = asFound({ place: at, fabric }, seen);
      fabrics = withPlace(fabrics, found, { hasHadData: isKnown || isWritten });
      for (const foreign of seen.foreign) {
        if (foreign.readers) readers.push(foreign.readers);
        if (foreign.isAnothers && isWritten) data = dataIn(foreign, at);
      }
      foreignIn({ ...at, where }, seen.foreign, isKnown || isWritten);
      for (const warning of seen.warnings) warnings.add(warning);
    },

    /** `written` where the component's destination writes there. Throws where that must be looked at. */
    unseen: (
      given: PlaceToCleanUp,
      { err, written }: { err: NotInSettings | UnfitPlace; written: Written | undefined },
    ) => {
      const { isKnown, isFormer } = given;
      const place = bare(given);
      // What a fabric does not lead to any more keeps nobody from removing the rest.
      const isFar = isFormer ?? err instanceof MovedAway;
      if (isKnown && !isFar) throw notThere(place, err);
      if (isKnown) unreached.push(outOfReach(key, place, err));
      else if (written) unreached.push({ left: notReached(key, written, err.message) });
      else
        warnings.add(`What the component may have in a fabric was not looked for: ${err.message}`);
    },

    unreached: (left: Left) => {
      unreached.push({ left });
    },

    hasAny: () => fabrics.length + unreached.length > 0,

    all: () => {
      const inAnothers = { readers, ...(data && { data }) };
      const hasAny = readers.length > 0 || data !== undefined;
      return {
        fabrics,
        unreached,
        warnings: [...warnings],
        ...(hasAny && { inAnothers }),
      };
    },
  };
};
