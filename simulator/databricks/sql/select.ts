import { fold, type Row } from '../store';
import { demand, demandUse, ofTable } from '../unity/privileges';
import { sqlError } from './errors';
import type { Expression, Statement } from './statement';
import { type Run, type Session, tableOf } from './session';

/** What `range` may make, for the memory of it. */
const RANGE_END = 1_000_000;

interface Relation {
  columns: { name: string; type: string }[];
  rows: Row[];
}

const ONE_ROW: Relation = { columns: [], rows: [[]] };

const rangeOf = (to: number): Relation => {
  if (to > RANGE_END)
    throw sqlError('SIMULATOR_LIMIT', '54000', `The range ends at ${String(RANGE_END)}.`);
  const rows = Array.from({ length: to }, (_each, index) => [String(index)]);
  return { columns: [{ name: 'id', type: 'BIGINT' }], rows };
};

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

export const select: Run<'select'> = (session, statement) => {
  const relation = relationOf(session, statement);
  const outputs = statement.expressions.flatMap((each) => outputsOf(session, relation, each));
  const isCount = statement.expressions.some(({ kind }) => kind === 'count');
  const rows = isCount ? [[]] : relation.rows.slice(0, statement.limit);
  return {
    columns: outputs.map(({ name, type }) => ({ name, type })),
    rows: rows.map((row) => outputs.map(({ cell }) => cell(row))),
  };
};
