import type { Stream } from './catalog';

/** Config API, AirbyteStream. */
export interface AirbyteStream {
  name: string;
  namespace?: string | undefined;
  jsonSchema: Record<string, unknown>;
  supportedSyncModes: string[];
  sourceDefinedCursor: boolean;
  defaultCursorField: string[];
  sourceDefinedPrimaryKey: string[][];
  isResumable: boolean;
  isFileBased: boolean;
}

// A discovery of the simulator knows names only; every property of a real one is nullable too.
const schemaOf = (columns: string[]) => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: Object.fromEntries(columns.map((name) => [name, { type: ['null', 'string'] }])),
});

export const toAirbyteStream = (stream: Stream): AirbyteStream => ({
  name: stream.name,
  ...(stream.namespace !== undefined && { namespace: stream.namespace }),
  jsonSchema: schemaOf(stream.columns),
  supportedSyncModes: ['full_refresh', ...(stream.incremental ? ['incremental'] : [])],
  sourceDefinedCursor: stream.sourceDefinedCursor,
  defaultCursorField: stream.defaultCursor,
  sourceDefinedPrimaryKey: stream.sourceDefinedPrimaryKey,
  isResumable: stream.incremental,
  isFileBased: false,
});

/** The schema's properties; undefined when it has none. */
export const propertiesOf = ({ jsonSchema }: AirbyteStream) => {
  const { properties } = jsonSchema;
  if (typeof properties !== 'object' || properties === null) return undefined;
  return new Map<string, unknown>(Object.entries(properties));
};

/** A stored stream keeps only the selected properties in its schema; no selection keeps all. */
export const withFields = (
  stream: AirbyteStream,
  selected: { fieldPath: string[] }[],
): AirbyteStream => {
  const properties = propertiesOf(stream);
  if (selected.length === 0 || !properties) return stream;
  const names = new Set(selected.map(({ fieldPath: [name] }) => name));
  const kept = Object.fromEntries([...properties].filter(([name]) => names.has(name)));
  return { ...stream, jsonSchema: { ...stream.jsonSchema, properties: kept } };
};

/** The public API's one name for what the Config API says in two. */
const syncModes: [name: string, syncMode: string, destinationSyncMode: string][] = [
  ['full_refresh_overwrite', 'full_refresh', 'overwrite'],
  ['full_refresh_overwrite_deduped', 'full_refresh', 'overwrite_dedup'],
  ['full_refresh_append', 'full_refresh', 'append'],
  ['full_refresh_update', 'full_refresh', 'update'],
  ['full_refresh_soft_delete', 'full_refresh', 'soft_delete'],
  ['incremental_append', 'incremental', 'append'],
  ['incremental_deduped_history', 'incremental', 'append_dedup'],
  ['incremental_update', 'incremental', 'update'],
  ['incremental_soft_delete', 'incremental', 'soft_delete'],
];

export const readSyncMode = (name: string) => {
  const found = syncModes.find(([known]) => known === name);
  const [, syncMode = 'full_refresh', destinationSyncMode = 'overwrite'] = found ?? [];
  return { syncMode, destinationSyncMode };
};

/** Undefined for a pair the public API has no name for. */
export const publicSyncMode = (syncMode: string, destinationSyncMode: string) =>
  syncModes.find(
    ([, source, target]) => source === syncMode && target === destinationSyncMode,
  )?.[0];
