import { isRefused } from '../../../contract/call-error';
import type { Left, Thing } from '../../fabric';
import { firstFew } from '../../../../workflows/protocol/lengths';
import { CODE, hasCode } from '../api/failures';
import { dropTable } from '../sql/administration';
import { shownAs } from '../sql/names';
import type { Component } from './component';
import { isMadeFor, letSee, seesAll, startOfMadeFor } from './contents';
import type { Looks, Named } from './looks';
import { rawThing, specOf } from './things';

/* What Airbyte keeps in its internal schema of the data in others: raw and temporary tables. None has a mark. */

/** Of one schema. */
interface Raw {
  schema: string;
  tables: string[];
  /** Why there may be others. */
  untold?: string;
}

const MOST_NAMED = 5;

/** A table whose name fits several schemas is of the longest of these. */
const isOf = (table: string, schema: string, names: readonly string[]) =>
  isMadeFor(table, schema) &&
  !names.some((other) => other.length > schema.length && isMadeFor(table, other));

const CUT = 'Snowflake does not tell all that are there';

const tablesOf = async (
  looks: Looks,
  { place, internal, airbyteRole }: Component,
  { schema, names }: { schema: string; names: readonly string[] },
): Promise<Omit<Raw, 'schema'>> => {
  const at = { ...place, schema: internal };
  try {
    const { objects, isCut } = await looks.objectsFrom(startOfMadeFor(schema), at);
    const tables = objects
      .filter(({ name, owner }) => owner === airbyteRole && isOf(name, schema, names))
      .map(({ name }) => name);
    return { tables, ...(isCut && { untold: CUT }) };
  } catch (err) {
    const isUnseen = hasCode(err, CODE.missing) || hasCode(err, CODE.notThere) || isRefused(err);
    if (!isUnseen) throw err;
    return { tables: [], untold: 'it may not be looked at' };
  }
};

/** One that is another's by now, with whatever Airbyte has of it. */
const isTheirs = async (
  looks: Looks,
  { place, tag }: Component,
  { schema, all, isCut }: { schema: string; all: readonly Named[]; isCut: boolean },
) => {
  const listed = all.find(({ name }) => name === schema);
  const there = listed ?? (isCut ? await looks.schema({ ...place, schema }) : undefined);
  return there !== undefined && there.comment !== tag;
};

/** What it has, or may have, of each of these that is not another's. */
export const rawOf = async (
  looks: Looks,
  component: Component,
  schemas: readonly string[],
): Promise<Raw[]> => {
  const { place, internal } = component;
  if (!(await looks.database(place.database))) return [];
  const sees = await seesAll(looks, component);
  const { schemas: all, areSchemasCut: isCut } = await looks.schemas(place.database);
  const names = all.map(({ name }) => name);
  if (sees && !isCut && !names.includes(internal)) return [];
  const raw: Raw[] = [];
  for (const schema of schemas) {
    if (await isTheirs(looks, component, { schema, all, isCut })) continue;
    const unseen = { tables: [], untold: `it cannot be seen: ${letSee(component)}` };
    const found = sees ? await tablesOf(looks, component, { schema, names }) : unseen;
    if (found.tables.length > 0 || found.untold !== undefined) raw.push({ schema, ...found });
  }
  return raw;
};

const whatIs = ({ schema, tables }: Raw, { place, internal }: Component) =>
  `what Airbyte ${tables.length > 0 ? 'keeps' : 'may keep'} of the schema ${shownAs(place.database, schema)} in its schema ${shownAs(internal)}`;

const inDetail = ({ tables, untold }: Raw) =>
  [firstFew(tables, MOST_NAMED).join(', '), untold].filter(Boolean).join('; ');

export const leftOfRaw = (raw: Raw, component: Component): Left => {
  const { place, internal } = component;
  const drops = raw.tables
    .slice(0, MOST_NAMED)
    .map((table) => `${dropTable([place.database, internal, table])};`);
  const several = raw.tables.length > MOST_NAMED ? 'and the same of the others ' : '';
  const at = shownAs(place.database, internal);
  const remedy =
    drops.length > 0
      ? `Where nobody needs it, ${drops.join(' ')} ${several}takes it away.`
      : `Look in ${at} for tables whose names begin with ${raw.schema}, or have them seen and unprovision again with removeData.`;
  return { what: `${whatIs(raw, component)} (${inDetail(raw)})`, remedy };
};

const schemasIn = (things: readonly Thing[]) =>
  things.flatMap((thing) => {
    const spec = specOf(thing);
    return spec.is === 'schema' ? [spec.parts[1]] : [];
  });

/** With what Airbyte keeps of the schemas among these, and of the wanted one, which may be gone already. */
export const withRaw = async (
  looks: Looks,
  component: Component,
  things: readonly Thing[],
): Promise<Thing[]> => {
  const { database, schema: wanted } = component.place;
  const raw = await rawOf(looks, component, [...new Set([...schemasIn(things), wanted])]);
  const kept = raw.map((each) =>
    rawThing(database, { schema: each.schema, what: whatIs(each, component) }),
  );
  return [...things, ...kept];
};
