import type { Left, Removed, Step, Thing, Undone } from '../fabric';
import { tagOf } from '../tags';
import { foreignIn, isOurs, ownSchema, ownSchemas, wantedSchema } from './component';
import type { Component } from './component';
import { notSeen } from './errors';
import { heldIn, letGo, setHolders } from './holders';
import { lackedOn, setLoader } from './loader';
import type { Role } from './memory';
import { digestOf } from './names';
import { READS } from './readers';
import { LOADER, READERS, nameIn, schemaThing } from './things';
import type { Schema } from './unity/schemas';

/** A property of a schema that stands in for one which was dropped: by which step. */
const RESTORED = 'provisioner.restored';

const takeGrants = async (
  component: Component,
  { schema, role }: { schema: Schema; role: Role },
  step: Step,
) => {
  const held = heldIn(schema, role);
  // An attempt before this one may have marked them as leaving.
  const former =
    role === 'reader'
      ? held.map(({ leaving: _left, ...each }) => ({ ...each, role: 'former' as const }))
      : [];
  await setHolders(component, { schema, role, principals: [], privileges: [], former }, step);
};

/** The drop takes all grants on it with it. */
const dropAll = async (component: Component, name: string, step: Step) => {
  const schema = await ownSchema(component, name, step);
  if (!schema) return;
  await letGo(component, schema, step);
  await component.catalog.drop(name, { force: true, interest: step.interest });
};

/** What is another's by now is refused: nothing stays, or it fails. */
export const cleanup = async (
  component: Component,
  present: readonly Thing[],
  step: Step,
): Promise<Removed> => {
  const names = present.flatMap((thing) => nameIn(thing) ?? []);
  const roles = (
    [
      [READERS, 'reader'],
      [LOADER, 'loader'],
    ] as const
  ).flatMap(([id, role]) => (present.some((thing) => thing.id === id) ? [role] : []));
  // Where not all are listed, those that are known: the wanted one here, and those that are to go.
  const staying = roles.length === 0 ? [] : (await ownSchemas(component, step)).schemas;
  for (const { name } of staying)
    for (const role of names.includes(name) ? [] : roles) {
      const schema = await ownSchema(component, name, step);
      if (schema && heldIn(schema, role).length > 0)
        await takeGrants(component, { schema, role }, step);
    }
  for (const name of names) await dropAll(component, name, step);
  return { removed: present.map(({ id }) => id), left: [] };
};

const lostWith = (what: string): Left => ({
  what: `what was in ${what}, and who could read it (an empty one is in its place)`,
  remedy: `Databricks brings no schema back. Load its data again by a sync, and set its access again; for some days the files of managed tables may be recovered by Databricks’ support.`,
});

/**
 * Databricks has no UNDROP of a schema: an empty one takes its place, so that the name stays ours. It says
 * which step made it, so that another attempt at this one tells the same.
 */
const bringBack = async (component: Component, name: string, step: Step): Promise<Left[]> => {
  const { catalog, key } = component;
  const { what } = schemaThing(catalog.name, name);
  const there = await catalog.schema(name, step.interest);
  if (there && !isOurs(component, there))
    return [{ what, remedy: foreignIn(component, there).solution }];
  const by = digestOf(step.id);
  if (there) return there.properties[RESTORED] === by ? [lostWith(what)] : [];
  const made = await catalog.create(name, {
    comment: tagOf(key),
    properties: { [RESTORED]: by },
    interest: step.interest,
  });
  if (!made) throw notSeen(what);
  return [lostWith(what)];
};

/** Whether there was something to give back. */
const giveBackLoader = async (component: Component, step: Step) => {
  const schema = await wantedSchema(component, step);
  if (!schema) return false;
  const lacks = (await lackedOn(component, schema, step)) !== undefined;
  const isOnTheWay = heldIn(schema, 'loader').some(({ leaving }) => leaving);
  if (lacks || isOnTheWay) await setLoader(component, schema, step);
  return lacks;
};

interface Lost {
  /** Whether the removal was to drop the schema. */
  isDropped: boolean;
  /** Who had it in this schema when the removal began; absent where that were too many. */
  had: readonly string[] | undefined;
}

/** Those of an earlier removal are no part of this one, if it was to drop the schema. */
const giveBackReaders = async (
  component: Component,
  { schema, isDropped, had }: Lost & { schema: Schema },
  step: Step,
): Promise<string[]> => {
  const readers = heldIn(schema, 'reader');
  const lost = readers.length > 0 || isDropped ? readers : heldIn(schema, 'former');
  const principals = lost
    .map(({ principal }) => principal)
    .filter((each) => had === undefined || had.includes(each));
  if (principals.length === 0) return [];
  // Who had lost it before stays remembered as he was: a check for drift tells it.
  const kept = readers.map(({ principal }) => principal);
  const wanted = { schema, role: 'reader' as const, principals, kept, privileges: READS };
  return (await setHolders(component, wanted, step)).granted;
};

/** In each schema that is left, to who had it there; in former ones only where that is known. */
const giveBackAll = async (
  component: Component,
  taken: readonly Thing[],
  step: Step,
): Promise<string[]> => {
  const hadIn = taken.find(({ id }) => id === READERS)?.hadIn;
  const all = hadIn ? (await ownSchemas(component, step)).schemas : [];
  const former = all.filter(({ name }) => name !== component.wanted);
  const wanted = await wantedSchema(component, step);
  const granted: string[] = [];
  for (const schema of [...(wanted ? [wanted] : []), ...former]) {
    const { id } = schemaThing(component.catalog.name, schema.name);
    const isDropped = taken.some((thing) => thing.id === id);
    const had = hadIn && (hadIn.find((each) => each.schema === schema.name)?.ours ?? []);
    granted.push(...(await giveBackReaders(component, { schema, isDropped, had }, step)));
  }
  return [...new Set(granted)];
};

export const restore = async (
  component: Component,
  taken: readonly Thing[],
  step: Step,
): Promise<Undone> => {
  const changed: string[] = [];
  const left: Left[] = [];
  for (const thing of taken) {
    const name = nameIn(thing);
    if (name === undefined) continue;
    const lost = await bringBack(component, name, step);
    if (lost.length > 0) changed.push(thing.id);
    left.push(...lost);
  }
  const own = schemaThing(component.catalog.name, component.wanted).id;
  const has = (id: string) => taken.some((thing) => thing.id === id);
  const wantsLoader = has(LOADER) || changed.includes(own);
  if (wantsLoader && (await giveBackLoader(component, step))) changed.push(LOADER);
  const wantsReaders = has(READERS) || has(own);
  const givenBack = wantsReaders ? await giveBackAll(component, taken, step) : [];
  if (givenBack.length === 0) return { changed, left };
  return { changed: [...changed, READERS], left, givenBack };
};
