import type { Reader } from './reader';
import { FUNCTIONS, type Selected, type Statement, type Value } from './statement';

const TYPES = [
  'BOOLEAN',
  'DATE',
  'FLOAT',
  'INTEGER',
  'NUMBER',
  'TEXT',
  'TIMESTAMP_LTZ',
  'TIMESTAMP_NTZ',
  'TIMESTAMP_TZ',
  'VARCHAR',
  'VARIANT',
] as const;

const readType = (reader: Reader) => {
  const type = reader.oneOf(TYPES);
  if (reader.took('(')) {
    reader.list(() => reader.number());
    reader.expect(')');
  }
  reader.took('NOT', 'NULL');
  return type;
};

const createTable = (reader: Reader): Statement => {
  const isLenient = reader.took('IF', 'NOT', 'EXISTS');
  const table = reader.path(3);
  reader.expect('(');
  const columns = reader.list((): [string, string] => [reader.name(), readType(reader)]);
  reader.expect(')');
  return { kind: 'createTable', table, isLenient, columns };
};

const readValue = (reader: Reader): Value => {
  if (reader.isNext('?')) return { bind: reader.bind() };
  if (reader.took('NULL')) return { constant: null, type: 'text' };
  const bool = (['TRUE', 'FALSE'] as const).find((word) => reader.took(word));
  if (bool !== undefined) return { constant: bool.toLowerCase(), type: 'text' };
  if (reader.kindNext() === 'text') return { constant: reader.text(), type: 'text' };
  const sign = reader.took('-') ? '-' : '';
  return { constant: sign + reader.number(), type: 'fixed' };
};

const insert = (reader: Reader): Statement => {
  reader.expect('INTO');
  const table = reader.path(3);
  reader.expect('VALUES');
  const rows = reader.list(() => {
    reader.expect('(');
    const values = reader.list(() => readValue(reader));
    reader.expect(')');
    return values;
  });
  return { kind: 'insert', table, rows };
};

const readSelected = (reader: Reader): Selected => {
  const call = FUNCTIONS.find((name) => reader.took(name, '(', ')'));
  return call === undefined ? readValue(reader) : { call };
};

const select = (reader: Reader): Statement => {
  const isCount = reader.took('COUNT', '(', '*', ')');
  if (!isCount && !reader.took('*'))
    return { kind: 'selectValues', values: reader.list(() => readSelected(reader)) };
  reader.expect('FROM');
  const table = reader.path(3);
  if (isCount || !reader.took('LIMIT')) return { kind: 'selectTable', table, isCount };
  return { kind: 'selectTable', table, isCount, limit: Number(reader.number()) };
};

/** Tables and what is in them, and values without a table. */
export const readData = { createTable, insert, select };
