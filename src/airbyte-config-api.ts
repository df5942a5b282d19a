import { z } from 'zod';
import type { Actor, Airbyte, ConnectionWrite, Kind } from './airbyte';
import { ACTORS } from './airbyte-config-actors';
import { ConnectionRead, asConfig } from './airbyte-config-connections';
import { Tag } from './airbyte-public';
import { Catalog, catalogOf, hasChoice, offeredBy, orUndefined } from './airbyte-config-streams';
import { AirbyteError, unreadableSource } from './airbyte-error';
import type { AirbyteHttp, Interest } from './airbyte-http';
import { specificationOf } from './airbyte-specification';
import type { Redactor } from './secrets';

/** Actors asked for at once; newer versions list a few at a time unless told otherwise. */
const PAGE = 100;

const ConnectionReadList = z.object({ connections: z.array(ConnectionRead) });

const WorkspaceRead = z.object({
  workspaceId: z.string(),
  name: z.string(),
  tombstone: z.boolean().nullish(),
});

/** SynchronousJobRead: how a check, a discovery and the like went. */
const jobInfo = z.looseObject({
  succeeded: z.boolean(),
  failureReason: orUndefined(z.looseObject({ externalMessage: orUndefined(z.string()) })),
});
/** SourceDiscoverSchemaRead: without a catalog where the source could not be read. */
const Discovered = z.object({
  catalog: orUndefined(Catalog),
  catalogId: orUndefined(z.string()),
  jobInfo,
});
const CheckConnectionRead = z.object({
  status: orUndefined(z.string()),
  message: orUndefined(z.string()),
  jobInfo,
});

/** DestinationDefinitionSpecificationRead, as far as it concerns streams. */
const Modes = z.object({ supportedDestinationSyncModes: orUndefined(z.array(z.string())) });

/** JobInfoRead, of which the attempts are left aside; a clear was once called a reset. */
const JobInfoRead = z
  .object({ job: z.object({ id: z.number(), status: z.string(), configType: z.string() }) })
  .transform(({ job: { id, status, configType } }) => ({
    jobId: id,
    status,
    jobType: configType === 'reset_connection' ? 'reset' : configType,
  }));

const nothing = z.unknown();

/** What is unknown, and what a version answers for what it has deleted. */
const orAbsent = async <Entity>(entity: Promise<Entity>) => {
  try {
    return await entity;
  } catch (err) {
    if (err instanceof AirbyteError && (err.status === 404 || err.status === 410)) return undefined;
    throw err;
  }
};

const noSuchConnection = (id: string) =>
  new AirbyteError(`Airbyte has no connection ${id} any more.`, {
    kind: 'refused',
    solution: 'Deploy again: the connection is then made anew.',
  });

export interface ConfigAirbyteOptions {
  http: AirbyteHttp;
  workspaceId: string;
  redactor: Redactor;
}

/** A workspace through Airbyte's Config API, for a caller and as long as his interest lasts. */
export const createConfigAirbyte =
  ({ http, workspaceId, redactor }: ConfigAirbyteOptions) =>
  (interest: Interest): Airbyte => {
    /** Everything is a POST; whether it changes anything only the operation tells. */
    const post =
      (writes: boolean) =>
      <Schema extends z.ZodType>(path: string, body: object, answer: Schema) =>
        http({ method: 'POST', path, body, writes, answer, interest });
    const read = post(false);
    const write = post(true);

    /** By what is in the names: `search`, by the whole name, finds nothing on many versions. */
    const listActors = async (
      kind: Kind,
      named: string | undefined,
      cursor?: string,
    ): Promise<Actor[]> => {
      const filters = named === undefined ? undefined : { searchTerm: named };
      const body = { workspaceId, pageSize: PAGE, cursor, filters };
      const { actors, size } = await read(`/${kind}s/list`, body, ACTORS[kind].actors);
      const last = actors.at(-1);
      if (!last || size === undefined || actors.length < size) return actors;
      const rest = await listActors(kind, named, last.id);
      return [...actors, ...rest];
    };

    const discoverSchema = async (sourceId: string, ignoreCache = false) => {
      const body = { sourceId, disable_cache: ignoreCache };
      const found = await read('/sources/discover_schema', body, Discovered);
      if (found.catalog && found.jobInfo.succeeded)
        return { catalog: found.catalog, catalogId: found.catalogId };
      const { externalMessage = '' } = found.jobInfo.failureReason ?? {};
      throw unreadableSource(redactor.redact(externalMessage));
    };

    const getActor = (kind: Kind, id: string) =>
      orAbsent(read(`/${kind}s/get`, { [`${kind}Id`]: id }, ACTORS[kind].actor));

    /** Undefined where an old version does not tell. */
    const modesOf = async (destinationId: string) => {
      const actor = await getActor('destination', destinationId);
      const definition = { destinationDefinitionId: actor?.definitionId, workspaceId };
      const path = '/destination_definition_specifications/get';
      const specification = actor && (await orAbsent(read(path, definition, Modes)));
      return specification?.supportedDestinationSyncModes;
    };

    const findConnection = async (id: string) => {
      const call = read('/connections/get', { connectionId: id }, ConnectionRead);
      const found = await orAbsent(call);
      return found?.connection.status === 'deprecated' ? undefined : found;
    };

    /** Streams are given with all that the source says of them; a former one may know the rest. */
    const streamsFor = async (
      { configurations }: Partial<ConnectionWrite>,
      sourceId: string,
      former: Catalog = { streams: [] },
    ) => {
      const { catalog, catalogId } = await discoverSchema(sourceId);
      const known = { streams: [...catalog.streams, ...former.streams] };
      const syncCatalog = catalogOf(configurations?.streams ?? [], known);
      return { syncCatalog, sourceCatalogId: catalogId };
    };

    const streamsOf = async (connectionId: string, wanted: Partial<ConnectionWrite>) => {
      const found = await findConnection(connectionId);
      if (!found) throw noSuchConnection(connectionId);
      return streamsFor(wanted, found.connection.sourceId, found.syncCatalog);
    };

    const startJob = (connectionId: string, jobType: 'clear' | 'sync') =>
      write(`/connections/${jobType}`, { connectionId }, JobInfoRead);

    return {
      workspaceId,

      async getWorkspace() {
        const found = await orAbsent(read('/workspaces/get', { workspaceId }, WorkspaceRead));
        return found && !found.tombstone ? { id: found.workspaceId, name: found.name } : undefined;
      },

      listDefinitions(kind) {
        const { definitions } = ACTORS[kind];
        return read(`/${kind}_definitions/list_for_workspace`, { workspaceId }, definitions);
      },

      specificationOf: (kind, definitionId) =>
        specificationOf({ http, workspaceId, interest }, { kind, definitionId }),

      async check(kind, { definitionId, configuration }) {
        const body = {
          [`${kind}DefinitionId`]: definitionId,
          connectionConfiguration: configuration,
          workspaceId,
        };
        const path = `/scheduler/${kind}s/check_connection`;
        const { status, message, jobInfo: job } = await read(path, body, CheckConnectionRead);
        const why = message ?? job.failureReason?.externalMessage;
        return { succeeded: status === 'succeeded', message: why && redactor.redact(why) };
      },

      listActors: (kind, named) => listActors(kind, named),

      /** What is deleted reads back without a configuration. */
      async getActor(kind, id) {
        const actor = await getActor(kind, id);
        return actor?.configuration && actor.workspaceId === workspaceId ? actor : undefined;
      },

      createActor(kind, { name, definitionId, configuration: connectionConfiguration }) {
        const definition = { [`${kind}DefinitionId`]: definitionId };
        const body = { name, workspaceId, ...definition, connectionConfiguration };
        return write(`/${kind}s/create`, body, ACTORS[kind].actor);
      },

      updateActor(kind, id, { name, configuration: connectionConfiguration }) {
        const body = { [`${kind}Id`]: id, name, connectionConfiguration };
        return write(`/${kind}s/update`, body, ACTORS[kind].actor);
      },

      deleteActor: (kind, id) =>
        orAbsent(write(`/${kind}s/delete`, { [`${kind}Id`]: id }, nothing)),

      async listConnections() {
        const { connections } = await read(
          '/connections/list',
          { workspaceId },
          ConnectionReadList,
        );
        return connections
          .map(({ connection }) => connection)
          .filter(({ status }) => status !== 'deprecated');
      },

      getConnection: async (id) => (await findConnection(id))?.connection,

      async createConnection({ sourceId, destinationId, ...wanted }) {
        const streams = await streamsFor(wanted, sourceId);
        const body = { sourceId, destinationId, ...asConfig(wanted), ...streams };
        return (await write('/connections/create', body, ConnectionRead)).connection;
      },

      async patchConnection(id, wanted) {
        const streams = wanted.configurations && (await streamsOf(id, wanted));
        const body = { connectionId: id, ...asConfig(wanted), ...streams };
        return (await write('/connections/update', body, ConnectionRead)).connection;
      },

      deleteConnection: (id) =>
        orAbsent(write('/connections/delete', { connectionId: id }, nothing)),

      listTags: () => read('/tags/list', { workspaceId }, z.array(Tag)),

      createTag: (tag) => write('/tags/create', { ...tag, workspaceId }, Tag),

      deleteTag: (tagId) => orAbsent(write('/tags/delete', { tagId, workspaceId }, nothing)),

      async discover({ sourceId, destinationId, ignoreCache }) {
        const { catalog } = await discoverSchema(sourceId, ignoreCache);
        const modes = hasChoice(catalog) ? await modesOf(destinationId) : undefined;
        return offeredBy(catalog, modes);
      },

      startJob,

      getJob: (id) => read('/jobs/get_light', { id }, JobInfoRead),

      async listJobs(connectionId) {
        const configTypes = ['sync', 'refresh', 'clear', 'reset_connection'];
        const pagination = { pageSize: PAGE, rowOffset: 0 };
        const body = { configId: connectionId, configTypes, pagination };
        const { jobs } = await read('/jobs/list', body, z.object({ jobs: z.array(JobInfoRead) }));
        return jobs.toSorted((one, other) => other.jobId - one.jobId);
      },
    };
  };
