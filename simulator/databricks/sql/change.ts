import { randomUUID } from 'node:crypto';
import {
  fold,
  fullNameOf,
  type Schema,
  schemaNamed,
  type Store,
  type Table,
  tablesIn,
} from '../store';
import {
  catalogNamed,
  changeGrants,
  demand,
  demandManagement,
  demandUse,
  grantee,
  ofSchema,
  ofTable,
} from '../unity/privileges';
import { createSchema, demandCreation, dropSchema, readName } from '../unity/schema-changes';
import { sqlError, tableNotFound } from './errors';
import {
  nothing,
  type Run,
  schemaOf,
  schemaParts,
  securableOf,
  tableOf,
  tableParts,
} from './session';

export const runCreateSchema: Run<'createSchema'> = (session, statement) => {
  const { store, caller } = session;
  const [catalog, name] = schemaParts(session, statement.name);
  const isThere = schemaNamed(store, catalog, name) !== undefined;
  if (isThere && statement.ifNotExists) demandCreation(store, caller, catalog);
  else createSchema(store, caller, { ...statement, catalog, name });
  return nothing;
};

export const runDropSchema: Run<'dropSchema'> = (session, { name, ifExists, cascade }) => {
  const [catalog, schemaName] = schemaParts(session, name);
  const { name: within } = catalogNamed(session.store, catalog);
  if (!schemaNamed(session.store, within, schemaName) && ifExists) return nothing;
  dropSchema(session.store, session.caller, schemaOf(session, name), cascade);
  return nothing;
};

export const commentOn: Run<'commentOn'> = (session, { name, comment }) => {
  const schema = schemaOf(session, name);
  demandManagement(session.store, session.caller, ofSchema(session.store, schema));
  Object.assign(schema, { comment: comment === '' ? undefined : comment, updatedAt: Date.now() });
  return nothing;
};

export const alterOwner: Run<'alterOwner'> = (session, { name, owner }) => {
  const schema = schemaOf(session, name);
  demandManagement(session.store, session.caller, ofSchema(session.store, schema));
  Object.assign(schema, { owner: grantee(session.store, owner), updatedAt: Date.now() });
  return nothing;
};

export const changePrivileges: Run<'grant' | 'revoke'> = (session, statement) => {
  const { kind, privileges, principal, on, name } = statement;
  const securable = securableOf(session, on, name);
  demandManagement(session.store, session.caller, securable);
  const [add, remove] = kind === 'grant' ? [privileges, []] : [[], privileges];
  changeGrants(session.store, securable, [{ principal, add, remove }]);
  return nothing;
};

/** Whoever asks: the statement, or a test that wants one to be there. */
export const addTable = (
  store: Store,
  schema: Schema,
  fields: Pick<Table, 'name' | 'owner' | 'columns' | 'comment' | 'rows'>,
): Table => {
  const common = { id: randomUUID(), schemaId: schema.id, createdAt: Date.now() };
  const table: Table = { ...common, ...fields, grants: new Map(), deletedAt: undefined };
  store.tables.set(table.id, table);
  return table;
};

export const createTable: Run<'createTable'> = (session, { name: parts, ...statement }) => {
  const { store, caller } = session;
  const { schema: inside, name } = tableParts(session, parts);
  const schema = schemaOf(session, inside);
  const on = ofSchema(store, schema);
  demandUse(store, caller, on);
  demand(store, caller, 'CREATE_TABLE', on);
  const read = readName(name);
  if (tablesIn(store, schema).some((each) => each.name === read)) {
    if (statement.ifNotExists) return nothing;
    throw sqlError(
      'TABLE_OR_VIEW_ALREADY_EXISTS',
      '42P07',
      `Cannot create table or view \`${schema.name}\`.\`${read}\` because it already exists.`,
    );
  }
  const { columns, comment } = statement;
  addTable(store, schema, { name: read, owner: caller.name, columns, comment, rows: [] });
  return nothing;
};

export const dropTable: Run<'dropTable'> = (session, { name, ifExists }) => {
  try {
    const { schema, table } = tableOf(session, name);
    demandManagement(session.store, session.caller, ofTable(session.store, schema, table));
    table.deletedAt = Date.now();
  } catch (err) {
    if (!ifExists || !(err instanceof Error) || !err.message.includes('_NOT_FOUND')) throw err;
  }
  return nothing;
};

/** The one of the name that was dropped last; its schema must be there. */
export const undropTable: Run<'undropTable'> = (session, { name: parts }) => {
  const { store, caller } = session;
  const { schema: inside, name } = tableParts(session, parts);
  const schema = schemaOf(session, inside);
  demandUse(store, caller, ofSchema(store, schema));
  const [dropped] = [...store.tables.values()]
    .filter((each) => each.schemaId === schema.id && each.name === fold(name) && each.deletedAt)
    .sort((a, b) => (b.deletedAt ?? 0) - (a.deletedAt ?? 0));
  if (!dropped) throw tableNotFound([fullNameOf(schema), name]);
  demandManagement(store, caller, ofTable(store, schema, dropped));
  dropped.deletedAt = undefined;
  return nothing;
};

export const insert: Run<'insert'> = (session, { name, rows }) => {
  const { store, caller } = session;
  const { schema, table } = tableOf(session, name);
  const on = ofTable(store, schema, table);
  demandUse(store, caller, on);
  demand(store, caller, 'MODIFY', on);
  if (rows.some((row) => row.length !== table.columns.length))
    throw sqlError(
      'INSERT_COLUMN_ARITY_MISMATCH',
      '21S01',
      `Cannot write to \`${table.name}\`, the data has another number of columns.`,
    );
  table.rows.push(...rows);
  const affected = String(rows.length);
  return {
    columns: ['num_affected_rows', 'num_inserted_rows'].map((column) => ({
      name: column,
      type: 'BIGINT',
    })),
    rows: [[affected, affected]],
  };
};
