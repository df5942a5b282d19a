import type { Row } from './account';

export interface Column {
  name: string;
  type: 'text' | 'fixed' | 'boolean' | 'timestamp_ltz';
}

/** What a statement gives: values are texts, as the SQL API sends them. */
export interface Result {
  columns: Column[];
  rows: Row[];
  /** Of a statement that writes rows. */
  inserted?: number;
}

/** What a change says of itself. */
export const said = (status: string): Result => ({
  columns: [{ name: 'status', type: 'text' }],
  rows: [[status]],
});

/** Epoch seconds with nine places, as jsonv2 has times. */
export const shownTime = (milliseconds: number) => `${(milliseconds / 1000).toFixed(3)}000000`;

const typeOf = (name: string): Column['type'] =>
  name.endsWith('_on') || name.endsWith('_time') ? 'timestamp_ltz' : 'text';

/** Rows by the names of their columns; what a row has not is empty. */
export const table = (names: readonly string[], rows: Record<string, string | null>[]): Result => ({
  columns: names.map((name) => ({ name, type: typeOf(name) })),
  rows: rows.map((row) => names.map((name) => row[name] ?? (typeOf(name) === 'text' ? '' : null))),
});
