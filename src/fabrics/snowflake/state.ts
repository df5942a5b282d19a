import type { Component } from './component';
import { CODE, hasCode } from './failures';
import type { Found, Future, Grant, Looks, Named } from './looks';
import { canonical, partsOf } from './names';

/* What Snowflake has of a component, as it is now. */

export interface State {
  database: Named | undefined;
  onDatabase: Grant[];
  schemas: Named[];
  /** There are more than were looked at. */
  areSchemasCut: boolean;
  /** Of each schema that is the component's: what is granted on it. */
  onSchemas: Map<string, Grant[]>;
  /** Of the one that is wanted, where it is there and the component's. */
  objects: Found[];
  areObjectsCut: boolean;
  future: Future[];
  role: Named | undefined;
  toRole: Grant[];
  /** The text of each name that SELECT is granted on, in both ways of writing it. */
  selected: Set<string>;
}

const NO_OBJECTS = { objects: [], areObjectsCut: false };

const inDatabase = async (looks: Looks, { tag, place }: Component) => {
  const [{ schemas, areSchemasCut }, onDatabase] = await Promise.all([
    looks.schemas(place.database),
    looks.onDatabase(place.database),
  ]);
  const ours = schemas.filter(({ comment }) => comment === tag);
  const isThere = ours.some(({ name }) => name === place.schema);
  const [grants, found, future] = await Promise.all([
    Promise.all(
      ours.map(
        async ({ name }) => [name, await looks.grantsOn('SCHEMA', [place.database, name])] as const,
      ),
    ),
    isThere ? looks.objects(place) : NO_OBJECTS,
    isThere ? looks.future(place) : [],
  ]);
  return { schemas, areSchemasCut, onDatabase, onSchemas: new Map(grants), ...found, future };
};

const NO_DATABASE = {
  schemas: [],
  areSchemasCut: false,
  onDatabase: [],
  onSchemas: new Map<string, Grant[]>(),
  ...NO_OBJECTS,
  future: [],
};

const roleIn = async (looks: Looks, { readRole, tag }: Component) => {
  const role = await looks.role(readRole);
  return { role, toRole: role?.comment === tag ? await looks.grantsTo(readRole) : [] };
};

const lookOnce = async (looks: Looks, component: Component): Promise<State> => {
  const [database, ofRole] = await Promise.all([
    looks.database(component.place.database),
    roleIn(looks, component),
  ]);
  const inside = database ? await inDatabase(looks, component) : NO_DATABASE;
  const selected = ofRole.toRole
    .filter(({ privilege }) => privilege === 'SELECT')
    .flatMap(({ name }) => [name, canonical(partsOf(name))]);
  return { database, ...inside, ...ofRole, selected: new Set(selected) };
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
