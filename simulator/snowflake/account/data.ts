import type { Access, Session } from './access';
import { type Account, addObject, type Row } from './account';
import { alreadyExists, denied, noWarehouse, shownName, unset, wrongValues } from '../sql/problems';
import { type Column, type Result, said } from './result';
import type { Selected, StatementOf, Value } from '../sql/statement';

export type Bindings = Record<string, { type: string; value: string | null }>;

interface World {
  account: Account;
  access: Access;
  session: Session;
  bindings: Bindings;
}

/** Of a statement that computes: a warehouse that is suspended starts if it may by itself. */
const useWarehouse = ({ account, access, session }: World) => {
  const warehouse = account.warehouses.get(session.warehouse ?? '');
  if (!warehouse || !access.has(warehouse, 'USAGE')) throw noWarehouse();
  if (warehouse.state === 'SUSPENDED' && !warehouse.autoResume) throw noWarehouse();
  warehouse.state = 'STARTED';
};

const bound = (bindings: Bindings, position: number) => {
  const given = bindings[String(position)];
  if (!given) throw unset(position);
  return given;
};

const valueOf = (value: Value, bindings: Bindings): string | null =>
  'bind' in value ? bound(bindings, value.bind).value : value.constant;

const typeOf = (type: string): Column['type'] =>
  ['FIXED', 'NUMBER', 'INTEGER'].includes(type.toUpperCase()) ? 'fixed' : 'text';

export const selectValues = (
  { account, session, bindings }: World,
  { values }: StatementOf<'selectValues'>,
): Result => {
  const calls = {
    CURRENT_ACCOUNT: account.name,
    CURRENT_DATABASE: session.database ?? null,
    CURRENT_ROLE: session.role,
    CURRENT_SCHEMA: session.schema ?? null,
    CURRENT_USER: session.user,
    CURRENT_WAREHOUSE: session.warehouse ?? null,
  };
  const column = (value: Selected): Column => {
    if ('call' in value) return { name: `${value.call}()`, type: 'text' };
    if ('bind' in value) return { name: '?', type: typeOf(bound(bindings, value.bind).type) };
    const { constant, type } = value;
    const shown = constant ?? 'NULL';
    return { name: type === 'text' && constant !== null ? `'${shown}'` : shown, type };
  };
  return {
    columns: values.map(column),
    rows: [values.map((value) => ('call' in value ? calls[value.call] : valueOf(value, bindings)))],
  };
};

export const selectTable = (
  world: World,
  { table, isCount, limit }: StatementOf<'selectTable'>,
): Result => {
  const { columns, rows } = world.access.data(table, 'SELECT');
  useWarehouse(world);
  if (isCount)
    return { columns: [{ name: 'COUNT(*)', type: 'fixed' }], rows: [[String(rows.length)]] };
  return {
    columns: columns.map(([name, type]) => ({ name, type: typeOf(type) })),
    rows: rows.slice(0, limit),
  };
};

export const createTable = (
  { access }: World,
  { table: path, isLenient, columns }: StatementOf<'createTable'>,
): Result => {
  const [database = '', schemaName = '', name = ''] = access.full(path, 3);
  const schema = access.schema([database, schemaName]);
  if (!access.has(schema, 'CREATE TABLE')) throw denied('SCHEMA', schemaName);
  if (schema.objects.has(name)) {
    if (isLenient) return said(`${shownName(name)} already exists, statement succeeded.`);
    throw alreadyExists(name);
  }
  addObject(schema, { name, owner: access.role, kind: 'TABLE', columns, rows: [] });
  return said(`Table ${shownName(name)} successfully created.`);
};

export const insert = (world: World, { table, rows }: StatementOf<'insert'>): Result => {
  const { access, bindings } = world;
  const object = access.data(table, 'INSERT');
  if (rows.some((row) => row.length !== object.columns.length))
    throw wrongValues('Insert value list does not match column list.');
  const values = rows.map((row): Row => row.map((value) => valueOf(value, bindings)));
  useWarehouse(world);
  object.rows.push(...values);
  return {
    columns: [{ name: 'number of rows inserted', type: 'fixed' }],
    rows: [[String(rows.length)]],
    inserted: rows.length,
  };
};
