import { catalogProblem, invalidValue } from '../problems';
import {
  fold,
  fullNameOf,
  type Item,
  itemsIn,
  newSchema,
  type Principal,
  type Schema,
  schemaNamed,
  type Store,
  tablesIn,
} from '../store';
import { catalogNamed, demand, demandManagement, grantee, ofCatalog, ofSchema } from './privileges';

const NAME = /^[^./\s\u0000-\u001f\u007f]{1,255}$/;

/** Of a schema or a table, as Unity Catalog keeps it. */
export const readName = (given: string) => {
  if (!NAME.test(given)) throw invalidValue(`"${given}" is not a valid name.`);
  return fold(given);
};

interface SchemaFields {
  catalog: string;
  name: string;
  comment?: string | undefined;
  properties?: Record<string, string> | undefined;
}

/** Demanded whether it is there already or not. */
export const demandCreation = (store: Store, caller: Principal, catalog: string) => {
  const on = ofCatalog(catalogNamed(store, catalog));
  demand(store, caller, 'USE_CATALOG', on);
  demand(store, caller, 'CREATE_SCHEMA', on);
};

export const createSchema = (store: Store, caller: Principal, fields: SchemaFields): Schema => {
  const { catalog, name, comment, properties = {} } = fields;
  const read = readName(name);
  demandCreation(store, caller, catalog);
  if (schemaNamed(store, catalog, read))
    throw catalogProblem(
      400,
      'SCHEMA_ALREADY_EXISTS',
      `Schema '${fold(catalog)}.${read}' already exists`,
    );
  const made = newSchema(catalog, read, caller.name);
  const schema = { ...made, comment: comment === '' ? undefined : comment, properties };
  store.schemas.set(schema.id, schema);
  return schema;
};

/** With `force` all that is in it, too; UNDROP brings back a table, never a schema. */
export const dropSchema = (store: Store, caller: Principal, schema: Schema, force: boolean) => {
  demandManagement(store, caller, ofSchema(store, schema));
  const tables = tablesIn(store, schema);
  const items = itemsIn(store, schema);
  const count = (kind: Item['kind']) => String(items.filter((each) => each.kind === kind).length);
  if (tables.length + items.length > 0 && !force)
    throw catalogProblem(
      400,
      'SCHEMA_NOT_EMPTY',
      `Schema '${fullNameOf(schema)}' is not empty. The schema has ${String(tables.length)} tables(s), ${count('function')} functions(s), ${count('volume')} volumes(s)`,
    );
  for (const item of items) item.deleted = true;
  for (const table of tables) table.deletedAt = Date.now();
  schema.deleted = true;
};

interface SchemaChange {
  new_name?: string | undefined;
  owner?: string | undefined;
  comment?: string | undefined;
  properties?: Record<string, string> | undefined;
}

/** Owner and name are looked at before anything is changed. */
export const changeSchema = (
  store: Store,
  schema: Schema,
  { new_name: newName, owner, comment, properties }: SchemaChange,
) => {
  const read = newName === undefined ? schema.name : readName(newName);
  if (read !== schema.name && schemaNamed(store, schema.catalog, read))
    throw catalogProblem(400, 'SCHEMA_ALREADY_EXISTS', `Schema '${read}' already exists`);
  const nextOwner = owner === undefined ? schema.owner : grantee(store, owner);
  Object.assign(schema, { name: read, owner: nextOwner, updatedAt: Date.now() });
  if (comment !== undefined) schema.comment = comment === '' ? undefined : comment;
  if (properties) schema.properties = properties;
};
