import type { Place } from '../../connectors/snowflake-place';
import type { Tagged } from '../fabric';
import { keyIn } from '../tags';
import type { Looks, Named } from './looks';
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
const inDatabase = async (looks: Looks, database: string) => {
  if (!(await looks.database(database))) return [];
  const { schemas } = await looks.schemas(database);
  return schemas.flatMap(asTagged((name) => ({ is: 'schema', parts: [database, name] })));
};

/** Of the databases of these places the schemas, and of the account the roles, as far as the lists go. */
export const taggedIn = async (looks: Looks, places: readonly Place[]): Promise<Tagged[]> => {
  const databases = [...new Set(places.map(({ database }) => database))];
  const [schemas, roles] = await Promise.all([
    Promise.all(databases.map((database) => inDatabase(looks, database))),
    looks.roles(),
  ]);
  return [...schemas.flat(), ...roles.flatMap(asTagged((name) => ({ is: 'role', parts: [name] })))];
};
