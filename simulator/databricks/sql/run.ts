import { randomUUID } from 'node:crypto';
import { permissionDenied } from '../problems';
import {
  fold,
  fullNameOf,
  type Principal,
  type Row,
  type Schema,
  schemaNamed,
  type Store,
  type Table,
  tablesIn,
} from '../store';
import {
  canSee,
  catalogNamed,
  changeGrants,
  demand,
  demandManagement,
  demandUse,
  existingSchema,
  grantee,
  has,
  manages,
  ofCatalog,
  ofSchema,
  ofTable,
  type SecurableKind,
  securableNamed,
} from '../unity/privileges';
import { createSchema, demandCreation, dropSchema, readName } from '../unity/schemas';
import type { Parameters } from './cursor';
import { inSql, sqlError, tableNotFound } from './errors';
import { type Expression, parseStatement, type SecurableWord, type Statement } from './parser';

export interface Result {
  columns: { name: string; type: string }[];
  rows: Row[];
}

export interface Session {
  store: Store;
  caller: Principal;
  /** Of names that are not qualified. */
  catalog: string;
  schema: string;
  parameters: Parameters;
}

const MOST_ROWS = 1_000_000;

const nothing: Result = { columns: [], rows: [] };
const texts = (names: string[], rows: Row[]): Result => ({
  columns: names.map((name) => ({ name, type: 'STRING' })),
  rows,
});

const schemaParts = ({ catalog }: Session, parts: string[]): [string, string] => {
  const [name = '', ...before] = parts.toReversed();
  if (before.length > 1)
    throw sqlError(
      'REQUIRES_SINGLE_PART_NAMESPACE',
      '42K05',
      `A schema has a catalog and a name, but got ${parts.join('.')}.`,
    );
  return [before[0] ?? catalog, name];
};

const schemaOf = (session: Session, parts: string[]): Schema =>
  existingSchema(session.store, ...schemaParts(session, parts));

const tableParts = (session: Session, parts: string[]): { schema: string[]; name: string } => ({
  schema: parts.length > 1 ? parts.slice(0, -1) : [session.schema],
  name: parts.at(-1) ?? '',
});

const tableOf = (session: Session, parts: string[]): { schema: Schema; table: Table } => {
  const { schema: inside, name } = tableParts(session, parts);
  const [catalog, schemaName] = schemaParts(session, inside);
  catalogNamed(session.store, catalog);
  const schema = schemaNamed(session.store, catalog, schemaName);
  const table = schema && tablesIn(session.store, schema).find((each) => each.name === fold(name));
  if (!schema || !table) throw tableNotFound(parts);
  return { schema, table };
};

type Run<Kind extends Statement['kind']> = (
  session: Session,
  statement: Extract<Statement, { kind: Kind }>,
) => Result;

interface Relation {
  columns: { name: string; type: string }[];
  rows: Row[];
}

const ONE_ROW: Relation = { columns: [], rows: [[]] };

const rangeOf = (to: number): Relation => ({
  columns: [{ name: 'id', type: 'BIGINT' }],
  rows: Array.from({ length: Math.min(to, MOST_ROWS) }, (_each, index) => [String(index)]),
});

const relationOf = (
  session: Session,
  { from }: Extract<Statement, { kind: 'select' }>,
): Relation => {
  if (!from) return ONE_ROW;
  if (from.kind === 'range') return rangeOf(from.to);
  const { schema, table } = tableOf(session, from.name);
  const on = ofTable(session.store, schema, table);
  demandUse(session.store, session.caller, on);
  demand(session.store, session.caller, 'SELECT', on);
  return table;
};

interface Output {
  name: string;
  type: string;
  cell: (row: Row) => string | null;
}

const outputsOf = (session: Session, relation: Relation, shown: Expression): Output[] => {
  const fixed = (name: string, type: string, value: string | null): Output[] => [
    { name, type, cell: () => value },
  ];
  switch (shown.kind) {
    case 'all':
      return relation.columns.map(({ name, type }, at) => ({
        name,
        type,
        cell: (row) => row[at] ?? null,
      }));
    case 'value':
      return fixed(shown.label, shown.value.type, shown.value.value);
    case 'sum':
      return fixed(
        shown.label,
        'INT',
        String(shown.terms.reduce((sum, term) => sum + BigInt(term), 0n)),
      );
    case 'count':
      return fixed(shown.label, 'BIGINT', String(relation.rows.length));
    case 'call': {
      const { caller, catalog, schema } = session;
      const values = {
        current_user: caller.name,
        current_catalog: catalog,
        current_schema: schema,
      };
      return fixed(shown.label, 'STRING', values[shown.call]);
    }
    case 'column': {
      const at = relation.columns.findIndex(({ name }) => fold(name) === fold(shown.column));
      const column = relation.columns[at];
      if (column) return [{ name: shown.label, type: column.type, cell: (row) => row[at] ?? null }];
      throw sqlError(
        'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION',
        '42703',
        `A column, variable, or function parameter with name \`${shown.column}\` cannot be resolved.`,
      );
    }
  }
};

const select: Run<'select'> = (session, statement) => {
  const relation = relationOf(session, statement);
  const outputs = statement.expressions.flatMap((each) => outputsOf(session, relation, each));
  const isCount = statement.expressions.some(({ kind }) => kind === 'count');
  const rows = isCount ? [[]] : relation.rows.slice(0, statement.limit);
  return {
    columns: outputs.map(({ name, type }) => ({ name, type })),
    rows: rows.map((row) => outputs.map(({ cell }) => cell(row))),
  };
};

const LIKE_SIGNS: Record<string, string> = { '*': '.*', '|': '|' };

/** As SHOW has it: `*` is anything, `|` between two patterns. */
const isLike = (name: string, pattern: string | undefined) =>
  pattern === undefined ||
  new RegExp(
    `^(?:${pattern.replace(/[\\^$.*+?()[\]{}|]/g, (sign) => LIKE_SIGNS[sign] ?? `\\${sign}`)})$`,
    'i',
  ).test(name);

const showCatalogs: Run<'showCatalogs'> = ({ store, caller }) =>
  texts(
    ['catalog'],
    [...store.catalogs.values()]
      .filter((each) => has(store, caller, 'USE_CATALOG', ofCatalog(each)))
      .map(({ name }) => [name]),
  );

const showSchemas: Run<'showSchemas'> = (session, { catalog = session.catalog, like }) => {
  const { store, caller } = session;
  const { name: within, ...rest } = catalogNamed(store, catalog);
  demand(store, caller, 'USE_CATALOG', ofCatalog({ name: within, ...rest }));
  const names = [...store.schemas.values()]
    .filter((each) => !each.deleted && each.catalog === within && isLike(each.name, like))
    .filter((each) => canSee(store, caller, ofSchema(store, each)))
    .map(({ name }) => name);
  return texts(
    ['databaseName'],
    names.sort().map((name) => [name]),
  );
};

const showTables: Run<'showTables'> = (session, { schema: parts, like }) => {
  const schema = schemaOf(session, parts ?? [session.schema]);
  demandUse(session.store, session.caller, ofSchema(session.store, schema));
  return {
    columns: [
      { name: 'database', type: 'STRING' },
      { name: 'tableName', type: 'STRING' },
      { name: 'isTemporary', type: 'BOOLEAN' },
    ],
    rows: tablesIn(session.store, schema)
      .filter(({ name }) => isLike(name, like))
      .map(({ name }) => [schema.name, name, 'false']),
  };
};

const KINDS: Record<SecurableWord, SecurableKind> = {
  CATALOG: 'catalog',
  SCHEMA: 'schema',
  TABLE: 'table',
};

const securableOf = (session: Session, on: SecurableWord, parts: string[]) => {
  if (on === 'CATALOG') return securableNamed(session.store, 'catalog', parts);
  if (on === 'SCHEMA') return securableNamed(session.store, 'schema', schemaParts(session, parts));
  const { schema, table } = tableOf(session, parts);
  return securableNamed(session.store, KINDS[on], [schema.catalog, schema.name, table.name]);
};

const showGrants: Run<'showGrants'> = (session, { principal, on, name }) => {
  const { store, caller } = session;
  const securable = securableOf(session, on, name);
  const managing = manages(store, caller, securable);
  if (!managing && !canSee(store, caller, securable))
    throw permissionDenied(`User does not have USE on ${securable.fullName}.`);
  const rows: Row[] = [];
  for (let from: typeof securable | undefined = securable; from; from = from.parent)
    for (const [who, privileges] of from.grants)
      for (const privilege of [...privileges].sort())
        rows.push([who, privilege.replaceAll('_', ' '), from.kind.toUpperCase(), from.fullName]);
  const shown = rows.filter(
    ([who]) => (managing || who === caller.name) && (!principal || who === principal),
  );
  return texts(['Principal', 'ActionType', 'ObjectType', 'ObjectKey'], shown);
};

const describeSchema: Run<'describeSchema'> = (session, { name }) => {
  const { store, caller } = session;
  const schema = schemaOf(session, name);
  const on = ofSchema(store, schema);
  if (!canSee(store, caller, on)) demandUse(store, caller, on);
  return texts(
    ['database_description_item', 'database_description_value'],
    [
      ['Catalog Name', schema.catalog],
      ['Namespace Name', schema.name],
      ['Comment', schema.comment ?? ''],
      ['Location', ''],
      ['Owner', schema.owner],
    ],
  );
};

const runCreateSchema: Run<'createSchema'> = (session, statement) => {
  const { store, caller } = session;
  const [catalog, name] = schemaParts(session, statement.name);
  const isThere = schemaNamed(store, catalog, name) !== undefined;
  if (isThere && statement.ifNotExists) demandCreation(store, caller, catalog);
  else createSchema(store, caller, { ...statement, catalog, name });
  return nothing;
};

const runDropSchema: Run<'dropSchema'> = (session, { name, ifExists, cascade }) => {
  const [catalog, schemaName] = schemaParts(session, name);
  const { name: within } = catalogNamed(session.store, catalog);
  if (!schemaNamed(session.store, within, schemaName) && ifExists) return nothing;
  dropSchema(session.store, session.caller, schemaOf(session, name), cascade);
  return nothing;
};

const commentOn: Run<'commentOn'> = (session, { name, comment }) => {
  const schema = schemaOf(session, name);
  demandManagement(session.store, session.caller, ofSchema(session.store, schema));
  Object.assign(schema, { comment: comment === '' ? undefined : comment, updatedAt: Date.now() });
  return nothing;
};

const alterOwner: Run<'alterOwner'> = (session, { name, owner }) => {
  const schema = schemaOf(session, name);
  demandManagement(session.store, session.caller, ofSchema(session.store, schema));
  Object.assign(schema, { owner: grantee(session.store, owner), updatedAt: Date.now() });
  return nothing;
};

const changePrivileges: Run<'grant' | 'revoke'> = (session, statement) => {
  const { kind, privileges, principal, on, name } = statement;
  const securable = securableOf(session, on, name);
  demandManagement(session.store, session.caller, securable);
  const [add, remove] = kind === 'grant' ? [privileges, []] : [[], privileges];
  changeGrants(session.store, securable, [{ principal, add, remove }]);
  return nothing;
};

const createTable: Run<'createTable'> = (session, { name: parts, ...statement }) => {
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

const dropTable: Run<'dropTable'> = (session, { name, ifExists }) => {
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
const undropTable: Run<'undropTable'> = (session, { name: parts }) => {
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

const insert: Run<'insert'> = (session, { name, rows }) => {
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

const perform = (session: Session, statement: Statement): Result => {
  switch (statement.kind) {
    case 'select':
      return select(session, statement);
    case 'showCatalogs':
      return showCatalogs(session, statement);
    case 'showSchemas':
      return showSchemas(session, statement);
    case 'showTables':
      return showTables(session, statement);
    case 'showGrants':
      return showGrants(session, statement);
    case 'describeSchema':
      return describeSchema(session, statement);
    case 'createSchema':
      return runCreateSchema(session, statement);
    case 'dropSchema':
      return runDropSchema(session, statement);
    case 'commentOn':
      return commentOn(session, statement);
    case 'alterOwner':
      return alterOwner(session, statement);
    case 'grant':
    case 'revoke':
      return changePrivileges(session, statement);
    case 'createTable':
      return createTable(session, statement);
    case 'dropTable':
      return dropTable(session, statement);
    case 'undropTable':
      return undropTable(session, statement);
    case 'insert':
      return insert(session, statement);
  }
};

const nameOf = (statement: Statement): string[] => ('name' in statement ? statement.name : []);

/** What a statement answers, or the `SqlError` that makes it FAILED. */
export const runSql = (session: Session, sql: string): Result => {
  const statement = parseStatement(sql, session.parameters);
  try {
    return perform(session, statement);
  } catch (err) {
    throw inSql(err, { parts: nameOf(statement) });
  }
};
