import type { Row } from '../store';
import type { Result } from './session';

export const STATEMENTS = '/api/2.0/sql/statements';

interface Limits {
  row_limit?: number | undefined;
  byte_limit?: number | undefined;
}

/** The rows that are asked for; those that are too large together are none. */
export const limited = (result: Result, { row_limit: most, byte_limit: bytes }: Limits) => {
  const rows = most === undefined ? result.rows : result.rows.slice(0, most);
  const isTooLarge = bytes !== undefined && Buffer.byteLength(JSON.stringify(rows)) > bytes;
  const kept = isTooLarge ? [] : rows;
  return { result: { ...result, rows: kept }, truncated: kept.length < result.rows.length };
};

/** The names of types where the API has others than SQL. */
const TYPE_NAMES: Record<string, string> = { BIGINT: 'LONG', VOID: 'NULL' };

export const manifestOf = ({ columns, rows }: Result, truncated: boolean, chunkRows: number) => {
  const starts = rows.flatMap((_row, at) => (at % chunkRows === 0 ? [at] : []));
  const chunks = starts.map((at, index) => ({
    chunk_index: index,
    row_offset: at,
    row_count: Math.min(chunkRows, rows.length - at),
  }));
  return {
    format: 'JSON_ARRAY',
    schema: {
      column_count: columns.length,
      ...(columns.length > 0 && {
        columns: columns.map(({ name, type }, position) => ({
          name,
          type_text: type,
          type_name: TYPE_NAMES[type] ?? type,
          position,
        })),
      }),
    },
    total_chunk_count: chunks.length,
    ...(chunks.length > 0 && { chunks }),
    total_row_count: rows.length,
    truncated,
  };
};

interface Chunked {
  /** Of the statement. */
  id: string;
  rows: Row[];
  chunkRows: number;
}

interface Chunk {
  chunk_index: number;
  row_offset: number;
  row_count: number;
  next_chunk_index?: number;
  next_chunk_internal_link?: string;
  data_array: Row[];
}

/** One that a result has; the next is named in it. */
export const chunkOf = ({ id, rows, chunkRows }: Chunked, index: number): Chunk | undefined => {
  const offset = index * chunkRows;
  const shown = rows.slice(offset, offset + chunkRows);
  if (shown.length === 0) return undefined;
  const next = offset + chunkRows < rows.length;
  return {
    chunk_index: index,
    row_offset: offset,
    row_count: shown.length,
    ...(next && {
      next_chunk_index: index + 1,
      next_chunk_internal_link: `${STATEMENTS}/${id}/result/chunks/${String(index + 1)}`,
    }),
    data_array: shown,
  };
};
