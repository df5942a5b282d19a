import { patched, sleep } from '@temporalio/workflow';
import type { FabricFound } from '../../activities/fabric/found';
import type { Found } from '../../activities/pipeline/step-answers';
import type { Info } from '../../src/contract/coordinator';
import type { Place } from '../../src/descriptor/places';
import type { Left, Thing, Undone } from '../../src/fabrics/fabric';
import type { AccessLease } from '../access/recall';
import {
  MAX_PLACES,
  MAX_PLACE_FIELDS,
  MAX_PLACE_VALUE,
  cut,
  firstFew,
  isWithin,
} from '../protocol/lengths';
import { readable } from '../protocol/one-line';
import { isSameFabric } from '../protocol/same-fabric';
import { settlesAt } from '../run/failure';
import type { Run } from '../run/report';
import { GIVEN_BACK, TAKEN_AWAY } from '../run/saga';
import type { Undo } from '../run/saga';
import { COMPENSATION } from '../run/steps';
import type { Steps } from '../run/steps';
import type { UndoLog } from './undo-log';

/* What a component has in the fabric it writes to: made before its pipeline, and taken away after it. */

interface Doing {
  /** The component's key. */
  key: string;
  run: Run;
  /** Who has access is written down with the rest: one run at a time changes either. */
  access: AccessLease;
  steps: Steps;
  /** Milliseconds the fabric may take to finish, unseen, what it was asked for. */
  settleTime: number;
}

/** Looks by workers of before fabrics were prepared, and how long between: while workers are replaced. */
const MOST_LOOKS = 30;
const BETWEEN_LOOKS = '2s';

/** A look by a worker that looks at fabrics, too; `otherwise` says what it means that there is none. */
export const lookByNewer = async (
  look: () => Promise<Found>,
  otherwise: () => void,
): Promise<Found> => {
  let found = await look();
  if (found.prepares || !patched('fabrics-are-looked-at')) return found;
  for (let looks = 1; looks < MOST_LOOKS && !found.prepares; looks += 1) {
    await sleep(BETWEEN_LOOKS, { summary: 'A worker of this version is to look' });
    found = await look();
  }
  if (!found.prepares) otherwise();
  return found;
};

/** What many read by is one thing, and a grant of each of them. */
const grantsIn = ({ kind, hadIn = [] }: Thing) =>
  kind === 'grant' ? Math.max(1, hadIn.flatMap(({ ours }) => ours).length) : 0;

/** `the schema FINANCE.CASHFLOW_0, the role READ and 6 grants` */
export const inWords = (things: readonly Thing[], system: string): string => {
  const named = things.filter(({ kind }) => kind !== 'grant').map(({ what }) => what);
  const grants = things.reduce((sum, thing) => sum + grantsIn(thing), 0);
  const counted = grants === 1 ? ['1 grant'] : [`${String(grants)} grants`];
  const all = [...named, ...(grants > 0 ? counted : [])];
  const last = all.length > 1 ? ` and ${all.pop() ?? ''}` : '';
  return `${all.join(', ')}${last} in ${system}`;
};

/**
 * Tells, too, what it was about: of the things only those there was something to do about. Of what the step
 * has made, and is not left, an earlier attempt at the undo has taken away what the last did not find.
 */
const tellUndone = (undo: Undo, things: Thing[], system: string) => (undone: Undone) => {
  const isMade = undo.effect === TAKEN_AWAY && undo.isDone === true;
  const isAll = isMade && undone.left.length === 0;
  const changed = things.filter(({ id }) => isAll || undone.changed.includes(id));
  const back = undone.givenBack ?? [];
  const again = back.length > 0 ? `, and its access to ${firstFew(back).join(', ')}` : '';
  if (changed.length + back.length > 0)
    undo.what = `${changed.length > 0 ? inWords(changed, system) : `what was taken away in ${system}`}${again}`;
  return { changed: changed.length + back.length > 0, left: undone.left };
};

/** Makes what is missing, with an undo that takes away that and no more. */
export const prepareFabric = async (
  { place, system, missing: things, shown }: FabricFound,
  {
    key,
    run,
    access,
    steps,
    settleTime,
    undoLog,
    isLean,
  }: Doing & { undoLog: UndoLog; isLean: boolean },
) => {
  if (things.length === 0) {
    const there = Object.entries(shown).map(([key, { value }]) => `${key} ${value}`);
    run.info(`Already as wanted in ${system}: ${there.join(', ')}`);
    return;
  }
  await access.hold();
  run.step('prepareFabric', isLean);
  const what = inWords(things, system);
  const given = { key, place, things, settleTime };
  const undo: Undo = {
    kind: 'fabric',
    what,
    effect: TAKEN_AWAY,
    system,
    undo: async () => {
      const doing = run.doing();
      if (await access.hold()) run.phase(doing);
      const step = steps(`Take away ${what}`, COMPENSATION);
      return tellUndone(undo, things, system)(await step.unprepareFabric(given));
    },
  };
  await undoLog.did(undo, async () => {
    await steps(`Make ${what}`)
      .prepareFabric(given)
      .catch((err: unknown) => {
        undo.settlesAt = settlesAt(err, settleTime);
        throw err;
      });
  });
  // Not where it fails: what it asked for may come late, and its undo follows.
  await access.letGo();
  run.info(`Made ${what}`);
};

/** What a removal takes away of one fabric, and what stays there. */
export interface FabricRemoval {
  what: string;
  /**
   * The same right before it is taken away, while no other run changes who has access. What is seen only now is
   * an earlier one's, where that has it, too.
   */
  again: (earlier: readonly FabricRemoval[]) => Promise<FabricRemoval>;
  /** Where it is, and what is there. */
  found: FabricFound;
  /** What it has taken away, in words and by ids; and what of it stays. */
  remove: () => Promise<{ took: string | undefined; removed: string[]; left: Left[] }>;
  /** The same, after another has taken these away: what both were to take is told of one of them. */
  after: (other: FabricRemoval, removed: readonly string[]) => FabricRemoval;
  /** What stays as others have granted it. */
  staying: Left[];
  /** Of a removal that failed in its middle: brings back what it took. */
  undo: Undo;
  /** With data, and not asked for. */
  stays: string | undefined;
  /** That lead to what stays. */
  places: Place[];
}

const idsAt = (place: Place, removals: readonly FabricRemoval[]) =>
  new Set(
    removals
      .filter(({ found }) => isSameFabric(found.place, place))
      .flatMap(({ found }) => found.present.map(({ id }) => id)),
  );

type Removing = Pick<Doing, 'key' | 'steps' | 'settleTime'> & { removeData: boolean };

/** What is `gone` by an earlier removal is not told again, but known to the undo: what this one takes needs it. */
export const fabricRemoval = (
  found: FabricFound,
  by: Removing,
  gone: ReadonlySet<string> = new Set(),
): FabricRemoval => {
  const { place, alsoAt = [], system, present, staying = [] } = found;
  const { removeData, key, steps, settleTime } = by;
  const things = present.filter(({ hasData }) => removeData || !hasData);
  const kept = present.filter((thing) => !things.includes(thing));
  const own = things.filter(({ id }) => !gone.has(id));
  const what = inWords(own, system);
  const given = { key, place, things, settleTime };
  const undo: Undo = {
    kind: 'fabric',
    what,
    effect: GIVEN_BACK,
    system,
    undo: () =>
      steps(`Bring back ${what}`, COMPENSATION)
        .restoreFabric(given)
        .then(tellUndone(undo, things, system)),
  };
  return {
    places: [place, ...alsoAt],
    what: own.length > 0 ? what : '',
    undo,
    stays: kept.length > 0 ? inWords(kept, system) : undefined,
    staying,
    found,
    again: async (earlier) => {
      const step = steps(`Look again what there is in ${system}`);
      const now = await step.lookBeforeCleanup({ key, place, things: present });
      const seen = new Set(present.map(({ id }) => id));
      const theirs = idsAt(place, earlier);
      const there = now.filter(({ id }) => seen.has(id) || !theirs.has(id));
      return fabricRemoval({ ...found, present: there }, by);
    },
    after: (other, removed) =>
      isSameFabric(other.found.place, place)
        ? fabricRemoval(found, by, new Set([...gone, ...removed]))
        : fabricRemoval(found, by, gone),
    remove: async () => {
      const { removed, left } = await steps(`Take away ${what}`)
        .cleanupFabric(given)
        .catch((err: unknown) => {
          undo.settlesAt = settlesAt(err, settleTime);
          throw err;
        });
      const taken = own.filter(({ id }) => removed.includes(id));
      return { took: taken.length > 0 ? inWords(taken, system) : undefined, removed, left };
    },
  };
};

/** Facts on where the data is, for people. */
export const fabricInfo = (found: FabricFound | undefined): Info['publicInfo'] =>
  Object.fromEntries(
    Object.entries(found?.shown ?? {}).map(([key, { label, value, href }]) => [
      key,
      { type: 'string' as const, label, value, ...(href !== undefined && { href }) },
    ]),
  );

const textIn = <Value>(fields: Record<string, Value>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === 'string'));

/** Without one of its fields it would lead nowhere, or elsewhere: it is remembered whole, or not at all. */
const isFit = ({ configuration, where = {} }: Place) =>
  [configuration, where].every((fields) => {
    const values = Object.values(fields).filter((value) => typeof value === 'string');
    return (
      values.length <= MAX_PLACE_FIELDS && values.every((value) => isWithin(value, MAX_PLACE_VALUE))
    );
  });

/** As src/descriptor/places.ts reads it: what is text. */
const inShort = ({ connector, fabric, configuration, where }: Place): Place => ({
  connector,
  configuration: textIn(configuration),
  ...(fabric !== undefined && { fabric }),
  ...(where && { where: textIn(where) }),
});

/** Of a component that writes elsewhere by now, or nowhere any more. */
export const asFormer = (places: readonly Place[] = []): Place[] =>
  places.map((place) => ({ ...place, isFormer: true }));

/** Where a component writes to, managed or not. */
type At = Pick<FabricFound, 'place'>;

const isSame = (one: Place, other: Place) =>
  JSON.stringify(inShort(one)) === JSON.stringify(inShort(other));

const distinct = (places: readonly Place[]) =>
  places.filter((place, index) => index === places.findIndex((each) => isSame(each, place)));

const infoOfPlaces = (places: readonly Place[]) => {
  const known = distinct(places).filter(isFit).slice(0, MAX_PLACES);
  return known.length > 0 ? { places: JSON.stringify(known) } : {};
};

const allPlaces = (found: At | undefined, former: readonly Place[] = []) => [
  ...(found ? [inShort(found.place)] : []),
  ...former,
];

/** Where a component's data is and has been, for the run that removes it; the latest first. */
export const placesInfo = (found: At | undefined, former?: readonly Place[]) =>
  infoOfPlaces(allPlaces(found, former));

const nameOf = ({ fabric = '', configuration }: Place) =>
  `${Object.values(configuration)
    .map((value) => readable(cut(String(value), MAX_PLACE_VALUE)))
    .join('.')} in ${fabric}`;

/** What is there stays, and no later run reaches it: a sentence; empty where all are remembered. */
export const forgottenWords = (key: string, found: At | undefined, former?: readonly Place[]) => {
  const all = distinct(allPlaces(found, former));
  const unfit = all.filter((place) => !isFit(place));
  const beyond = all.filter(isFit).slice(MAX_PLACES);
  if (unfit.length + beyond.length === 0) return '';
  const words = [
    ...(beyond.length > 0
      ? [
          `Of more than ${String(MAX_PLACES)} places of its data the oldest is not remembered any more: ${beyond.map(nameOf).join(', ')}.`,
        ]
      : []),
    ...(unfit.length > 0
      ? [
          `Not remembered, as a name is longer than ${String(MAX_PLACE_VALUE)} characters: ${unfit.map(nameOf).join(', ')}.`,
        ]
      : []),
  ];
  return `${words.join(' ')} What bears the comment provisioner:${key} there, and who may read it, stays until it is taken away by hand.`;
};

/** The same where a run has failed: the data is where it was, and something may be left where it was to be. */
export const unmovedInfo = (found: FabricFound | undefined, known: readonly Place[] = []) =>
  infoOfPlaces([...known, ...asFormer(found ? [inShort(found.place)] : [])]);
