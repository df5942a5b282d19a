import { isDeepStrictEqual } from 'node:util';
import type { Stream } from '../connectors/catalog';
import { badRequest } from '../problems';
import { cursorOf, primaryKeyOf } from './sync-modes';

interface Given {
  syncMode?: string | null | undefined;
  cursorField?: string[] | null | undefined;
  primaryKey?: string[][] | null | undefined;
  selectedFields?: { fieldPath: string[] }[] | null | undefined;
}

const list = (values: string[]) => `[${values.join(', ')}]`;

const knows = ({ columns }: Stream, [column, nested]: string[]) =>
  column !== undefined && nested === undefined && columns.includes(column);

const selectedNames = ({ name, columns }: Stream, fields: { fieldPath: string[] }[]) =>
  fields.map(({ fieldPath: [column, nested] }) => {
    if (!column) throw badRequest(`Selected field path cannot be empty for stream:  ${name}.`);
    if (nested !== undefined)
      throw badRequest(`Nested field selection not supported for stream ${name}.`);
    if (!columns.includes(column))
      throw badRequest(
        `Invalid fields selected for stream ${name}. The list of valid field names includes: ${list(columns)}.`,
      );
    return column;
  });

/** A selection is of top-level columns, and keeps the key and the cursor its mode works with. */
export const checkSelectedFields = (stream: Stream, given: Given) => {
  if (!given.selectedFields) return;
  const { name, columns } = stream;
  const names = selectedNames(stream, given.selectedFields);
  if (names.length === 0)
    throw badRequest(
      `No fields selected for stream ${name}. The list of valid field names includes: ${list(columns)}.`,
    );
  if (new Set(names).size < names.length)
    throw badRequest(`Duplicate fields selected in configuration for stream: ${name}.`);
  const missing = (column: string | undefined) => column !== undefined && !names.includes(column);
  const deduplicates = given.syncMode === 'incremental_deduped_history';
  if (deduplicates && primaryKeyOf(stream, given).some(([column]) => missing(column)))
    throw badRequest(
      `Primary key fields are not selected properly for stream: ${name}. Please include primary key(s) in the configuration for this stream.`,
    );
  if (given.syncMode?.startsWith('incremental') && missing(cursorOf(stream, given)[0]))
    throw badRequest(
      `Cursor field is not selected properly for stream: ${name}. Please include the cursor field in selected fields for this stream.`,
    );
};

/** An incremental mode needs a cursor: the source's own, or a column of the client's choice. */
export const checkCursor = (stream: Stream, { cursorField }: Given) => {
  const { name, columns, defaultCursor } = stream;
  const given = cursorField?.length ? cursorField : undefined;
  if (stream.sourceDefinedCursor && given && !isDeepStrictEqual(given, defaultCursor))
    throw badRequest(
      `Cursor Field ${list(given)} is already defined by source for stream: ${name}. Do not include a cursor field configuration for this stream.`,
    );
  if (stream.sourceDefinedCursor) return;
  if (given && !knows(stream, given))
    throw badRequest(
      `Invalid cursor field for stream: ${name}. The list of valid cursor fields include: ${list(columns)}.`,
    );
  if (!given && defaultCursor.length === 0)
    throw badRequest(
      `No default cursor field for stream: ${name}. Please include a cursor field configuration for this stream.`,
    );
};

/** Deduplication needs a key: the source's own and no other, or columns of the client's choice. */
export const checkPrimaryKey = (stream: Stream, { primaryKey }: Given) => {
  const { name, columns, sourceDefinedPrimaryKey: defined } = stream;
  const given = primaryKey ?? [];
  if (defined.length > 0 && given.length > 0 && !isDeepStrictEqual(given, defined))
    throw badRequest(
      `Primary key for stream: ${name} is already pre-defined. Please remove the primaryKey or provide the value as ${list(defined.map(list))}.`,
    );
  if (defined.length === 0 && given.length === 0)
    throw badRequest(
      `No default primary key for stream: ${name}. Please include a primary key configuration for this stream.`,
    );
  if (!given.every((key) => knows(stream, key)))
    throw badRequest(
      `Invalid primary key for stream: ${name}. The list of valid primary keys fields: ${list(columns)}.`,
    );
};
