import type { CallInterest } from '../../src/concurrency/call-interest';
import type { Place } from '../../src/descriptor/places';
import { isSameFabric } from '../../workflows/protocol/same-fabric';
import { refuseForeign, stepOf } from './fabric';
import type { FabricOf, OfComponent } from './fabric';
import { asFound, bare, createFound } from './found';
import type { PlaceToCleanUp } from './found';
import { isNowhere } from './left';
import { isSameData, notReached, whereWritten } from './written';
import type { Written } from './written';

/* Looking at what a component has in the fabrics that it writes to, for a step that looks at all of it. */

export const createFabricLook = (fabricOf: FabricOf) => {
  const lookAt = async (
    { key, place, hasHadData }: OfComponent & { hasHadData: boolean },
    interest: CallInterest,
  ) => {
    const fabric = fabricOf(place, key);
    if (!fabric?.manages) return undefined;
    const seen = await fabric.look(stepOf(interest), { hasHadData });
    return { fabric, seen };
  };

  /** What a place leads to by the configuration file as it is now; undefined: nowhere any more. */
  const fabricAt = (place: Place, key: string) => {
    try {
      return fabricOf(place, key)?.fabric;
    } catch (err) {
      if (!isNowhere(err)) throw err;
      return undefined;
    }
  };

  return {
    /**
     * For a run that provisions where nothing is managed: the place, where it is one of these. What runs have
     * made there is in use still.
     */
    unmanagedAt: ({ key, place }: OfComponent, known: readonly Place[]): Place | undefined => {
      const here = fabricOf(place, key);
      if (!here || here.manages) return undefined;
      const { name, where } = here.fabric;
      const wanted = { ...place, fabric: name, where };
      const isHere = (each: Place) =>
        isSameData(each, wanted) &&
        isSameFabric({ ...each, where: fabricAt(each, key)?.where }, wanted);
      return known.some(isHere) ? wanted : undefined;
    },

    /** For a run that provisions: undefined where nothing of it is managed. Refuses what is another's. */
    toPrepare: async (of: OfComponent, interest: CallInterest) => {
      const looked = await lookAt({ ...of, hasHadData: false }, interest);
      if (!looked) return undefined;
      refuseForeign(looked.seen.foreign);
      return {
        found: asFound({ place: of.place, fabric: looked.fabric }, looked.seen),
        warnings: looked.seen.warnings,
      };
    },

    /**
     * For a run that removes. Where only the descriptor tells the place, a fabric that is not there (any
     * more) has nothing of the component as far as anybody knows, which is told; what it has left in a
     * former one that is not there is told as left. The one that it writes to must be there.
     */
    toCleanUp: async (
      {
        key,
        places: given = [],
        written,
      }: { key: string; places: PlaceToCleanUp[] | undefined; written: Written | undefined },
      interest: CallInterest,
    ) => {
      const { place: writtenAt, isReached } = whereWritten(given, {
        written,
        fabricAt: (place) => fabricAt(place, key),
      });
      const isGiven = writtenAt === undefined || given.includes(writtenAt);
      const places: PlaceToCleanUp[] = isGiven ? given : [writtenAt, ...given];
      const found = createFound(key);
      for (const each of places) {
        const isWritten = each === writtenAt;
        // Where somebody has led its destination since, nobody reads by what it was granted.
        const mayHaveReaders = each.isKnown === true || (isWritten && isGiven);
        try {
          const place = bare(each);
          const looked = await lookAt({ key, place, hasHadData: mayHaveReaders }, interest);
          found.seen(each, { looked, isWritten });
        } catch (err) {
          if (!isNowhere(err)) throw err;
          found.unseen(each, { err, written: isWritten ? written : undefined });
        }
      }
      // Where nothing is managed nothing was made, as far as anybody knows.
      const mayHaveMade = () =>
        found.hasAny() || written?.reachedBy.some((each) => fabricOf(each, key)?.manages === true);
      if (written && !isReached && mayHaveMade()) found.unreached(notReached(key, written));
      return found.all();
    },
  };
};
