import { isRefused } from '../../contract/call-error';
import type { Left, Step, Thing, Undone } from '../fabric';
import { bringingBack, goesWith, inOrder, making, unmaking } from './acts';
import type { Component } from './component';
import { CODE, hasCode } from './failures';
import { isMissing, isOurs, isThere, isUsedByOthers, missingIn } from './judgement';
import { bare } from './names';
import { ROUNDS, isStillOurs, prepare, unseen } from './prepare';
import type { SqlApi } from './sql-api';
import { MAX_ROWS, createLooks, lookAt, recordsOf } from './state';
import type { Looks, State } from './state';
import { LOOKS } from './statements';
import { asThing, idOf, specOf, whatIs } from './things';
import type { Spec, SpecOf } from './things';

/* What is taken away: by `cleanup` what is there, by `unprepare` what was made, and nothing but the component's. */

/** What is asked of whom, and about what. */
interface Undoing {
  api: SqlApi;
  looks: Looks;
  component: Component;
  step: Step;
}

const isDropped = (spec: Spec) => spec.is !== 'use' && spec.is !== 'select';

const isAirbytesDatabase = (spec: Spec, { airbyteRole }: Component) =>
  spec.is === 'use' && spec.kind === 'DATABASE' && spec.to === airbyteRole;

/**
 * Who comes into a database makes its schema first, and sees then that Airbyte may use it. So it is given
 * back where somebody has come between the look and this.
 */
const givenBack = async (
  api: SqlApi,
  spec: Spec,
  { component, step }: { component: Component; step: Step },
) => {
  if (!isUsedByOthers(await lookAt(createLooks(api, step), component), component)) return false;
  await api.change(making(spec, component), step, 1);
  return true;
};

const takenAway = async (
  api: SqlApi,
  spec: Spec,
  { component, step, round = 0 }: { component: Component; step: Step; round?: number },
) => {
  const looks = createLooks(api, step);
  if (isDropped(spec) && !(await isStillOurs(looks, spec, component))) return false;
  await api.change(unmaking(spec, component), step, round);
  return !isAirbytesDatabase(spec, component) || !(await givenBack(api, spec, { component, step }));
};

const isEmptyButFor = async (looks: Looks, state: State, { tag, place }: Component) => {
  const others = state.schemas.filter(
    ({ name, comment }) => comment !== tag && name !== 'INFORMATION_SCHEMA',
  );
  if (state.areSchemasCut || others.some(({ name }) => name !== 'PUBLIC')) return false;
  if (others.length === 0) return true;
  const { objects } = await looks.objects({ ...place, schema: 'PUBLIC' });
  return objects.length === 0;
};

/** Whether the database has nothing any more but what Snowflake makes in each. */
const isDatabaseEmpty = async (looks: Looks, component: Component) => {
  const state = await lookAt(looks, component);
  const hasOurs = state.schemas.some(({ comment }) => comment === component.tag);
  return !hasOurs && (await isEmptyButFor(looks, state, component));
};

const mayGo = async (looks: Looks, spec: Spec, component: Component) => {
  if (spec.is === 'database') return isDatabaseEmpty(looks, component);
  if (!isAirbytesDatabase(spec, component)) return true;
  return !isUsedByOthers(await lookAt(looks, component), component);
};

/** The reverse of making, and the role last: nothing can fail after it, and it takes all grants to it along. */
const outOfOrder = (specs: readonly Spec[], component: Component) => {
  const reverse = inOrder(specs, component).reverse();
  return [
    ...reverse.filter(({ is }) => is !== 'role'),
    ...reverse.filter(({ is }) => is === 'role'),
  ];
};

const mayNotStay = async (
  { api, looks, component, step }: Undoing,
  specs: readonly Spec[],
  round: number,
): Promise<Spec[]> => {
  const state = await lookAt(looks, component);
  const there = specs.filter((spec) => isThere(state, component, spec));
  const dropped = there.filter(isDropped);
  const taken: Spec[] = [];
  for (const spec of there) {
    if (dropped.some((other) => goesWith(spec, other))) continue;
    if (!(await mayGo(looks, spec, component))) continue;
    if (await takenAway(api, spec, { component, step, round })) taken.push(spec);
  }
  if (taken.length === 0) return [];
  const after = await lookAt(looks, component);
  return taken.filter((spec) => isThere(after, component, spec));
};

/** Takes these away, as far as they are there and the component's, and sees that they are gone. */
export const cleanup = async (
  api: SqlApi,
  component: Component,
  { present, step }: { present: readonly Thing[]; step: Step },
) => {
  const undoing = { api, looks: createLooks(api, step), component, step };
  let left = outOfOrder(present.map(specOf), component);
  for (let round = 0; round < ROUNDS && left.length > 0; round += 1)
    left = await mayNotStay(undoing, left, round);
  if (left.length > 0) throw unseen(left, 'is still there');
};

const SEES_ALL = ['ACCOUNTADMIN', 'SECURITYADMIN'];

/** Whether whoever looks sees tables that Airbyte has made: what he does not see he may not drop. */
export const seesAll = async (looks: Looks, { manager, airbyteRole }: Component) => {
  if (manager === airbyteRole || SEES_ALL.includes(manager)) return true;
  const grants = await looks.grantsTo(manager);
  return grants.some(
    ({ privilege, on, name }) =>
      (privilege === 'MANAGE GRANTS' && on === 'ACCOUNT') ||
      (privilege === 'USAGE' && on === 'ROLE' && bare(name) === airbyteRole),
  );
};

const membersOf = async (api: SqlApi, role: string, step: Step) =>
  recordsOf(await api.query(LOOKS.members(role), step, MAX_ROWS)).length;

const counted = (count: number, one: string) => `${String(count)} ${one}${count === 1 ? '' : 's'}`;

/** Why a schema that was made is not dropped again; undefined: it may be. */
const keptFor = async (
  looks: Looks,
  component: Component,
  [database, schema]: [string, string],
) => {
  const { objects, areObjectsCut } = await looks.objects({ database, schema });
  if (objects.length > 0)
    return `it has ${areObjectsCut ? 'more than ' : ''}${counted(objects.length, 'table')} or views by now`;
  if (await seesAll(looks, component)) return undefined;
  return `it cannot be seen whether Airbyte has made tables in it: GRANT ROLE ${component.airbyteRole} TO ROLE ${component.manager} lets that be seen`;
};

const leftOf = async (
  spec: Spec,
  { api, looks, component, step }: Undoing,
): Promise<string | undefined> => {
  if (spec.is === 'schema') return keptFor(looks, component, spec.parts);
  if (spec.is === 'role') {
    const members = await membersOf(api, spec.parts[0], step);
    return members > 0 ? `it has ${counted(members, 'member')} by now` : undefined;
  }
  if (spec.is === 'select' && spec.extent === 'ALL')
    return 'what of it was there before cannot be told from what was not';
  return (await mayGo(looks, spec, component)) ? undefined : 'others use the database by now';
};

const remedyOf = (spec: Spec, component: Component) =>
  isDropped(spec)
    ? `Unprovision the component with its data, or run ${unmaking(spec, component).text}; if nothing of it is needed.`
    : `Nothing need be done; ${unmaking(spec, component).text}; takes it away.`;

/** Takes away of these what is there and still as it was made; the rest is told. */
export const unprepare = async (
  api: SqlApi,
  component: Component,
  { made, step }: { made: readonly Thing[]; step: Step },
): Promise<Undone> => {
  const looks = createLooks(api, step);
  const state = await lookAt(looks, component);
  const undoing = { api, looks, component, step };
  const there = inOrder(made.map(specOf), component)
    .reverse()
    .filter((spec) => isThere(state, component, spec));
  const kept = new Map<Spec, string>();
  const remedies = new Map<Spec, string>();
  for (const spec of there.filter(isDropped)) {
    const why = spec.is === 'database' ? undefined : await leftOf(spec, undoing);
    if (why !== undefined) kept.set(spec, why);
  }
  const dropped = there.filter((spec) => isDropped(spec) && !kept.has(spec));
  const changed: string[] = [];
  for (const spec of outOfOrder(there, component)) {
    const isGone = dropped.some((other) => goesWith(spec, other));
    const why = isGone ? undefined : (kept.get(spec) ?? (await leftOf(spec, undoing)));
    if (why !== undefined) {
      kept.set(spec, why);
      continue;
    }
    try {
      if (isGone || (await takenAway(api, spec, { component, step }))) changed.push(idOf(spec));
    } catch (err) {
      // The others go all the same, so that no more is told as left than is.
      if (!isRefused(err)) throw err;
      kept.set(spec, err.message);
      remedies.set(spec, err.solution);
    }
  }
  const left: Left[] = [...kept].map(([spec, why]) => ({
    what: `${whatIs(spec)} (${why})`,
    remedy: remedies.get(spec) ?? remedyOf(spec, component),
  }));
  return { changed, left };
};

const EXPIRED =
  'Deploy again: it is made anew, and the next sync fills it. What was in it may be had from a clone or backup only.';

const ASK_AGAIN = 'Ask for access to the component again (updateacl): nobody remembers who had it.';

/** All that goes with a role, be it granted in another's name. */
const ofRole = (state: State, component: Component, role: Spec) =>
  missingIn(state, component).filter((spec) => spec !== role && goesWith(spec, role));

/** Whether what has the name was dropped as the component's, and can be had again; why not otherwise. */
const whyNotBack = async (
  looks: Looks,
  { parts: [database, schema] }: SpecOf<'schema'>,
  component: Component,
): Promise<string | undefined> => {
  const inItsPlace = await looks.schema({ database, schema });
  if (inItsPlace) return 'another has its name by now';
  const last = await looks.dropped({ database, schema });
  if (!last) return 'Snowflake keeps it no longer';
  return isOurs(last, component.tag) ? undefined : 'the last that had its name was another’s';
};

/** Drops are taken back; whatever else is missing is made as `prepare` makes it. */
export const restore = async (
  api: SqlApi,
  component: Component,
  { taken, step }: { taken: readonly Thing[]; step: Step },
): Promise<Undone> => {
  const looks = createLooks(api, step);
  const specs = inOrder(taken.map(specOf), component);
  const changed: string[] = [];
  const left: Left[] = [];
  const gone: Spec[] = [];
  for (const spec of specs.filter(({ is }) => is === 'database' || is === 'schema')) {
    const state = await lookAt(looks, component);
    if (isThere(state, component, spec)) continue;
    const why = spec.is === 'schema' ? await whyNotBack(looks, spec, component) : undefined;
    const back = why ?? (await broughtBack(api, spec, { component, step }));
    if (back === undefined) changed.push(idOf(spec));
    else {
      gone.push(spec);
      left.push({ what: `${whatIs(spec)} (${back})`, remedy: EXPIRED });
    }
  }
  const others = specs.filter(
    (spec) =>
      !['database', 'schema'].includes(spec.is) && !gone.some((each) => goesWith(spec, each)),
  );
  const state = await lookAt(looks, component);
  const missing = others.filter((spec) => isMissing(state, component, spec));
  const role = missing.find(({ is }) => is === 'role');
  const withRole = role ? ofRole(state, component, role) : [];
  const known = new Set(missing.map(idOf));
  const due = [...missing, ...withRole.filter((spec) => !known.has(idOf(spec)))];
  if (due.length > 0)
    changed.push(...(await prepare(api, component, { missing: due.map(asThing), step })));
  if (role) left.push({ what: `who had ${whatIs(role)}`, remedy: ASK_AGAIN });
  return { changed, left };
};

/** Why it could not be; undefined: it is there again. */
const broughtBack = async (
  api: SqlApi,
  spec: Spec,
  { component, step }: { component: Component; step: Step },
): Promise<string | undefined> => {
  try {
    await api.change(bringingBack(spec, component), step);
    return undefined;
  } catch (err) {
    if (hasCode(err, CODE.missing)) return 'Snowflake keeps it no longer';
    if (hasCode(err, CODE.exists)) return 'another has its name by now';
    throw err;
  }
};
