import type { Place } from '../../../connectors/snowflake-place';
import type { Bearers, Tagged } from '../../fabric';
import { keyIn } from '../../tags';
import type { Looks, Named } from './looks';
import { shownAs } from '../sql/names';
import { asThing } from './things';
import type { Spec } from './things';

/* What bears the tag of a component, whichever that is. */

const asTagged =
  (specOf: (name: string) => Spec) =>
  ({ name, comment, madeAt }: Named): Tagged[] => {
    const key = keyIn(comment);
    if (key === undefined) return [];
    return [{ key, thing: asThing(specOf(name)), ...(madeAt !== undefined && { madeAt }) }];
  };

/** The schemas of a database; none where it is not there. */
const inDatabase = async (looks: Looks, database: string): Promise<Bearers> => {
  if (!(await looks.database(database))) return { tagged: [] };
  const { schemas, areSchemasCut } = await looks.schemas(database);
  return {
    tagged: schemas.flatMap(asTagged((name) => ({ is: 'schema', parts: [database, name] }))),
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

/** Of the databases of these places the schemas, and of the account the roles that read. */
export const taggedIn = async (looks: Looks, places: readonly Place[]): Promise<Bearers> => {
  const databases = [...new Set(places.map(({ database }) => database))];
  const all = await Promise.all([
    ...databases.map((database) => inDatabase(looks, database)),
    roles(looks),
  ]);
  const untold = all.flatMap((each) => each.untold ?? []);
  return {
    tagged: all.flatMap(({ tagged }) => tagged),
    ...(untold.length > 0 && { untold: untold.join(', and ') }),
  };
};
