import { isRefused } from '../../contract/call-error';
import { Refusal } from '../../contract/problems';
import type { FormerEnds, Left, Readers, ReadersChanged, ReadersIn, Step } from '../fabric';
import { notListed, ownSchema, ownSchemas, wantedSchema } from './component';
import type { Component } from './component';
import { heldIn, setHolders } from './holders';
import { conveys } from './unity/permissions';
import type { Schema } from './unity/schemas';

/* Who may read the schemas of a component. */

/** What who reads needs. */
export const READS = ['USE_SCHEMA', 'SELECT'] as const;

/** People who may read one schema by our grants: each is a property of it. */
export const MOST_READERS = 1000;

const readersOf = async (
  { catalog }: Component,
  schema: Schema,
  { interest }: Step,
): Promise<Readers> => {
  const grants = await catalog.grants(schema.name, interest);
  const readers = [...grants].flatMap(([principal, granted]) =>
    conveys(granted, 'SELECT') ? [principal] : [],
  );
  const holders = heldIn(schema, 'reader').map(({ principal }) => principal);
  const loaders = heldIn(schema, 'loader').map(({ principal }) => principal);
  return {
    ours: readers.filter((each) => holders.includes(each)),
    others: readers.filter((each) => !holders.includes(each) && !loaders.includes(each)),
  };
};

/** Of the wanted schema alone. */
export const readersHere = async (component: Component, step: Step): Promise<Readers> => {
  const schema = await ownSchema(component, component.wanted, step);
  return schema ? readersOf(component, schema, step) : { ours: [], others: [] };
};

/** Of the wanted schema, and of each former one that is listed. */
export const readersOfEach = async (component: Component, step: Step): Promise<ReadersIn[]> => {
  const wanted = await wantedSchema(component, step);
  const { schemas } = await ownSchemas(component, step);
  const former = schemas.filter(({ name }) => name !== component.wanted);
  return Promise.all(
    [...(wanted ? [wanted] : []), ...former].map(async (schema) => ({
      schema: schema.name,
      ours: (await readersOf(component, schema, step)).ours,
    })),
  );
};

/**
 * Of one that is another component's by now: it takes over who is written down there, so that nobody can tell
 * whom which of the two has let in, and none is named. Where that may not be looked at, all of them may read.
 */
export const readersOfAnothers = async (
  { catalog }: Component,
  schema: Schema,
  { interest }: Step,
): Promise<Left | undefined> => {
  const grants = await catalog.grants(schema.name, interest).catch((err: unknown) => {
    if (isRefused(err)) return undefined;
    throw err;
  });
  const mayRead = heldIn(schema, 'reader').some(
    ({ principal }) => !grants || conveys(grants.get(principal), 'SELECT'),
  );
  if (!mayRead) return undefined;
  return {
    what: `the access of former readers to the schema ${catalog.name}.${schema.name}, which is another component’s by now`,
    remedy: 'An updateacl of that component says who may read it from then on.',
  };
};

const held = (schema: Schema) => heldIn(schema, 'reader').map(({ principal }) => principal);

/** Has none but these go on reading one schema, of those that are ours; nobody gains anything. */
const keepOnly = async (
  component: Component,
  { schema, kept }: { schema: Schema; kept: string[] },
  step: Step,
) => {
  const wants = { schema, role: 'reader' as const, principals: [], kept, privileges: [] };
  await setHolders(component, wants, step);
};

/** Where anybody reads by us in a schema of a former version of the descriptor. */
export const formerEnds = async (component: Component, step: Step): Promise<FormerEnds> => {
  const { schemas, isCut } = await ownSchemas(component, step);
  const former = schemas.filter((each) => each.name !== component.wanted && held(each).length > 0);
  return {
    configurations: former.map(({ name: schema }) => ({ schema })),
    warnings: isCut ? [notListed(component.catalog.name)] : [],
  };
};

export const formerReaders = async (component: Component, step: Step): Promise<string[]> => {
  const schema = await wantedSchema(component, step);
  return schema ? (await readersOf(component, schema, step)).ours : [];
};

export const revoke = async (component: Component, leaving: readonly string[], step: Step) => {
  const schema = await wantedSchema(component, step);
  if (!schema) return;
  const kept = held(schema).filter((each) => !leaving.includes(each));
  await keepOnly(component, { schema, kept }, step);
};

export const giveBack = async (component: Component, names: readonly string[], step: Step) => {
  const schema = await wantedSchema(component, step);
  if (!schema) return;
  const given = { principals: [...new Set(names)], kept: held(schema) };
  const wants = { schema, role: 'reader' as const, ...given, privileges: READS };
  await setHolders(component, wants, step);
};

const tooMany = ({ catalog, wanted }: Component, count: number) =>
  new Refusal(
    `${String(count)} people and groups are to read the schema ${catalog.name}.${wanted}; at most ${String(MOST_READERS)} can.`,
    'Grant to groups.',
  );

const noSchema = ({ catalog, wanted }: Component) =>
  new Refusal(
    `There is no schema ${catalog.name}.${wanted} of the component, so there is nothing to grant.`,
    'Deploy the component first.',
  );

export const grant = async (
  component: Component,
  given: readonly string[],
  step: Step,
): Promise<ReadersChanged> => {
  const wantedOnes = [...new Set(given)];
  if (wantedOnes.length > MOST_READERS) throw tooMany(component, wantedOnes.length);
  const schema = await ownSchema(component, component.wanted, step);
  if (!schema && wantedOnes.length > 0) throw noSchema(component);
  if (!schema) return { granted: [], revoked: [] };
  // Who owns it, and whom Airbyte writes as, read it anyhow.
  const principals = wantedOnes.filter((each) => each !== schema.owner);
  const wants = { schema, role: 'reader' as const, principals, privileges: READS };
  return setHolders(component, wants, step);
};
