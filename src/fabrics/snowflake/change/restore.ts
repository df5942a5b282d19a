import type { Left, Step, Thing, Undone } from '../../fabric';
import { bringingBack, goesWith, inOrder } from './acts';
import type { Component } from '../look/component';
import { CODE, hasCode } from '../api/failures';
import { isClosing, isMissing, isOurs, isThere, missingIn } from '../look/judgement';
import { createLooks } from '../look/looks';
import type { Looks } from '../look/looks';
import { prepare } from './prepare';
import { giveBack } from '../access/readers';
import type { SqlApi } from '../api/sql-api';
import { lookAt } from '../look/state';
import type { State } from '../look/state';
import { changesBy } from '../sql/statements';
import { asThing, idOf, schemaOfRaw, specOf, whatIs } from '../look/things';
import type { Spec, SpecOf } from '../look/things';

/* What a removal has taken away is brought back, as far as Snowflake keeps it; the rest is made anew. */

interface Restoring {
  api: SqlApi;
  component: Component;
  step: Step;
}

const EXPIRED =
  'Unprovision again to remove the rest; or deploy the component: it is made anew, and the next sync fills it. What was in it may be had from a clone or backup only.';

type Container = SpecOf<'database'> | SpecOf<'schema'>;

const isContainer = (spec: Spec): spec is Container =>
  spec.is === 'database' || spec.is === 'schema';

const KEPT_NO_LONGER = 'Snowflake keeps it no longer';
const TAKEN = 'another has its name by now';

const lastOf = (spec: Container, looks: Looks) =>
  spec.is === 'database'
    ? looks.droppedDatabase(spec.parts[0])
    : looks.droppedSchema({ database: spec.parts[0], schema: spec.parts[1] });

const inItsPlace = (spec: Container, looks: Looks) =>
  spec.is === 'database'
    ? looks.database(spec.parts[0])
    : looks.schema({ database: spec.parts[0], schema: spec.parts[1] });

/** Whether what has the name was dropped as the component's, and can be had again; why not otherwise. */
const whyNotBack = async (
  spec: Container,
  { api, component, step }: Restoring,
): Promise<string | undefined> => {
  const looks = createLooks(api, step);
  if (await inItsPlace(spec, looks)) return TAKEN;
  const last = await lastOf(spec, looks);
  if (!last) return KEPT_NO_LONGER;
  const { tag, domainTag, closingTag } = component;
  const tags = spec.is === 'database' ? [domainTag, closingTag] : [tag];
  return tags.some((each) => isOurs(last, each))
    ? undefined
    : 'the last that had its name was another’s';
};

/** Why it could not be; undefined: it is there again. */
const broughtBack = async (spec: Container, restoring: Restoring): Promise<string | undefined> => {
  const { api, component, step } = restoring;
  try {
    const why = await whyNotBack(spec, restoring);
    if (why !== undefined) return why;
    await api.change(bringingBack(spec, component), step);
    return undefined;
  } catch (err) {
    // Also of a schema whose database is not there.
    if (hasCode(err, CODE.missing) || hasCode(err, CODE.notThere)) return KEPT_NO_LONGER;
    if (hasCode(err, CODE.exists)) return TAKEN;
    throw err;
  }
};

/** A database that was closed to be dropped. */
const reopened = async ({ api, component, step }: Restoring) => {
  const { place, manager, domainTag } = component;
  if (!isClosing(await lookAt(createLooks(api, step), component), component)) return false;
  await api.change(changesBy(manager).commentOnDatabase(place.database, domainTag), step);
  return true;
};

/** All that goes with a role, be it granted in another's name. */
const ofRole = (state: State, component: Component, role: Spec) =>
  missingIn(state, component).filter((spec) => spec !== role && goesWith(spec, role));

/** What is made as `prepare` makes it, of what does not go with what is gone for good. */
const madeAnew = async (
  specs: readonly Spec[],
  { api, component, step, gone }: Restoring & { gone: readonly Spec[] },
) => {
  const stays = (spec: Spec) => !gone.some((each) => goesWith(spec, each));
  const state = await lookAt(createLooks(api, step), component);
  const missing = specs.filter((spec) => stays(spec) && isMissing(state, component, spec));
  const role = missing.find(({ is }) => is === 'role');
  const withRole = role ? ofRole(state, component, role).filter(stays) : [];
  const known = new Set(missing.map(idOf));
  const due = [...missing, ...withRole.filter((spec) => !known.has(idOf(spec)))];
  if (due.length === 0) return [];
  return prepare(api, component, { missing: due.map(asThing), step });
};

const ASK_AGAIN = 'Ask for access to the component again (updateacl).';

/**
 * Whether the removal has dropped the role, and it is another now. That no attempt at the removal or at its
 * undo can tell, as each may be killed between a change and its answer; when the role was made can.
 */
const isAnew = async (
  { id, madeAt }: Thing,
  { api, component, step, changed }: Restoring & { changed: readonly string[] },
) => {
  if (madeAt === undefined) return changed.includes(id);
  const role = await createLooks(api, step).role(component.readRole);
  return isOurs(role, component.tag) && role?.madeAt !== madeAt;
};

/** Only who lost it by the drop: whom somebody has taken it from meanwhile does not come back. */
const membersBack = async (
  taken: readonly Thing[],
  restoring: Restoring & { changed: readonly string[] },
) => {
  const role = taken.find(({ kind }) => kind === 'role');
  if (!role || !(await isAnew(role, restoring))) return { members: [], left: [] };
  const { api, component, step } = restoring;
  const { what, had } = role;
  // They were too many to be remembered.
  if (!had) return { members: [], left: [{ what: `who had ${what}`, remedy: ASK_AGAIN }] };
  return giveBack(api, component, { had, step });
};

/** Drops are taken back; whatever else is missing is made as `prepare` makes it, and who had the role has it. */
export const restore = async (
  api: SqlApi,
  component: Component,
  { taken, step }: { taken: readonly Thing[]; step: Step },
): Promise<Undone> => {
  const restoring = { api, component, step };
  // What Airbyte keeps was not taken by itself, and comes back with its database.
  const ours = taken.filter((thing) => schemaOfRaw(thing) === undefined);
  const specs = inOrder(ours.map(specOf), component);
  const changed: string[] = [];
  const left: Left[] = [];
  const gone: Spec[] = [];
  for (const spec of specs.filter(isContainer)) {
    const state = await lookAt(createLooks(api, step), component);
    const back = isThere(state, component, spec) ? 'there' : await broughtBack(spec, restoring);
    const isOpened = spec.is === 'database' && (await reopened(restoring));
    if (back === undefined || isOpened) changed.push(idOf(spec));
    else if (back !== 'there') {
      gone.push(spec);
      left.push({ what: `${whatIs(spec)} (${back})`, remedy: EXPIRED });
    }
  }
  const others = specs.filter((spec) => !isContainer(spec));
  changed.push(...(await madeAnew(others, { ...restoring, gone })));
  const { members, left: without } = await membersBack(taken, { ...restoring, changed });
  return {
    changed,
    left: [...left, ...without],
    ...(members.length > 0 && { givenBack: members }),
  };
};
