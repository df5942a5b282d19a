import { z } from 'zod';
import {
  type AirbyteStream,
  propertiesOf,
  toAirbyteStream,
  withFields,
} from '../connectors/airbyte-stream';
import type { Stream } from '../connectors/catalog';
import { GivenMapper, readMappers, showMappers } from '../public-api/mappers';
import { unexpected, unprocessable } from '../problems';
import type { ConfiguredStream, Mapper } from '../store';

const path = z.array(z.string());
const fields = z.array(z.object({ fieldPath: path.nullish() }));

const CatalogStream = z.object({
  name: z.string(),
  namespace: z.string().nullish(),
  jsonSchema: z.record(z.string(), z.unknown()).nullish(),
  supportedSyncModes: z.array(z.enum(['full_refresh', 'incremental'])).nullish(),
  sourceDefinedCursor: z.boolean().nullish(),
  defaultCursorField: path.nullish(),
  sourceDefinedPrimaryKey: z.array(path).nullish(),
  isResumable: z.boolean().nullish(),
  isFileBased: z.boolean().nullish(),
});

const StreamConfig = z.object({
  syncMode: z.enum(['full_refresh', 'incremental']),
  destinationSyncMode: z.enum([
    'append',
    'overwrite',
    'append_dedup',
    'overwrite_dedup',
    'update',
    'soft_delete',
  ]),
  cursorField: path.nullish(),
  primaryKey: z.array(path).nullish(),
  selected: z.boolean().nullish(),
  fieldSelectionEnabled: z.boolean().nullish(),
  selectedFields: fields.nullish(),
  mappers: z.array(GivenMapper).nullish(),
  includeFiles: z.boolean().nullish(),
  destinationObjectName: z.string().nullish(),
});
type StreamConfig = z.output<typeof StreamConfig>;

/** Config API, AirbyteCatalog. */
export const Catalog = z.object({
  streams: z.array(z.object({ stream: CatalogStream.nullish(), config: StreamConfig.nullish() })),
});
type Catalog = z.output<typeof Catalog>;

const selectedNames = ({ selectedFields }: StreamConfig) => {
  if (!selectedFields)
    throw unprocessable('Requested field selection but no selected fields provided');
  return selectedFields.map(({ fieldPath }) => {
    const [name, nested] = fieldPath ?? [];
    if (name === undefined) throw unprocessable('Selected field path cannot be empty');
    if (nested !== undefined) throw unexpected('Nested field selection not supported');
    return name;
  });
};

/** The fields to keep, of a stream that selects; Airbyte looks for the cursor and the key only. */
const readSelection = (stream: AirbyteStream, config: StreamConfig) => {
  if (!config.fieldSelectionEnabled) return [];
  const names = selectedNames(config);
  const properties = propertiesOf(stream);
  if (!properties) throw unprocessable('Requested field selection but no properties node found');
  const [cursor] = config.cursorField ?? [];
  if (config.syncMode === 'incremental' && cursor !== undefined && !names.includes(cursor))
    throw unprocessable('Cursor field cannot be de-selected in INCREMENTAL syncs');
  const keys = config.destinationSyncMode.endsWith('_dedup') ? (config.primaryKey ?? []) : [];
  if (keys.some(([key = '']) => !names.includes(key)))
    throw unprocessable('Primary key field cannot be de-selected in DEDUP mode');
  return names.filter((name) => properties.has(name)).map((name) => ({ fieldPath: [name] }));
};

/** As the client gave it: Airbyte does not compare it with what the source has. */
const readStream = (given: z.output<typeof CatalogStream>): AirbyteStream => ({
  name: given.name,
  namespace: given.namespace ?? undefined,
  jsonSchema: given.jsonSchema ?? {},
  supportedSyncModes: given.supportedSyncModes ?? [],
  sourceDefinedCursor: given.sourceDefinedCursor ?? false,
  defaultCursorField: given.defaultCursorField ?? [],
  sourceDefinedPrimaryKey: given.sourceDefinedPrimaryKey ?? [],
  isResumable: given.isResumable ?? false,
  isFileBased: given.isFileBased ?? false,
});

const readConfigured = (
  given: z.output<typeof CatalogStream>,
  config: StreamConfig,
  stored: Mapper[],
): ConfiguredStream => {
  const stream = readStream(given);
  const selectedFields = readSelection(stream, config);
  const columns = [...(propertiesOf(withFields(stream, selectedFields)) ?? new Map()).keys()].map(
    String,
  );
  return {
    stream: withFields(stream, selectedFields),
    syncMode: config.syncMode,
    destinationSyncMode: config.destinationSyncMode,
    cursorField: config.cursorField ?? [],
    primaryKey: config.primaryKey ?? [],
    mappers: readMappers(config.mappers ?? [], { name: stream.name, columns, stored }),
    selectedFields,
    includeFiles: config.includeFiles ?? undefined,
    destinationObjectName: config.destinationObjectName ?? undefined,
  };
};

/** The selected streams. One without `selected` breaks the server: it unboxes a null. */
export const readCatalog = ({ streams }: Catalog, stored: Mapper[] = []): ConfiguredStream[] => {
  const seen = new Set<string>();
  return streams.flatMap(({ stream, config }) => {
    if (!stream || !config || typeof config.selected !== 'boolean')
      throw unexpected('java.lang.NullPointerException');
    const key = JSON.stringify([stream.namespace ?? null, stream.name]);
    if (seen.has(key)) throw unprocessable(`Stream ${stream.name} is configured more than once.`);
    seen.add(key);
    return config.selected ? [readConfigured(stream, config, stored)] : [];
  });
};

const aliasOf = ({ name }: AirbyteStream) => name.replace(/[^A-Za-z0-9_]/g, '_');

/** Config API, AirbyteStreamAndConfiguration of a connection: only what is selected is there. */
export const showConfigured = (configured: ConfiguredStream) => ({
  stream: configured.stream,
  config: {
    syncMode: configured.syncMode,
    cursorField: configured.cursorField,
    destinationSyncMode: configured.destinationSyncMode,
    primaryKey: configured.primaryKey,
    aliasName: aliasOf(configured.stream),
    selected: true,
    suggested: false,
    includeFiles: configured.includeFiles,
    destinationObjectName: configured.destinationObjectName,
    fieldSelectionEnabled: configured.selectedFields.length > 0,
    selectedFields: configured.selectedFields,
    hashedFields: [],
    mappers: showMappers(configured),
  },
});

/** A source with its own cursor and key is proposed as deduplicated, any other as overwritten. */
const proposedModes = (stream: AirbyteStream) => {
  const ownKey = stream.sourceDefinedPrimaryKey.length > 0;
  return stream.sourceDefinedCursor && ownKey
    ? { syncMode: 'incremental', destinationSyncMode: 'append_dedup' }
    : { syncMode: 'full_refresh', destinationSyncMode: 'overwrite' };
};

/** Config API, AirbyteCatalog of a discovery, with what Airbyte proposes for each stream. */
export const showCatalog = (found: Stream[]) => {
  const suggesting = found.some(({ suggested }) => suggested);
  return {
    streams: found.map((each) => {
      const stream = toAirbyteStream(each);
      const selected = suggesting ? each.suggested : found.length === 1;
      return {
        stream,
        config: {
          ...proposedModes(stream),
          cursorField: stream.defaultCursorField,
          primaryKey: stream.sourceDefinedPrimaryKey,
          aliasName: aliasOf(stream),
          selected,
          suggested: suggesting && each.suggested,
          fieldSelectionEnabled: false,
          selectedFields: [],
          hashedFields: [],
          mappers: [],
        },
      };
    }),
  };
};
