import { z } from 'zod';
import type { ConnectionWrite, SourceStream, StreamRead } from '../workspace';
import { isRecord } from '../../contract/json';
import { orUndefined } from '../forms';
import { indexOf } from '../stream-index';
import { DEFAULT_MODE, SYNC_MODES, isKeyless } from '../sync-modes';
import { Refusal } from '../../contract/problems';

/* Streams of the Config API, a stream and its configuration each, and of the public one. */

type StreamWrite = ConnectionWrite['configurations']['streams'][number];

const fieldPath = z.array(z.string());
const flag = orUndefined(z.boolean());

/** AirbyteStream: the source's part. What is not read here goes back to Airbyte as it came. */
const Stream = z.looseObject({
  name: z.string(),
  namespace: orUndefined(z.string()),
  supportedSyncModes: orUndefined(z.array(z.string())),
  sourceDefinedCursor: flag,
  defaultCursorField: orUndefined(fieldPath),
  sourceDefinedPrimaryKey: orUndefined(z.array(fieldPath)),
});
type Stream = z.infer<typeof Stream>;

/** AirbyteStreamConfiguration: ours. Enums are open, as newer versions add to them. */
const StreamConfiguration = z.looseObject({
  syncMode: z.string(),
  destinationSyncMode: z.string(),
  cursorField: orUndefined(fieldPath),
  primaryKey: orUndefined(z.array(fieldPath)),
  selected: flag,
  fieldSelectionEnabled: flag,
  selectedFields: orUndefined(z.array(z.object({ fieldPath }))),
  mappers: orUndefined(z.array(z.unknown())),
  destinationObjectName: orUndefined(z.string()),
  includeFiles: flag,
  /** What older versions hash, in the place of mappers. */
  hashedFields: orUndefined(z.array(z.unknown())),
});
type StreamConfiguration = z.infer<typeof StreamConfiguration>;

const StreamAndConfiguration = z.object({ stream: Stream, config: StreamConfiguration });
/** One of those that a source offers. */
export const STREAM = { id: 'stream', whole: StreamAndConfiguration };

export const Catalog = z.object({ streams: z.array(StreamAndConfiguration) });
export type Catalog = z.infer<typeof Catalog>;

const isPair =
  (...[source, destination]: [string, string]) =>
  ([, pair]: [string, readonly [string, string]]) =>
    pair[0] === source && pair[1] === destination;

/** A pair that the public API has no name for is shown as it is, so that it differs from any. */
const nameOfModes = ({ syncMode, destinationSyncMode }: StreamConfiguration) =>
  Object.entries(SYNC_MODES).find(isPair(syncMode, destinationSyncMode))?.[0] ??
  `${syncMode}+${destinationSyncMode}`;

const modesOf = (name = DEFAULT_MODE) => {
  const [syncMode, destinationSyncMode] = SYNC_MODES[name] ?? name.split('+');
  return { syncMode, destinationSyncMode };
};

/** The streams that are synced. */
export const streamsIn = ({ streams }: Catalog): StreamRead[] =>
  streams
    .filter(({ config }) => config.selected !== false)
    .map(({ stream: { name, namespace }, config }) => ({
      name,
      namespace,
      syncMode: nameOfModes(config),
      cursorField: config.cursorField,
      primaryKey: config.primaryKey,
      selectedFields: (config.fieldSelectionEnabled ? config.selectedFields : undefined) ?? [],
      mappers: config.mappers ?? [],
      destinationObjectName: config.destinationObjectName,
      includeFiles: config.includeFiles,
      ...(config.hashedFields?.length && { hashedFields: config.hashedFields }),
    }));

const pathsIn = (schema: unknown, above: string[] = []): string[][] => {
  if (!isRecord(schema) || !isRecord(schema.properties)) return [];
  return Object.entries(schema.properties).flatMap(([name, property]) => {
    const path = [...above, name];
    return [path, ...pathsIn(property, path)];
  });
};

/** Without the destination's modes, all that the source can do with any. */
const modesFor = ({ supportedSyncModes: supported }: Stream, destinations?: string[]) =>
  supported &&
  Object.entries(SYNC_MODES)
    .filter(([, [mode, destination]]) => {
      return supported.includes(mode) && (destinations?.includes(destination) ?? true);
    })
    .map(([name]) => name);

/** Whether the destination matters: what can only be read as a whole any destination takes. */
export const hasChoice = ({ streams }: Catalog) =>
  streams.some(({ stream }) => stream.supportedSyncModes?.includes('incremental'));

/** What a discovered catalog offers to a destination of these modes. */
export const offeredBy = ({ streams }: Catalog, destinations?: string[]): SourceStream[] =>
  streams.map(({ stream }) => ({
    name: stream.name,
    namespace: stream.namespace,
    syncModes: modesFor(stream, destinations),
    defaultCursorField: stream.defaultCursorField,
    sourceDefinedCursorField: stream.sourceDefinedCursor,
    sourceDefinedPrimaryKey: stream.sourceDefinedPrimaryKey,
    propertyFields: pathsIn(stream.jsonSchema),
  }));

/** As the public API has it: a plain full refresh takes what the source defines and nothing else. */
const keysOf = (stream: Stream, given: StreamWrite) => {
  const { sourceDefinedCursor, defaultCursorField = [], sourceDefinedPrimaryKey = [] } = stream;
  const asked = isKeyless(given.syncMode ?? DEFAULT_MODE)
    ? {}
    : { cursorField: given.cursorField, primaryKey: given.primaryKey };
  return {
    cursorField: sourceDefinedCursor
      ? defaultCursorField
      : (asked.cursorField ?? defaultCursorField),
    primaryKey:
      sourceDefinedPrimaryKey.length > 0 ? sourceDefinedPrimaryKey : (asked.primaryKey ?? []),
  };
};

const configured = (stream: Stream, wanted: StreamWrite) => ({
  stream,
  config: {
    ...modesOf(wanted.syncMode),
    ...keysOf(stream, wanted),
    aliasName: stream.name.replace(/[^\w]/g, '_'),
    selected: true,
    fieldSelectionEnabled: wanted.selectedFields !== undefined,
    selectedFields: wanted.selectedFields ?? [],
    mappers: wanted.mappers,
    destinationObjectName: wanted.destinationObjectName,
    includeFiles: wanted.includeFiles,
    hashedFields: wanted.hashedFields,
  },
});

const noSuchStream = (name: string) =>
  new Refusal(
    `The source has no stream ${name}.`,
    'Correct specific.connection.streams in the descriptor, or the source it reads.',
  );

/** The catalog of a connection with these streams, of those that a source has. */
export const catalogOf = (wanted: StreamWrite[], { streams }: Catalog) => {
  const there = indexOf(streams.map(({ stream }) => stream));
  return {
    streams: wanted.map((given) => {
      const [stream] = there.meantBy(given);
      if (!stream) throw noSuchStream(given.name);
      return configured(stream, given);
    }),
  };
};
