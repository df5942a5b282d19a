import { Context } from '@temporalio/activity';
import { MovedAway, NotInSettings, Refusal, UnfitPlace } from '../../src/contract/problems';
import type { CallInterest } from '../../src/concurrency/call-interest';
import type {
  ComponentFabric,
  Destination,
  Fabric,
  Left,
  Removed,
  Seen,
  Step,
  Thing,
  Undone,
} from '../../src/fabrics/fabric';
import type { Place } from '../../src/descriptor/places';
import { isSameFabric } from '../../workflows/protocol/same-fabric';
import { attempt } from '../attempt';
import { settled } from '../unclear-answers';
import { fieldsIn, isSameData, notReached, whereWritten } from './written';
import type { Written } from './written';

/* What a component has in the fabric that it writes to: made, taken away, and put back. */

/** What a fabric has of a component, and the fabric. */
export interface InFabric extends ComponentFabric {
  fabric: Fabric;
}

/** The fabric of one end of a component; undefined: none is meant, or it manages nothing. Throws a Refusal. */
export type FabricOf = (end: Destination, key: string) => InFabric | undefined;

/** One that looks after things of a component's. */
export interface OfComponent {
  /** The component's key. */
  key: string;
  place: Place;
}

interface Changing extends OfComponent {
  things: Thing[];
  /** Milliseconds the fabric may take to finish, unseen, what it was asked for. */
  settleTime: number;
}

/** What a run is told of what a component has in a fabric. */
export interface FabricFound extends Pick<Seen, 'missing' | 'present' | 'shown' | 'staying'> {
  place: Place;
  /** As people call its fabric: `Snowflake`. */
  system: string;
  /** Other places that lead to some of the same data. */
  alsoAt?: Place[];
}

/** Where the component is or has been, and what it had there cannot be reached, or is not known for its own, any more. */
export interface OutOfReach {
  /** Absent: no fabric is known to lead there. */
  place?: Place;
  left: Left;
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

/** The same for each attempt of a step, and for no other step of any run. */
export const stepOf = (interest: CallInterest, settleTime?: number): Step => {
  const { workflowExecution, activityId } = Context.current().info;
  const { workflowId = '', runId = '' } = workflowExecution ?? {};
  const id = `${workflowId}/${runId}/${activityId}`;
  return { interest, id, ...(settleTime !== undefined && { settleTime }) };
};

export const refuseForeign = ([first, ...others]: Seen['foreign']) => {
  if (!first) return;
  const more = others.map(({ problem }) => problem);
  throw new Refusal([first.problem, ...more].join(' '), first.solution);
};

/** The place with where its fabric is: a run may go on when that has changed. */
const asFound = (
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

const whereIn = ({ fabric, configuration }: Place) =>
  `${fabric === undefined ? 'a former fabric' : `the fabric ${fabric}`} (${fieldsIn(configuration)})`;

/** Of the fabric that a component writes to still. */
const notThere = (place: Place, err: NotInSettings | UnfitPlace) =>
  err instanceof UnfitPlace
    ? err
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
const isNowhere = (err: unknown): err is NotInSettings | UnfitPlace =>
  err instanceof NotInSettings || err instanceof UnfitPlace;

/** Left to who has that fabric: it must not keep the rest of a component from being removed. */
const outOfReach = (key: string, place: Place, err: NotInSettings | UnfitPlace): OutOfReach => {
  const why =
    err instanceof UnfitPlace || err instanceof MovedAway
      ? err.message
      : 'The configuration file does not have this fabric any more, or not for the component’s team.';
  return leftIn(place, { key, why: `${why} Ask the platform operator to have it there again` });
};

/** A run has made something there, as it managed it. */
const notManaged = (key: string, place: Place): OutOfReach =>
  leftIn(place, {
    key,
    why: 'By the configuration file nothing is made or taken away in this fabric any more. Ask the platform operator to have it managed again (manage.schema of the fabric)',
  });

/** A run has made it: what bears no mark any more stays, and is to be found again. */
const unmarked = (place: Place, foreign: Seen['foreign']): OutOfReach[] =>
  foreign.flatMap(({ kind, name, problem, reclaim }) =>
    reclaim === undefined
      ? []
      : [{ place, left: { what: `the ${kind} ${name}`, remedy: `${problem} ${reclaim}` } }],
  );

const dataIn = ({ name }: Seen['foreign'][number], place: Place): Left => ({
  what: `what Airbyte has written to the schema ${name}, which is another component’s by now`,
  remedy: `It was not cleared: that component may write there, too. In ${whereIn(place)} its owner drops what nobody needs.`,
});

/** Looking at what a component has in the fabrics that it writes to, for a step that looks at all of it. */
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
      let data: Left | undefined;
      const readers: Left[] = [];
      let fabrics: FabricFound[] = [];
      const warnings = new Set<string>();
      const unreached: OutOfReach[] = [];
      const { place: writtenAt, isReached } = whereWritten(given, {
        written,
        fabricAt: (place) => fabricAt(place, key),
      });
      const isGiven = writtenAt === undefined || given.includes(writtenAt);
      const places: PlaceToCleanUp[] = isGiven ? given : [writtenAt, ...given];
      for (const each of places) {
        const { isKnown, isFormer, ...place } = each;
        const isWritten = each === writtenAt;
        try {
          const hasHadData = isKnown === true;
          // Where somebody has led its destination since, nobody reads by what it was granted.
          const mayHaveReaders = hasHadData || (isWritten && isGiven);
          const looked = await lookAt({ key, place, hasHadData: mayHaveReaders }, interest);
          if (!looked) {
            if (isKnown) unreached.push(notManaged(key, place));
            continue;
          }
          const { fabric } = looked;
          // By its name: what stays is looked for there, whatever the default is by then.
          const at = { ...place, fabric: fabric.fabric.name };
          const found = asFound({ place: at, fabric }, looked.seen);
          fabrics = withPlace(fabrics, found, { hasHadData: hasHadData || isWritten });
          for (const foreign of looked.seen.foreign) {
            if (foreign.readers) readers.push(foreign.readers);
            if (foreign.isAnothers && isWritten) data = dataIn(foreign, at);
          }
          const lost = isKnown
            ? unmarked({ ...at, where: fabric.fabric.where }, looked.seen.foreign)
            : [];
          for (const each of lost)
            if (!unreached.some(({ left }) => left.what === each.left.what)) unreached.push(each);
          if (lost.length === 0)
            for (const { problem } of looked.seen.foreign) warnings.add(problem);
          for (const warning of looked.seen.warnings) warnings.add(warning);
        } catch (err) {
          if (!isNowhere(err)) throw err;
          // What a fabric does not lead to any more keeps nobody from removing the rest.
          const isFar = isFormer ?? err instanceof MovedAway;
          if (isKnown && !isFar) throw notThere(place, err);
          if (isKnown) {
            unreached.push(outOfReach(key, place, err));
            continue;
          }
          if (isWritten && written) {
            unreached.push({ left: notReached(key, written) });
            continue;
          }
          warnings.add(
            `What the component may have in a fabric was not looked for: ${err.message}`,
          );
        }
      }
      // Where nothing is managed nothing was made, as far as anybody knows.
      const mayHaveMade = () =>
        fabrics.length + unreached.length > 0 ||
        written?.reachedBy.some((each) => fabricOf(each, key)?.manages === true);
      if (written && !isReached && mayHaveMade())
        unreached.push({ left: notReached(key, written) });
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

const goneFrom = ({ fabric }: Place, namedAt?: string) => {
  const named = fabric === undefined ? 'The fabric' : `The fabric ${fabric}`;
  return new NotInSettings(
    `${namedAt === undefined ? '' : `${namedAt}: `}${named}, which this run is about, is not in the configuration file any more, or not for the component’s team.`,
    'Ask the platform operator to put it there again: the run then goes on, or can be replayed.',
  );
};

/** One that must be there, as a look has found it: what the descriptor names is no mistake then. */
export const mustBe = (
  fabricOf: FabricOf,
  { place, key }: OfComponent,
  namedAt?: string,
): InFabric => {
  try {
    const fabric = fabricOf(place, key);
    if (fabric) return fabric;
  } catch (err) {
    if (!(err instanceof NotInSettings) || err instanceof MovedAway) throw err;
  }
  throw goneFrom(place, namedAt);
};

export type FabricActivities = ReturnType<typeof createFabricActivities>;

/**
 * Changing what a component has in a fabric. Each is safe to repeat: it looks before it acts, and not before
 * all that an earlier attempt asked for is done or lost, so that nothing comes after the last look.
 */
export const createFabricActivities = ({ fabricOf }: { fabricOf: FabricOf }) => {
  const within = <Result>(
    given: OfComponent & { settleTime: number; namedAt?: string },
    work: (fabric: ComponentFabric, step: Step) => Promise<Result>,
  ) =>
    attempt(async ({ interest, settlesAt }) => {
      const fabric = mustBe(fabricOf, given, given.namedAt);
      settled({ settlesAt }, fabric.system);
      return work(fabric, stepOf(interest, given.settleTime));
    }, given.settleTime);

  return {
    prepareFabric: (given: Changing): Promise<void> =>
      within({ ...given, namedAt: 'specific.destination.fabric' }, (fabric, step) =>
        fabric.prepare(given.things, step),
      ),

    unprepareFabric: (given: Changing): Promise<Undone> =>
      within(given, (fabric, step) => fabric.unprepare(given.things, step)),

    /** The same right before they are taken away, while no other run changes who has access. */
    lookBeforeCleanup: ({ things, ...given }: OfComponent & { things: Thing[] }) =>
      attempt(({ interest }): Promise<Thing[]> =>
        mustBe(fabricOf, given).beforeCleanup(things, stepOf(interest)),
      ),

    cleanupFabric: (given: Changing): Promise<Removed> =>
      within(given, (fabric, step) => fabric.cleanup(given.things, step)),

    restoreFabric: (given: Changing): Promise<Undone> =>
      within(given, (fabric, step) => fabric.restore(given.things, step)),
  };
};
