import type { Place } from '../../../connectors/snowflake-place';
import type { Bearers, Tagged } from '../../fabric';
import { domainIn, domainOf, keyIn } from '../../tags';
import type { Looks, Named } from './looks';
import { shownAs } from '../sql/names';
import { asThing, databaseOf } from './things';
import type { Spec } from './things';

/* What bears the tag of a component, whichever that is. */

const asTagged =
  (specOf: (name: string) => Spec) =>
  ({ name, comment, madeAt }: Named): Tagged[] => {
    const key = keyIn(comment);
    if (key === undefined) return [];
    return [{ key, thing: asThing(specOf(name)), ...(madeAt !== undefined && { madeAt }) }];
  };

/** A database that was made here and is used by nobody of its domain. */
const unused = ({ name, comment, madeAt }: Named, schemas: readonly Tagged[]): Tagged[] => {
  const key = domainIn(comment);
  if (key === undefined || schemas.some((each) => domainOf(each.key) === key)) return [];
  const thing = asThing(databaseOf(name));
  return [{ key, thing, isShared: true, ...(madeAt !== undefined && { madeAt }) }];
};

/** The schemas of a database, or itself where nobody uses it; none where it is not there. */
const inDatabase = async (
  looks: Looks,
  { database, isWanted }: { database: string; isWanted: boolean },
): Promise<Bearers> => {
  const there = await looks.database(database);
  if (!there) return { tagged: [] };
  const { schemas, areSchemasCut } = await looks.schemas(database);
  const tagged = schemas.flatMap(asTagged((name) => ({ is: 'schema', parts: [database, name] })));
  return {
    tagged: isWanted || areSchemasCut ? tagged : [...tagged, ...unused(there, tagged)],
    ...(areSchemasCut && {
      untold: `the database ${shownAs(database)} has more schemas than are listed`,
    }),
  };
};

const roles = async (looks: Looks): Promise<Bearers> => {
  const { roles: all, areRolesCut } = await looks.readRoles();
  return {
    tagged: all.flatMap(asTagged((name) => ({ is: 'role', parts: [name] }))),
    ...(areRolesCut && { untold: 'the account has more roles that read than are listed' }),
  };
};

/** Of the databases of these places the schemas, or what nobody uses, and of the account the roles that read. */
export const taggedIn = async (
  looks: Looks,
  places: readonly (Place & { isWanted: boolean })[],
): Promise<Bearers> => {
  const databases = new Map<string, boolean>();
  for (const { database, isWanted } of places)
    databases.set(database, isWanted || databases.get(database) === true);
  const all = await Promise.all([
    ...[...databases].map(([database, isWanted]) => inDatabase(looks, { database, isWanted })),
    roles(looks),
  ]);
  const untold = all.flatMap((each) => each.untold ?? []);
  return {
    tagged: all.flatMap(({ tagged }) => tagged),
    ...(untold.length > 0 && { untold: untold.join(', and ') }),
  };
};
