import { CallError, isRefused } from '../../contract/call-error';
import type { Left, Step, Thing, Undone } from '../fabric';
import { tagOf } from '../tags';
import { mustFit, ownSchema, wantedSchema } from './component';
import type { Component } from './component';
import { keepOn, letGo } from './holders';
import { setLoader, takeBack } from './loader';
import { holdersIn } from './memory';
import { dropStatement } from './sql';
import { lackedIn, nameIn } from './things';
import type { Grants } from './unity/permissions';
import type { Schema } from './unity/schemas';

const makeSchema = async (component: Component, step: Step) => {
  const { catalog, key, wanted } = component;
  if (await ownSchema(component, wanted, step)) return;
  await catalog.create(wanted, { comment: tagOf(key), interest: step.interest });
  if (await ownSchema(component, wanted, step)) return;
  throw new CallError(
    `Databricks says that it made the schema ${catalog.name}.${wanted}, but has none.`,
    {
      kind: 'again',
      solution: 'Try again; if it goes on, ask the platform operator to look at the catalog.',
    },
  );
};

export const prepare = async (component: Component, missing: readonly Thing[], step: Step) => {
  const { wanted } = component;
  mustFit(component);
  if (missing.some((thing) => nameIn(thing) === wanted)) await makeSchema(component, step);
  if (!missing.some((thing) => lackedIn(thing))) return;
  const schema = await ownSchema(component, wanted, step);
  // It is another step's to make it.
  if (schema) await setLoader(component, schema, step);
};

const usersOf = (schema: Schema, grants: Grants) => {
  const ours = new Set(holdersIn(schema.properties).map(({ principal }) => principal));
  return [...grants.keys()].filter((principal) => principal !== '' && !ours.has(principal));
};

/** Why it is not to be dropped: `it has 2 tables, 1 volume by now`; undefined: nothing keeps it. */
const keptBy = async ({ catalog }: Component, schema: Schema, { interest }: Step) => {
  const contents = await catalog.contents(schema.name, interest);
  if (contents.length > 0) return `it has ${contents.join(', ')} by now`;
  const users = usersOf(schema, await catalog.grants(schema.name, interest));
  return users.length > 0 ? 'others were granted privileges on it' : undefined;
};

/** Without force, so that what came into it since it was looked at stays, and it too. */
const dropEmpty = async (component: Component, schema: Schema, step: Step): Promise<Left[]> => {
  const { catalog } = component;
  const { name } = schema;
  const left = (why: string) => ({
    what: `the schema ${catalog.name}.${name} (${why})`,
    remedy: `Remove the component with its data, or run: ${dropStatement(catalog.name, name)}`,
  });
  const why = await keptBy(component, schema, step);
  if (why !== undefined) return [left(why)];
  try {
    // Before the drop, which takes with it what is remembered of it.
    await letGo(component, schema, step);
    await catalog.drop(name, { force: false, interest: step.interest });
    return [];
  } catch (err) {
    if (!isRefused(err)) throw err;
    await keepOn(component, schema, step);
    if (!(err instanceof CallError) || err.status !== 400) throw err;
    return [left('it is not empty')];
  }
};

export const unprepare = async (
  component: Component,
  made: readonly Thing[],
  step: Step,
): Promise<Undone> => {
  const schema = await wantedSchema(component, step);
  if (!schema) return { changed: [], left: [] };
  const changed: string[] = [];
  const own = made.find((thing) => nameIn(thing) === component.wanted);
  const left = own ? await dropEmpty(component, schema, step) : [];
  if (own) changed.push(own.id);
  if (own && left.length === 0) return { changed, left };
  for (const thing of made) {
    const lacked = lackedIn(thing);
    if (lacked && (await takeBack(component, { schema, lacked }, step))) changed.push(thing.id);
  }
  return { changed, left };
};
