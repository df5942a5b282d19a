import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { noContent, ok } from '../steering/answers';
import { findActor } from './actors';
import { readCron } from '../cron/cron';
import { discover } from '../connectors/discovery';
import { type ApiRequest, type Operation, pathId, readBody } from '../operation';
import { storedMappers } from './mappers';
import { oddly } from '../odd';
import { listOf } from '../paging';
import { badRequest, notFound } from '../problems';
import {
  type Actor,
  type ConfiguredStream,
  type Connection,
  epochSeconds,
  removeConnection,
  save,
  type Schedule,
  type Store,
} from '../store';
import {
  configureStreams,
  defaultStreams,
  showConfiguredStream,
  StreamConfiguration,
} from './streams';
import { GivenTag, readTags, showTags } from './tags';

const ConnectionPatch = z.object({
  name: z.string().nullish(),
  configurations: z.object({ streams: z.array(StreamConfiguration).nullish() }).nullish(),
  schedule: z
    .object({ scheduleType: z.enum(['manual', 'cron']), cronExpression: z.string().nullish() })
    .nullish(),
  namespaceDefinition: z.enum(['source', 'destination', 'custom_format']).nullish(),
  namespaceFormat: z.string().nullish(),
  prefix: z.string().nullish(),
  nonBreakingSchemaUpdatesBehavior: z
    .enum(['ignore', 'disable_connection', 'propagate_columns', 'propagate_fully'])
    .nullish(),
  status: z.enum(['active', 'inactive', 'deprecated', 'locked']).nullish(),
  tags: z.array(GivenTag).nullish(),
});
type ConnectionPatch = z.infer<typeof ConnectionPatch>;

const ConnectionCreate = ConnectionPatch.extend({ sourceId: z.guid(), destinationId: z.guid() });

/** 404 for an id nobody had; a deleted one is still found, as `deprecated`. */
export const findConnection = (store: Store, id: string): Connection => {
  const connection = store.connections.get(id);
  if (!connection) throw notFound('STANDARD_SYNC', id);
  return connection;
};

/** A cron reads back with its time zone: "0 0 6 * * ? UTC". A basic one only the Config API sets. */
const showSchedule = ({ scheduleType, cronExpression, cronTimeZone, basic }: Schedule) => ({
  scheduleType,
  ...(cronExpression && { cronExpression: `${cronExpression} ${cronTimeZone ?? 'UTC'}` }),
  ...(basic && { basicTiming: `Every ${String(basic.units)} ${basic.timeUnit.toUpperCase()}` }),
});

/** Airbyte public API, ConnectionResponse. */
const showConnection = (store: Store, connection: Connection) =>
  oddly('public', connection, describeConnection(store, connection));

/** As it is. */
export const describeConnection = (store: Store, connection: Connection) => {
  return {
    connectionId: connection.id,
    name: connection.name,
    sourceId: connection.sourceId,
    destinationId: connection.destinationId,
    workspaceId: connection.workspaceId,
    status: connection.status,
    schedule: showSchedule(connection.schedule),
    configurations: { streams: connection.streams.map(showConfiguredStream) },
    createdAt: connection.createdAt,
    tags: showTags(store, connection),
    nonBreakingSchemaUpdatesBehavior: connection.nonBreakingSchemaUpdatesBehavior,
    namespaceDefinition: connection.namespaceDefinition,
    ...(connection.namespaceFormat !== null && { namespaceFormat: connection.namespaceFormat }),
    ...(connection.prefix !== null && { prefix: connection.prefix }),
  };
};

const readSchedule = (
  { minSyncInterval }: Store,
  { schedule }: ConnectionPatch,
): Schedule | undefined => {
  if (!schedule) return undefined;
  const { scheduleType } = schedule;
  if (scheduleType === 'manual') return { scheduleType };
  return { scheduleType, cronExpression: readCron(schedule.cronExpression, minSyncInterval) };
};

/** The streams asked for; undefined when none were, which a create and a patch read differently. */
const readStreams = async (
  store: Store,
  source: Actor,
  { configurations, stored = [] }: ConnectionPatch & { stored?: ConfiguredStream[] },
) => {
  const given = configurations?.streams ?? [];
  if (given.length === 0) return undefined;
  return configureStreams(await discover(store, source), given, storedMappers(stored));
};

const create = async (store: Store, body: unknown): Promise<Connection> => {
  const given = readBody(ConnectionCreate, body);
  const schedule: Schedule = readSchedule(store, given) ?? { scheduleType: 'manual' };
  const destination = findActor(store, 'destination', given.destinationId);
  const source = findActor(store, 'source', given.sourceId);
  if (source.workspaceId !== destination.workspaceId)
    throw badRequest('Source and destination do not belong to the same workspace.');
  const streams =
    (await readStreams(store, source, given)) ?? defaultStreams(await discover(store, source));
  const id = randomUUID();
  const tagIds = readTags(store, given.tags, source.workspaceId) ?? [];
  return save(store.connections, id, {
    id,
    name: given.name ?? `${source.name} <> ${destination.name}`,
    sourceId: source.id,
    destinationId: destination.id,
    workspaceId: source.workspaceId,
    status: given.status ?? 'active',
    schedule,
    streams,
    namespaceDefinition: given.namespaceDefinition ?? 'destination',
    namespaceFormat: given.namespaceFormat ?? null,
    prefix: given.prefix ?? '',
    nonBreakingSchemaUpdatesBehavior: given.nonBreakingSchemaUpdatesBehavior ?? 'ignore',
    tagIds,
    sourceCatalogId: null,
    createdAt: epochSeconds(),
    deleted: given.status === 'deprecated',
  });
};

const patch = async (store: Store, id: string, body: unknown): Promise<Connection> => {
  const given = readBody(ConnectionPatch, body);
  const schedule = readSchedule(store, given);
  const { sourceId, streams: stored } = findConnection(store, id);
  const source = findActor(store, 'source', sourceId);
  const streams = await readStreams(store, source, { ...given, stored });
  // Read again: it may have been deleted while the discovery ran.
  const before = findConnection(store, id);
  // A deleted connection stays deleted, whatever status is asked for.
  const status = before.deleted ? before.status : (given.status ?? before.status);
  return save(store.connections, id, {
    ...before,
    name: given.name ?? before.name,
    status,
    schedule: schedule ?? before.schedule,
    streams: streams ?? before.streams,
    namespaceDefinition: given.namespaceDefinition ?? before.namespaceDefinition,
    namespaceFormat: given.namespaceFormat ?? before.namespaceFormat,
    prefix: given.prefix ?? before.prefix,
    tagIds: readTags(store, given.tags, before.workspaceId) ?? before.tagIds,
    nonBreakingSchemaUpdatesBehavior:
      given.nonBreakingSchemaUpdatesBehavior ?? before.nonBreakingSchemaUpdatesBehavior,
    deleted: status === 'deprecated',
  });
};

/** Airbyte public API: connections. There is no PUT. */
export const connectionOperations = (store: Store): Operation[] => {
  const path = '/connections';
  const item = `${path}/:connectionId`;
  const show = (connection: Connection) => showConnection(store, connection);
  const askedId = (request: ApiRequest) => pathId(request, 'connectionId');
  return [
    {
      id: 'listConnections',
      method: 'get',
      path,
      run: (request) => listOf(request, path, store.connections.values(), show),
    },
    {
      id: 'createConnection',
      method: 'post',
      path,
      run: async ({ body }) => ok(show(await create(store, body))),
    },
    {
      id: 'getConnection',
      method: 'get',
      path: item,
      run: (request) => ok(show(findConnection(store, askedId(request)))),
    },
    {
      id: 'patchConnection',
      method: 'patch',
      path: item,
      run: async (request) => ok(show(await patch(store, askedId(request), request.body))),
    },
    {
      id: 'deleteConnection',
      method: 'delete',
      path: item,
      run: (request) => {
        removeConnection(store, findConnection(store, askedId(request)));
        return noContent;
      },
    },
  ];
};
