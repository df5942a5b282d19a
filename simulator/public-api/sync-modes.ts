import type { Stream } from '../connectors/catalog';

interface Chosen {
  cursorField?: string[] | null | undefined;
  primaryKey?: string[][] | null | undefined;
}

/** What the source and Snowflake can do together: it overwrites, appends and appends deduplicated. */
export const validSyncModes = ({ incremental }: Stream) => [
  'full_refresh_overwrite',
  'full_refresh_append',
  ...(incremental ? ['incremental_append', 'incremental_deduped_history'] : []),
];

export const cursorOf = (stream: Stream, { cursorField }: Chosen): string[] => {
  if (stream.sourceDefinedCursor || !cursorField?.length) return stream.defaultCursor;
  return cursorField;
};

export const primaryKeyOf = (stream: Stream, { primaryKey }: Chosen): string[][] =>
  stream.sourceDefinedPrimaryKey.length > 0 ? stream.sourceDefinedPrimaryKey : (primaryKey ?? []);
