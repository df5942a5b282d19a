import type { Left, Removed, Step, Thing } from '../../fabric';
import { goesWith, inOrder, making, unmaking } from './acts';
import type { Component } from '../look/component';
import { otherContents } from '../look/contents';
import { handOver } from '../look/in-the-way';
import { isClosing, isThere, namedBy } from '../look/judgement';
import { createLooks } from '../look/looks';
import { leftOfRaw, rawOf } from '../look/raw';
import { hasOthers, isUsedByOthers } from '../look/present';
import { ROUNDS, isStillOurs, unseen } from './prepare';
import type { SqlApi } from '../api/sql-api';
import { lookAt } from '../look/state';
import type { State } from '../look/state';
import { changesBy } from '../sql/statements';
import { idOf, schemaOfRaw, specOf, whatIs } from '../look/things';
import type { NamedSpec, Spec, SpecOf } from '../look/things';

/* What is taken away of what is there, and nothing but the component's. */

/** What is asked of whom, and about what. */
export interface Undoing {
  api: SqlApi;
  component: Component;
  step: Step;
  /** The component's schemas that go with it, and what Airbyte keeps of them. */
  schemas?: readonly string[];
  /** Counts from 0: what the same step asks for once more is another change. */
  round?: number;
}

export const isDropped = (spec: Spec): spec is NamedSpec =>
  spec.is !== 'use' && spec.is !== 'select';

/** Of Airbyte's role, or of one that was it before. */
const isAirbytesDatabase = (spec: Spec, { readRole }: Component): spec is SpecOf<'use'> =>
  spec.is === 'use' && spec.kind === 'DATABASE' && spec.to !== readRole;

const isNeeded = (state: State, component: Component, { to }: SpecOf<'use'>) =>
  isUsedByOthers(state, { ...component, airbyteRole: to });

const now = ({ api, component, step }: Undoing) => lookAt(createLooks(api, step), component);

/** The round of what is granted again; those of taking away begin at 0. */
const GIVEN_BACK = ROUNDS;

const NOT_OURS = 'it is not the component’s any more';
/** Why something stays that other components need. */
const BY_OTHERS = 'others use the database by now';

/**
 * Who comes into a database makes its schema first, and sees then that Airbyte may use it. So it is given
 * back where somebody has come between the look and this; whether it was.
 */
const giveBackIfUsed = async (spec: SpecOf<'use'>, undoing: Undoing) => {
  const { api, component, step } = undoing;
  if (!isNeeded(await now(undoing), component, spec)) return false;
  await api.change(making(spec, component), step, GIVEN_BACK);
  return true;
};

/**
 * An attempt whose answer was lost may have taken it away, and the next one does not find it any more. So it
 * is looked at by itself, at the end, whether others need it. What they have been given back.
 */
export const letOthersUse = async (specs: readonly Spec[], undoing: Undoing): Promise<Spec[]> => {
  const { api, component, step } = undoing;
  const uses = specs.filter((spec) => isAirbytesDatabase(spec, component));
  if (uses.length === 0) return [];
  const state = await now(undoing);
  const due = uses.filter(
    (use) => !isThere(state, component, use) && isNeeded(state, component, use),
  );
  for (const use of due) await api.change(making(use, component), step, GIVEN_BACK);
  return due;
};

/** Why a database stays; undefined: nothing keeps it. */
const databaseKeptBy = async (state: State, { api, component, step, schemas = [] }: Undoing) => {
  if (hasOthers(state, component)) return BY_OTHERS;
  return otherContents(createLooks(api, step), component, { state, schemas });
};

/**
 * Closed before it is looked at: who has come before is seen in it, and who comes after sees that it is
 * closed, and makes it anew when it is gone. Opened again where something is in it: why it stays.
 */
const dropIfEmpty = async (spec: SpecOf<'database'>, undoing: Undoing) => {
  const { api, component, step, round } = undoing;
  const by = changesBy(component.manager);
  const [name] = spec.parts;
  await api.change(by.commentOnDatabase(name, component.closingTag), step, round);
  const state = await now(undoing);
  if (!isClosing(state, component)) return NOT_OURS;
  const kept = await databaseKeptBy(state, undoing);
  const next =
    kept === undefined
      ? unmaking(spec, component)
      : by.commentOnDatabase(name, component.domainTag);
  await api.change(next, step, round);
  return kept;
};

/** Takes it away, unless it is not ours any more, or others use it: why it stays. */
export const takeAway = async (spec: Spec, undoing: Undoing): Promise<string | undefined> => {
  const { api, component, step, round = 0 } = undoing;
  if (isDropped(spec) && !(await isStillOurs(createLooks(api, step), spec, component)))
    return NOT_OURS;
  if (spec.is === 'database') return dropIfEmpty(spec, { ...undoing, round });
  await api.change(unmaking(spec, component), step, round);
  const isGivenBack = isAirbytesDatabase(spec, component) && (await giveBackIfUsed(spec, undoing));
  return isGivenBack ? BY_OTHERS : undefined;
};

/** Why it is to stay, as far as can be seen before; undefined: nothing keeps it. */
export const keptBy = async (spec: Spec, undoing: Undoing): Promise<string | undefined> => {
  const { component } = undoing;
  if (spec.is === 'database') return databaseKeptBy(await now(undoing), undoing);
  if (!isAirbytesDatabase(spec, component)) return undefined;
  return isNeeded(await now(undoing), component, spec) ? BY_OTHERS : undefined;
};

/** The reverse of making, and the role last: nothing can fail after it, and it takes all grants to it along. */
export const outOfOrder = (specs: readonly Spec[], component: Component) => {
  const reverse = inOrder(specs, component).reverse();
  return [
    ...reverse.filter(({ is }) => is !== 'role'),
    ...reverse.filter(({ is }) => is === 'role'),
  ];
};

/** What stays, and why. */
type Kept = Map<Spec, string>;

const takeEach = async (there: readonly Spec[], kept: Kept, undoing: Undoing) => {
  // What is granted on a database that stays does not go with it.
  for (const spec of there.filter(({ is }) => is === 'database')) {
    const why = await keptBy(spec, undoing);
    if (why !== undefined) kept.set(spec, why);
  }
  const dropped = there.filter((spec) => isDropped(spec) && !kept.has(spec));
  for (const spec of there) {
    if (kept.has(spec) || dropped.some((other) => goesWith(spec, other))) continue;
    const isKept = spec.is === 'database' ? undefined : await keptBy(spec, undoing);
    const why = isKept ?? (await takeAway(spec, undoing));
    if (why !== undefined) kept.set(spec, why);
  }
};

/** Until nothing of these is there that is not to stay. */
const takeAll = async (specs: readonly Spec[], kept: Kept, undoing: Undoing): Promise<State> => {
  const { component } = undoing;
  for (let round = 0; ; round += 1) {
    const state = await now(undoing);
    const there = specs.filter((spec) => isThere(state, component, spec) && !kept.has(spec));
    if (there.length === 0) return state;
    if (round === ROUNDS) throw unseen(there, 'is still there');
    await takeEach(there, kept, { ...undoing, round });
  }
};

/** What has its name by now, and is not the component's. */
const inItsPlace = (state: State, component: Component, spec: NamedSpec) =>
  isThere(state, component, spec) ? undefined : namedBy(state, spec);

const leftToOthers = (specs: readonly Spec[], state: State, component: Component) =>
  specs.filter(isDropped).flatMap((spec) => {
    const other = inItsPlace(state, component, spec);
    return other ? [{ spec, other }] : [];
  });

/** What others need by now is not the component's. */
const leftOf = (kept: Kept, state: State, component: Component): Left[] =>
  [...kept]
    .filter(([spec, why]) => why !== BY_OTHERS && isThere(state, component, spec))
    .map(([spec, why]) => ({
      what: `${whatIs(spec)} (${why})`,
      remedy: `Where nothing in it is needed, ${unmaking(spec, component).text}; takes it away; or empty it, and unprovision again with removeData.`,
    }));

/**
 * What Airbyte keeps of these schemas is told, and not taken: a name is no mark. That nothing of it can be
 * seen a database that stays tells already.
 */
const rawLeft = async (
  schemas: readonly string[],
  kept: Kept,
  { api, component, step }: Undoing,
) => {
  if (schemas.length === 0) return { keeps: [], left: [] };
  const all = await rawOf(createLooks(api, step), component, schemas);
  const isDatabaseTold = [...kept].some(([{ is }, why]) => is === 'database' && why !== BY_OTHERS);
  const told = all.filter(({ tables }) => tables.length > 0 || !isDatabaseTold);
  return {
    keeps: all.map(({ schema }) => schema),
    left: told.map((each) => leftOfRaw(each, component)),
  };
};

/** Takes these away, as far as they are there and the component's, and sees what is gone. */
export const cleanup = async (
  api: SqlApi,
  component: Component,
  { present, step }: { present: readonly Thing[]; step: Step },
): Promise<Removed> => {
  const ofRaw = present.flatMap((thing) => {
    const schema = schemaOfRaw(thing);
    return schema === undefined ? [] : [{ id: thing.id, schema }];
  });
  const others = present.filter((thing) => schemaOfRaw(thing) === undefined);
  const specs = outOfOrder(others.map(specOf), component);
  const dropped = specs.flatMap((spec) => (spec.is === 'schema' ? [spec.parts[1]] : []));
  const schemas = [...new Set([...dropped, ...ofRaw.map(({ schema }) => schema)])];
  const undoing = { api, component, step, schemas };
  const kept: Kept = new Map();
  const state = await takeAll(specs, kept, undoing);
  const givenBack = await letOthersUse(specs, undoing);
  const theirs = leftToOthers(specs, state, component);
  const isGone = (spec: Spec) =>
    !givenBack.includes(spec) &&
    !isThere(state, component, spec) &&
    !theirs.some((each) => each.spec === spec || goesWith(spec, each.spec));
  const marked = theirs.map(({ spec, other }) => ({
    what: `${whatIs(spec)} (it bears another mark by now)`,
    remedy: handOver(spec, other, component),
  }));
  const { keeps, left } = await rawLeft(schemas, kept, undoing);
  const rawGone = ofRaw.filter(({ schema }) => !keeps.includes(schema)).map(({ id }) => id);
  return {
    removed: [...specs.filter(isGone).map(idOf), ...rawGone],
    left: [...marked, ...leftOf(kept, state, component), ...left],
  };
};
