import type { Place } from '../../../connectors/snowflake-place';
import { firstFew } from '../../../../workflows/protocol/lengths';
import { grantRoleTo } from '../sql/administration';
import type { Component } from './component';
import { isAirbytesOwn } from './judgement';
import type { Content, Looks } from './looks';
import { MAX_ROWS } from './looks';
import { bare, shownAs } from '../sql/names';
import { CONTENTS } from '../sql/statements';
import type { Contents } from '../sql/statements';
import type { State } from './state';

/* What is in a schema or a database that is not to go unseen. */

const SEES_ALL = ['ACCOUNTADMIN', 'SECURITYADMIN'];

/** Whether whoever looks sees tables that Airbyte has made: what he does not see he may not drop. */
export const seesAll = async (looks: Looks, { manager, airbyteRole }: Component) => {
  if (manager === airbyteRole || SEES_ALL.includes(manager)) return true;
  const { grants, isCut } = await looks.grantsTo(manager);
  const does = grants.some(
    ({ privilege, on, name }) =>
      (privilege === 'MANAGE GRANTS' && on === 'ACCOUNT') ||
      (privilege === 'USAGE' && on === 'ROLE' && bare(name) === airbyteRole),
  );
  return does || (isCut && (await looks.isGranted(airbyteRole, manager)));
};

const WORDS: Record<Contents, [one: string, several: string]> = {
  OBJECTS: ['table or view', 'tables or views'],
  STAGES: ['stage', 'stages'],
  'FILE FORMATS': ['file format', 'file formats'],
  SEQUENCES: ['sequence', 'sequences'],
  PIPES: ['pipe', 'pipes'],
  STREAMS: ['stream', 'streams'],
  TASKS: ['task', 'tasks'],
  'USER FUNCTIONS': ['function', 'functions'],
  PROCEDURES: ['procedure', 'procedures'],
};

const counted = (contents: Contents, count: number) => {
  const [one, several] = WORDS[contents];
  const most = count >= MAX_ROWS ? 'more than ' : '';
  return `${most}${String(count)} ${count === 1 ? one : several}`;
};

/** What is as good as nothing. */
type Ignores = (content: Content, contents: Contents) => boolean;
const NOTHING: Ignores = () => false;

/** `2 tables or views and 1 stage`; undefined: nothing that is seen. */
const contentsOf = async (
  looks: Looks,
  place: Place,
  ignores: Ignores = NOTHING,
): Promise<string | undefined> => {
  const counts = await Promise.all(
    CONTENTS.map(async (contents) => {
      const all = await looks.contents(contents, place);
      const isCut = all.length >= MAX_ROWS;
      const some = isCut ? all : all.filter((each) => !ignores(each, contents));
      return [contents, some.length] as const;
    }),
  );
  const found = counts.filter(([, count]) => count > 0).map((each) => counted(...each));
  const last = found.pop();
  return found.length > 0 ? `${found.join(', ')} and ${last ?? ''}` : last;
};

export const letSee = ({ airbyteRole, manager }: Component) =>
  `${grantRoleTo(airbyteRole, 'ROLE', manager)} lets that be seen`;

/** Why a schema that was made is not dropped again; undefined: it may be. */
export const keptFor = async (looks: Looks, component: Component, place: Place) => {
  const contents = await contentsOf(looks, place);
  if (contents !== undefined) return `it has ${contents} by now`;
  if (await seesAll(looks, component)) return undefined;
  return `it cannot be seen whether Airbyte has made tables in it: ${letSee(component)}`;
};

/** Characters of each end of a longer name that Airbyte takes into another (CDK, DefaultTempTableNameGenerator). */
const AFFIX = 8;

const isLong = (schema: string) => schema.length > 2 * AFFIX;

/** What the names of all tables begin with that Airbyte makes for a schema; never half of a character. */
export const startOfMadeFor = (schema: string) =>
  isLong(schema) ? schema.slice(0, AFFIX).replace(/[\uD800-\uDBFF]$/u, '') : schema;

/**
 * Whether Airbyte has made a table in its internal schema for those of this one: a raw table, or a temporary
 * one, in whose name ends of the schema's stand before 32 digits of a digest.
 */
export const isMadeFor = (table: string, schema: string) => {
  const name = table.toUpperCase();
  const of = schema.toUpperCase();
  if (name.startsWith(`${of}_RAW_`)) return /^_+STREAM_/.test(name.slice(of.length + 4));
  const ends = isLong(of) ? `${of.slice(0, AFFIX)}${of.slice(-AFFIX)}` : of;
  return name.startsWith(ends) && /^.+[0-9A-F]{32}$/.test(name.slice(ends.length));
};

/** Of what Airbyte has in its internal schema: what it works with, and what it keeps of these schemas. */
const madeFor =
  ({ airbyteRole }: Component, schemas: readonly string[]): Ignores =>
  ({ name, owner }, contents) => {
    if (owner !== airbyteRole) return false;
    if (contents === 'STAGES' || contents === 'FILE FORMATS') return true;
    return contents === 'OBJECTS' && schemas.some((schema) => isMadeFor(name, schema));
  };

const inInternal = async (looks: Looks, component: Component, schemas: readonly string[]) => {
  const { place, internal } = component;
  const at = { ...place, schema: internal };
  const contents = await contentsOf(looks, at, madeFor(component, schemas));
  return contents === undefined
    ? undefined
    : `Airbyte’s schema ${shownAs(internal)} in it has ${contents}`;
};

const inPublic = async (looks: Looks, { place }: Component) => {
  const contents = await contentsOf(looks, { ...place, schema: 'PUBLIC' });
  return contents === undefined ? undefined : `its schema PUBLIC has ${contents}`;
};

const MOST_NAMED = 5;

/**
 * What a database has besides these schemas of the component, what Snowflake makes in each, and what Airbyte
 * makes for itself and keeps of these; undefined: nothing.
 */
export const otherContents = async (
  looks: Looks,
  component: Component,
  { state, schemas }: { state: State; schemas: readonly string[] },
): Promise<string | undefined> => {
  if (state.areSchemasCut) return 'it has more schemas than are looked at';
  const isInternal = ({ name, owner, comment }: State['schemas'][number]) =>
    isAirbytesOwn({ name, owner, comment }, component);
  const others = state.schemas.filter(
    (each) =>
      !['INFORMATION_SCHEMA', 'PUBLIC', ...schemas].includes(each.name) && !isInternal(each),
  );
  const names = firstFew(
    others.map(({ name }) => shownAs(name)),
    MOST_NAMED,
  );
  if (names.length > 0)
    return `there ${names.length === 1 ? 'is the schema' : 'are the schemas'} ${names.join(', ')} in it`;
  // Nor would a schema be seen that Airbyte has made.
  if (!(await seesAll(looks, component)))
    return `it cannot be seen what Airbyte has in it: ${letSee(component)}`;
  const has = (name: string) => state.schemas.some((each) => each.name === name);
  const inTheirs = has('PUBLIC') ? await inPublic(looks, component) : undefined;
  if (inTheirs !== undefined || !state.schemas.some(isInternal)) return inTheirs;
  return inInternal(looks, component, schemas);
};
