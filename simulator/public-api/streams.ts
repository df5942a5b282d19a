import { z } from 'zod';
import { ok } from '../steering/answers';
import { findActor } from './actors';
import {
  publicSyncMode,
  readSyncMode,
  toAirbyteStream,
  withFields,
} from '../connectors/airbyte-stream';
import type { Stream } from '../connectors/catalog';
import { discover } from '../connectors/discovery';
import { GivenMapper, readMappers, showMappers } from './mappers';
import { type Operation, queryFlag, queryId } from '../operation';
import { badRequest } from '../problems';
import type { ConfiguredStream, Mapper, Store } from '../store';
import { checkCursor, checkPrimaryKey, checkSelectedFields } from './stream-checks';
import { cursorOf, primaryKeyOf, validSyncModes } from './sync-modes';

const path = z.array(z.string());

/** Airbyte public API, StreamConfiguration. */
export const StreamConfiguration = z.object({
  name: z.string(),
  namespace: z.string().nullish(),
  syncMode: z
    .enum([
      'full_refresh_overwrite',
      'full_refresh_overwrite_deduped',
      'full_refresh_append',
      'full_refresh_update',
      'full_refresh_soft_delete',
      'incremental_append',
      'incremental_deduped_history',
      'incremental_update',
      'incremental_soft_delete',
    ])
    .nullish(),
  cursorField: path.nullish(),
  primaryKey: z.array(path).nullish(),
  includeFiles: z.boolean().nullish(),
  destinationObjectName: z.string().nullish(),
  selectedFields: z.array(z.object({ fieldPath: path.default([]) })).nullish(),
  mappers: z.array(GivenMapper).nullish(),
});
export type StreamConfiguration = z.infer<typeof StreamConfiguration>;

const byNameIn = (catalog: Stream[]) => {
  const found = new Map<string, Stream[]>();
  for (const stream of catalog) {
    const known = found.get(stream.name);
    if (known) known.push(stream);
    else found.set(stream.name, [stream]);
  }
  return found;
};

/** A stream by its name; the namespace only decides between streams of the same name. */
const findStream = (
  byName: Map<string, Stream[]>,
  { name, namespace }: StreamConfiguration,
): Stream => {
  const sameName = byName.get(name) ?? [];
  const found =
    sameName.length === 1
      ? sameName
      : sameName.filter((stream) => (stream.namespace ?? null) === (namespace ?? null));
  const [stream, second] = found;
  if (stream && !second) return stream;
  throw badRequest(
    `${second ? 'Multiple' : 'No'} streams found with name [${name}] and namespace [${namespace ?? 'null'}]. Please call the https://reference.airbyte.com/reference/getstreamproperties endpoint to see the valid stream name and namespace combinations.`,
  );
};

const checkStream = (stream: Stream, given: StreamConfiguration) => {
  checkSelectedFields(stream, given);
  const mode = given.syncMode ?? 'full_refresh_overwrite';
  if (mode === 'full_refresh_overwrite') return;
  const valid = validSyncModes(stream);
  if (!valid.includes(mode))
    throw badRequest(
      `Cannot set sync mode to ${mode} for stream ${given.name}. Valid sync modes are: [${valid.join(', ')}]`,
    );
  if (mode.startsWith('incremental')) checkCursor(stream, given);
  if (mode === 'incremental_deduped_history') checkPrimaryKey(stream, given);
};

const configure = (
  stream: Stream,
  given: StreamConfiguration,
  stored: Mapper[] = [],
): ConfiguredStream => {
  const syncMode = given.syncMode ?? 'full_refresh_overwrite';
  // A full refresh takes the source's own cursor and key, and silently drops what was asked for.
  const chosen = syncMode.startsWith('incremental') ? given : {};
  const namespace = given.namespace ?? stream.namespace;
  const selectedFields = given.selectedFields ?? [];
  const selected = selectedFields.flatMap(({ fieldPath: [column = ''] }) => column);
  const columns = selected.length > 0 ? selected : stream.columns;
  return {
    stream: withFields({ ...toAirbyteStream(stream), namespace }, selectedFields),
    ...readSyncMode(syncMode),
    cursorField: cursorOf(stream, chosen),
    primaryKey: primaryKeyOf(stream, chosen),
    mappers: readMappers(given.mappers ?? [], { name: stream.name, columns, stored }),
    selectedFields,
    includeFiles: given.includeFiles ?? undefined,
    destinationObjectName: given.destinationObjectName ?? undefined,
  };
};

/** Airbyte public API, StreamConfiguration as it reads back. */
export const showConfiguredStream = ({
  stream,
  syncMode,
  destinationSyncMode,
  mappers,
  ...rest
}: ConfiguredStream) => ({
  name: stream.name,
  namespace: stream.namespace,
  syncMode: publicSyncMode(syncMode, destinationSyncMode),
  ...rest,
  mappers: showMappers({ mappers }),
});

/** The streams a client asked for, or a 400 that says which one cannot be had. */
export const configureStreams = (
  catalog: Stream[],
  given: StreamConfiguration[],
  stored: Mapper[] = [],
) => {
  const seen = new Set<string>();
  const byName = byNameIn(catalog);
  return given.map((configuration) => {
    const { name, namespace } = configuration;
    const stream = findStream(byName, configuration);
    checkStream(stream, configuration);
    const key = JSON.stringify([name, namespace ?? null]);
    if (seen.has(key))
      throw badRequest(
        `Duplicate stream found in configuration for stream name [${name}] in namespace [${namespace ?? 'null'}].`,
      );
    seen.add(key);
    return configure(stream, configuration, stored);
  });
};

/**
 * What a connection gets when no stream was named: the only stream of the source, or those its
 * connector suggests. A database with many tables suggests none, and the connection has no stream.
 */
export const defaultStreams = (catalog: Stream[]): ConfiguredStream[] =>
  catalog
    .filter((stream) => catalog.length === 1 || stream.suggested)
    .map((stream) => configure(stream, { name: stream.name }));

const showStream = (stream: Stream, withModes: boolean) => ({
  streamName: stream.name,
  streamnamespace: stream.namespace,
  // Only a destination decides which modes there are; without one they are left out.
  ...(withModes && { syncModes: validSyncModes(stream) }),
  defaultCursorField: stream.defaultCursor,
  sourceDefinedCursorField: stream.sourceDefinedCursor,
  sourceDefinedPrimaryKey: stream.sourceDefinedPrimaryKey,
  propertyFields: stream.columns.map((column) => [column]),
});

/** Airbyte public API, getStreamProperties. */
export const streamOperations = (store: Store): Operation[] => [
  {
    id: 'getStreamProperties',
    method: 'get',
    path: '/streams',
    run: async (request) => {
      const source = findActor(store, 'source', queryId(request, 'sourceId'));
      const withModes = request.query.has('destinationId');
      if (withModes) findActor(store, 'destination', queryId(request, 'destinationId'));
      const ignoreCache = queryFlag(request, 'ignoreCache');
      const catalog = await discover(store, source, { ignoreCache });
      return ok(catalog.map((stream) => showStream(stream, withModes)));
    },
  },
];
