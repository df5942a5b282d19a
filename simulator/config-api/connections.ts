import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { noContent, ok } from '../steering/answers';
import { findActor } from '../public-api/actors';
import { showConfigActor } from './actors';
import { Catalog, readCatalog, showConfigured } from './catalog';
import { command, ConnectionId, query, WorkspaceId } from './operation';
import { readSchedule, scheduleFields, showSchedule } from './schedule';
import { connectionMatches, type SearchMode } from './search';
import { findConnection } from '../public-api/connections';
import { storedMappers } from '../public-api/mappers';
import { oddly } from '../odd';
import type { Operation } from '../operation';
import { unexpected } from '../problems';
import { type Connection, epochSeconds, removeConnection, save, type Store } from '../store';
import { GivenTag, readTags, showTags } from '../public-api/tags';

const status = z.enum(['active', 'inactive', 'deprecated', 'locked']);

/** What ConnectionCreate and ConnectionUpdate share. */
const fields = {
  ...scheduleFields,
  name: z.string().nullish(),
  namespaceDefinition: z.enum(['source', 'destination', 'customformat']).nullish(),
  namespaceFormat: z.string().nullish(),
  prefix: z.string().nullish(),
  syncCatalog: Catalog.nullish(),
  tags: z.array(GivenTag).nullish(),
  sourceCatalogId: z.guid().nullish(),
  nonBreakingChangesPreference: z
    .enum(['ignore', 'disable', 'propagate_columns', 'propagate_fully'])
    .nullish(),
};
const Create = z.object({ ...fields, sourceId: z.guid(), destinationId: z.guid(), status });
const Update = z.object({ ...fields, connectionId: z.guid(), status: status.nullish() });

/** The public API's name of a value, and the Config API's; any other value is the same in both. */
const renamed = [
  ['custom_format', 'customformat'],
  ['disable_connection', 'disable'],
];
const toStored = (value: string) => renamed.find(([, config]) => config === value)?.[0] ?? value;
const toShown = (value: string) => renamed.find(([stored]) => stored === value)?.[1] ?? value;

const readNames = (given: z.output<typeof Update> | z.output<typeof Create>) => ({
  namespaceDefinition: given.namespaceDefinition && toStored(given.namespaceDefinition),
  nonBreakingSchemaUpdatesBehavior:
    given.nonBreakingChangesPreference && toStored(given.nonBreakingChangesPreference),
});

/** Config API, ConnectionRead. */
const showConfigConnection = (store: Store, connection: Connection) =>
  oddly('config', connection, describe(store, connection));

const describe = (store: Store, connection: Connection) => ({
  connectionId: connection.id,
  name: connection.name,
  namespaceDefinition: toShown(connection.namespaceDefinition),
  ...(connection.namespaceFormat !== null && { namespaceFormat: connection.namespaceFormat }),
  ...(connection.prefix !== null && { prefix: connection.prefix }),
  sourceId: connection.sourceId,
  destinationId: connection.destinationId,
  operationIds: [],
  syncCatalog: { streams: connection.streams.map(showConfigured) },
  ...showSchedule(connection.schedule),
  status: connection.status,
  ...(connection.sourceCatalogId !== null && { sourceCatalogId: connection.sourceCatalogId }),
  breakingChange: false,
  nonBreakingChangesPreference: toShown(connection.nonBreakingSchemaUpdatesBehavior),
  created_at: connection.createdAt,
  tags: showTags(store, connection),
});

/** Does not discover: without a catalog the connection has no stream. */
const create = (store: Store, given: z.output<typeof Create>): Connection => {
  const source = findActor(store, 'source', given.sourceId);
  const destination = findActor(store, 'destination', given.destinationId);
  if (source.workspaceId !== destination.workspaceId)
    throw unexpected('Source and destination do not belong to the same workspace.');
  const streams = given.syncCatalog ? readCatalog(given.syncCatalog) : [];
  const schedule = readSchedule(store, given) ?? { scheduleType: 'manual' as const };
  const { namespaceDefinition, nonBreakingSchemaUpdatesBehavior } = readNames(given);
  const id = randomUUID();
  return save(store.connections, id, {
    id,
    name: given.name ?? `${source.name} <> ${destination.name}`,
    sourceId: source.id,
    destinationId: destination.id,
    workspaceId: destination.workspaceId,
    status: given.status,
    schedule,
    streams,
    namespaceDefinition: namespaceDefinition ?? 'source',
    namespaceFormat: given.namespaceFormat ?? null,
    prefix: given.prefix ?? null,
    nonBreakingSchemaUpdatesBehavior: nonBreakingSchemaUpdatesBehavior ?? 'ignore',
    tagIds: readTags(store, given.tags, source.workspaceId) ?? [],
    sourceCatalogId: given.sourceCatalogId ?? null,
    createdAt: epochSeconds(),
    deleted: given.status === 'deprecated',
  });
};

/** A patch, whatever its name: null and absent keep what is there, a catalog replaces the whole. */
const update = (store: Store, given: z.output<typeof Update>): Connection => {
  const before = findConnection(store, given.connectionId);
  const streams = given.syncCatalog
    ? readCatalog(given.syncCatalog, storedMappers(before.streams))
    : before.streams;
  const { namespaceDefinition, nonBreakingSchemaUpdatesBehavior } = readNames(given);
  // A deleted connection stays deleted, whatever status is asked for.
  const status = before.deleted ? before.status : (given.status ?? before.status);
  return save(store.connections, before.id, {
    ...before,
    name: given.name ?? before.name,
    status,
    schedule: readSchedule(store, given) ?? before.schedule,
    streams,
    namespaceDefinition: namespaceDefinition ?? before.namespaceDefinition,
    namespaceFormat: given.namespaceFormat ?? before.namespaceFormat,
    prefix: given.prefix ?? before.prefix,
    tagIds: readTags(store, given.tags, before.workspaceId) ?? before.tagIds,
    nonBreakingSchemaUpdatesBehavior:
      nonBreakingSchemaUpdatesBehavior ?? before.nonBreakingSchemaUpdatesBehavior,
    sourceCatalogId: given.sourceCatalogId ?? before.sourceCatalogId,
    deleted: status === 'deprecated',
  });
};

const allOf = (store: Store, wanted: (row: Connection) => boolean) =>
  ok({
    connections: [...store.connections.values()]
      .filter(wanted)
      .map((row) => showConfigConnection(store, row)),
  });

const search = (store: Store, mode: SearchMode, asked: Record<string, unknown>) =>
  allOf(
    store,
    (connection) =>
      !connection.deleted &&
      connectionMatches(mode, asked, {
        row: showConfigConnection(store, connection),
        source: showConfigActor(findActor(store, 'source', connection.sourceId)),
        destination: showConfigActor(findActor(store, 'destination', connection.destinationId)),
      }),
  );

/** Airbyte Config API: connections; their jobs are elsewhere. */
export const configConnectionOperations = (store: Store, mode: SearchMode): Operation[] => {
  const path = '/connections';
  return [
    command({ id: 'createConnection', path: `${path}/create`, body: Create }, (given) =>
      ok(showConfigConnection(store, create(store, given))),
    ),
    command({ id: 'updateConnection', path: `${path}/update`, body: Update }, (given) =>
      ok(showConfigConnection(store, update(store, given))),
    ),
    query({ id: 'getConnection', path: `${path}/get`, body: ConnectionId }, ({ connectionId }) =>
      ok(showConfigConnection(store, findConnection(store, connectionId))),
    ),
    query(
      { id: 'listConnectionsForWorkspace', path: `${path}/list`, body: WorkspaceId },
      ({ workspaceId }) => allOf(store, (row) => !row.deleted && row.workspaceId === workspaceId),
    ),
    query(
      { id: 'listAllConnectionsForWorkspace', path: `${path}/list_all`, body: WorkspaceId },
      ({ workspaceId }) => allOf(store, (row) => row.workspaceId === workspaceId),
    ),
    query(
      {
        id: 'searchConnections',
        path: `${path}/search`,
        body: z.record(z.string(), z.unknown()),
      },
      (asked) => search(store, mode, asked),
    ),
    command(
      { id: 'deleteConnection', path: `${path}/delete`, body: ConnectionId },
      ({ connectionId }) => {
        removeConnection(store, findConnection(store, connectionId));
        return noContent;
      },
    ),
  ];
};
