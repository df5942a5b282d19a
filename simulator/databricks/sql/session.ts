import {
  fold,
  type Principal,
  type Row,
  type Schema,
  schemaNamed,
  type Store,
  type Table,
  tablesIn,
} from '../store';
import {
  catalogNamed,
  existingSchema,
  type SecurableKind,
  securableNamed,
} from '../unity/privileges';
import type { Parameters } from './cursor';
import { sqlError, tableNotFound } from './errors';
import type { SecurableWord, Statement } from './statement';

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

export const nothing: Result = { columns: [], rows: [] };
export const texts = (names: string[], rows: Row[]): Result => ({
  columns: names.map((name) => ({ name, type: 'STRING' })),
  rows,
});

export const schemaParts = ({ catalog }: Session, parts: string[]): [string, string] => {
  const [name = '', ...before] = parts.toReversed();
  if (before.length > 1)
    throw sqlError(
      'REQUIRES_SINGLE_PART_NAMESPACE',
      '42K05',
      `A schema has a catalog and a name, but got ${parts.join('.')}.`,
    );
  return [before[0] ?? catalog, name];
};

export const schemaOf = (session: Session, parts: string[]): Schema =>
  existingSchema(session.store, ...schemaParts(session, parts));

export const tableParts = (
  session: Session,
  parts: string[],
): { schema: string[]; name: string } => ({
  schema: parts.length > 1 ? parts.slice(0, -1) : [session.schema],
  name: parts.at(-1) ?? '',
});

export const tableOf = (session: Session, parts: string[]): { schema: Schema; table: Table } => {
  const { schema: inside, name } = tableParts(session, parts);
  const [catalog, schemaName] = schemaParts(session, inside);
  catalogNamed(session.store, catalog);
  const schema = schemaNamed(session.store, catalog, schemaName);
  const table = schema && tablesIn(session.store, schema).find((each) => each.name === fold(name));
  if (!schema || !table) throw tableNotFound(parts);
  return { schema, table };
};

const KINDS: Record<SecurableWord, SecurableKind> = {
  CATALOG: 'catalog',
  SCHEMA: 'schema',
  TABLE: 'table',
};

export const securableOf = (session: Session, on: SecurableWord, parts: string[]) => {
  if (on === 'CATALOG') return securableNamed(session.store, 'catalog', parts);
  if (on === 'SCHEMA') return securableNamed(session.store, 'schema', schemaParts(session, parts));
  const { schema, table } = tableOf(session, parts);
  return securableNamed(session.store, KINDS[on], [schema.catalog, schema.name, table.name]);
};

export type Run<Kind extends Statement['kind']> = (
  session: Session,
  statement: Extract<Statement, { kind: Kind }>,
) => Result;
