import { isOwnSchema } from './component';
import type { Component } from './component';
import { isRefused } from '../../../contract/call-error';
import { isTagged } from '../../tags';
import { CODE, hasCode } from '../api/failures';
import type { Kind } from '../sql/administration';
import type { Found, Future, Grant, GrantList, Looks, Named } from './looks';
import { canonical, isNamed, partsOf } from '../sql/names';

/* What Snowflake has of a component, as it is now. */

/** What is in a schema, and who may read what is to come. */
interface Readable {
  objects: Found[];
  areObjectsCut: boolean;
  future: Future[];
}

export interface State {
  database: Named | undefined;
  onDatabase: Grant[];
  schemas: Named[];
  /** There are more than were looked at. */
  areSchemasCut: boolean;
  /** Of each schema that is the component's: what is granted on it. */
  onSchemas: Map<string, Grant[]>;
  /** Of each of these, too: what there is to read in it. */
  readable: Map<string, Readable>;
  /** The wanted one is Airbyte's, without a mark, and has raw tables of other schemas in it. */
  hasRawOfOthers: boolean;
  role: Named | undefined;
  toRole: Grant[];
  /** There are more than Snowflake tells: what the role may read is more than can be seen. */
  isToRoleCut: boolean;
  /** On what which role may have more than Snowflake tells, whichever list is asked. */
  untold: Set<string>;
  /** The text of each name that SELECT is granted on, in both ways of writing it. */
  selected: Set<string>;
}

/** On what, and to which role, as `untold` has it. */
export const holding = (kind: Kind, parts: readonly string[], to: string) =>
  canonical([kind, ...parts, to]);

interface Place {
  kind: Kind;
  parts: readonly string[];
}

/** What is granted on something to the roles in question: by the lists of these, where its own is cut. */
const grantsOf = async (
  listed: GrantList,
  { kind, parts, own }: Place & { own: () => Promise<Map<string, GrantList>> },
) => {
  if (!listed.isCut) return { grants: listed.grants, untold: [] };
  const roles = await own();
  const more = [...roles].flatMap(([role, { grants, isCut }]) => {
    const its = grants.filter(({ on, name }) => on === kind && isNamed(name, parts));
    return { its, untold: isCut ? [holding(kind, parts, role)] : [] };
  });
  return {
    grants: [...listed.grants, ...more.flatMap(({ its }) => its)],
    untold: more.flatMap(({ untold }) => untold),
  };
};

/** A raw table of Airbyte's, by its name, of none of these schemas. */
export const isRawOfOther = (table: string, schemas: readonly string[]) =>
  /_RAW_+STREAM_/i.test(table) && !schemas.some((each) => table.startsWith(`${each}_RAW_`));

/** Whether Airbyte keeps raw tables in the wanted schema that it has made itself: those of it own count for none. */
const hasRawOfOthers = async (
  looks: Looks,
  { place, airbyteRole }: Component,
  schemas: readonly Named[],
) => {
  const wanted = schemas.find(({ name }) => name === place.schema);
  if (wanted?.owner !== airbyteRole || isTagged(wanted.comment)) return false;
  try {
    const { objects } = await looks.objects(place);
    return objects.some(({ name }) => isRawOfOther(name, [place.schema]));
  } catch (err) {
    // Airbyte's own schema need not be open to who manages.
    const isUnseen = hasCode(err, CODE.missing) || hasCode(err, CODE.notThere) || isRefused(err);
    if (isUnseen) return false;
    throw err;
  }
};

const inDatabase = async (looks: Looks, component: Component, toRole: GrantList) => {
  const {
    tag,
    place: { database },
    readRole,
    airbyteRole,
  } = component;
  const [{ schemas, areSchemasCut }, listed] = await Promise.all([
    looks.schemas(database),
    looks.onDatabase(database),
  ]);
  const own = async () =>
    new Map([
      [readRole, toRole],
      [airbyteRole, await looks.grantsToLoader(airbyteRole)],
    ]);
  const grantsIn = async (kind: Kind, parts: readonly string[], list: GrantList) =>
    grantsOf(list, { kind, parts, own });
  const onDatabase = await grantsIn('DATABASE', [database], listed);
  const ours = schemas.filter((each) => isOwnSchema(each, tag));
  const readableIn = async (schema: string) => {
    const place = { database, schema };
    const [found, future] = await Promise.all([looks.objects(place), looks.future(place)]);
    return [schema, { ...found, future }] as const;
  };
  const [onSchemas, readable, isForRaw] = await Promise.all([
    Promise.all(
      ours.map(async ({ name }) => {
        const parts = [database, name];
        const list = await looks.grantsOn('SCHEMA', parts);
        return { name, ...(await grantsIn('SCHEMA', parts, list)) };
      }),
    ),
    Promise.all(ours.map(({ name }) => readableIn(name))),
    hasRawOfOthers(looks, component, schemas),
  ]);
  return {
    schemas,
    areSchemasCut,
    onDatabase: onDatabase.grants,
    onSchemas: new Map(onSchemas.map(({ name, grants }) => [name, grants])),
    untold: new Set([...onDatabase.untold, ...onSchemas.flatMap(({ untold }) => untold)]),
    readable: new Map(readable),
    hasRawOfOthers: isForRaw,
  };
};

const NO_DATABASE = {
  schemas: [],
  areSchemasCut: false,
  onDatabase: [],
  onSchemas: new Map<string, Grant[]>(),
  untold: new Set<string>(),
  readable: new Map<string, Readable>(),
  hasRawOfOthers: false,
};

const NO_GRANTS: GrantList = { grants: [], isCut: false };

const roleIn = async (looks: Looks, { readRole, tag }: Component) => {
  const role = await looks.role(readRole);
  return { role, toRole: role?.comment === tag ? await looks.grantsTo(readRole) : NO_GRANTS };
};

const lookOnce = async (looks: Looks, component: Component): Promise<State> => {
  const [database, { role, toRole }] = await Promise.all([
    looks.database(component.place.database),
    roleIn(looks, component),
  ]);
  const inside = database ? await inDatabase(looks, component, toRole) : NO_DATABASE;
  const { grants, isCut } = toRole;
  const selected = grants
    .filter(({ privilege }) => privilege === 'SELECT')
    .flatMap(({ name }) => [name, canonical(partsOf(name))]);
  return {
    database,
    ...inside,
    role,
    toRole: grants,
    isToRoleCut: isCut,
    selected: new Set(selected),
  };
};

/** What was dropped while it was looked at, such as by what was asked for before, is looked for anew, once. */
export const lookAt = async (looks: Looks, component: Component): Promise<State> => {
  try {
    return await lookOnce(looks, component);
  } catch (err) {
    if (!hasCode(err, CODE.missing) && !hasCode(err, CODE.notThere)) throw err;
    return lookOnce(looks, component);
  }
};
