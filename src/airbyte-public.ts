import { z } from 'zod';
import { AirbyteError } from './airbyte-error';
import type { Actor, Airbyte, ConnectionRead as Connection, SourceStream } from './airbyte';
import type { AirbyteHttp, Interest } from './airbyte-http';
import { specificationOf } from './airbyte-specification';

/** The public API's largest page (PaginationParameters). */
const PAGE = 100;

const actorFields = {
  name: z.string(),
  definitionId: z.string(),
  workspaceId: z.string(),
  configuration: z.record(z.string(), z.unknown()).nullish().default(null),
  createdAt: z.number().optional().catch(undefined),
};
const ACTORS = {
  source: {
    path: '/sources',
    read: z
      .object({ sourceId: z.string(), ...actorFields })
      .transform(({ sourceId: id, ...rest }): Actor => ({ id, ...rest })),
  },
  destination: {
    path: '/destinations',
    read: z
      .object({ destinationId: z.string(), ...actorFields })
      .transform(({ destinationId: id, ...rest }): Actor => ({ id, ...rest })),
  },
};

const orUndefined = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

const StreamRead = z.looseObject({
  name: z.string(),
  namespace: orUndefined(z.string()),
  syncMode: orUndefined(z.string()),
  cursorField: orUndefined(z.array(z.string())),
  primaryKey: orUndefined(z.array(z.array(z.string()))),
  selectedFields: orUndefined(z.array(z.object({ fieldPath: z.array(z.string()) }))),
  mappers: orUndefined(z.array(z.unknown())),
  destinationObjectName: orUndefined(z.string()),
  includeFiles: orUndefined(z.boolean()),
});

export const Tag = z.object({
  tagId: z.string(),
  workspaceId: z.string(),
  name: z.string(),
  color: z.string(),
});

/** ConnectionResponse of the public API; enums are open, as newer versions add to them. */
const ConnectionRead = z
  .object({
    connectionId: z.string(),
    name: z.string(),
    sourceId: z.string(),
    destinationId: z.string(),
    status: z.string(),
    schedule: z.object({
      scheduleType: z.string(),
      cronExpression: orUndefined(z.string()),
    }),
    configurations: z
      .object({ streams: orUndefined(z.array(StreamRead)).transform((streams) => streams ?? []) })
      .nullish()
      .transform((given) => given ?? { streams: [] }),
    prefix: orUndefined(z.string()),
    namespaceDefinition: orUndefined(z.string()),
    namespaceFormat: orUndefined(z.string()),
    nonBreakingSchemaUpdatesBehavior: orUndefined(z.string()),
    tags: orUndefined(z.array(Tag)),
  })
  .transform(({ connectionId: id, ...rest }): Connection => ({ id, ...rest }));

const StreamProperties = z
  .object({
    streamName: z.string(),
    /** Spelt so by the API. */
    streamnamespace: orUndefined(z.string()),
    syncModes: orUndefined(z.array(z.string())),
    defaultCursorField: orUndefined(z.array(z.string())),
    sourceDefinedCursorField: orUndefined(z.boolean()),
    sourceDefinedPrimaryKey: orUndefined(z.array(z.array(z.string()))),
    propertyFields: orUndefined(z.array(z.array(z.string()))),
  })
  .transform(({ streamName: name, streamnamespace: namespace, ...rest }): SourceStream => ({
    name,
    namespace,
    ...rest,
  }));

const Workspace = z
  .object({ workspaceId: z.string(), name: z.string() })
  .transform(({ workspaceId: id, name }) => ({ id, name }));

const Definition = z.object({
  id: z.string(),
  name: z.string(),
  dockerRepository: orUndefined(z.string()),
  dockerImageTag: orUndefined(z.string()),
});

const Job = z.object({ jobId: z.number(), status: z.string(), jobType: z.string() });

const page = <Schema extends z.ZodType>(item: Schema) => z.object({ data: z.array(item) });
const nothing = z.unknown();

/** A workspace through Airbyte's public API, for a caller and as long as his interest lasts. */
export const createPublicAirbyte =
  ({ http, workspaceId }: { http: AirbyteHttp; workspaceId: string }) =>
  (interest: Interest): Airbyte => {
    const listAll = async <Schema extends z.ZodType>(
      path: string,
      item: Schema,
      offset = 0,
    ): Promise<z.output<Schema>[]> => {
      const query = { workspaceIds: workspaceId, limit: PAGE, offset };
      const { data } = await http({ method: 'GET', path, query, answer: page(item), interest });
      if (data.length < PAGE) return data;
      const rest = await listAll(path, item, offset + PAGE);
      return [...data, ...rest];
    };

    /** An unknown id is 404; a foreign one is 403 to callers who do not administer the instance. */
    const orAbsent = async <Entity>(entity: Promise<Entity>) => {
      try {
        return await entity;
      } catch (err) {
        if (err instanceof AirbyteError && err.status === 404) return undefined;
        throw err;
      }
    };

    const remove = (path: string) =>
      orAbsent(http({ method: 'DELETE', path, answer: nothing, interest }));

    return {
      workspaceId,

      getWorkspace() {
        const path = `/workspaces/${workspaceId}`;
        return orAbsent(http({ method: 'GET', path, answer: Workspace, interest }));
      },

      async listDefinitions(kind) {
        const path = `/workspaces/${workspaceId}/definitions/${kind}s`;
        return (await http({ method: 'GET', path, answer: page(Definition), interest })).data;
      },

      specificationOf: (kind, definitionId) =>
        specificationOf({ http, workspaceId, interest }, { kind, definitionId }),
      check: () => Promise.resolve(undefined),

      listActors: (kind) => listAll(ACTORS[kind].path, ACTORS[kind].read),

      async getActor(kind, id) {
        const { path, read } = ACTORS[kind];
        const call = http({ method: 'GET', path: `${path}/${id}`, answer: read, interest });
        const actor = await orAbsent(call);
        return actor?.configuration && actor.workspaceId === workspaceId ? actor : undefined;
      },

      createActor(kind, actor) {
        const { path, read } = ACTORS[kind];
        const body = { ...actor, workspaceId };
        return http({ method: 'POST', path, body, answer: read, interest });
      },

      updateActor(kind, id, actor) {
        const { path, read } = ACTORS[kind];
        const body = { name: actor.name, configuration: actor.configuration };
        return http({ method: 'PUT', path: `${path}/${id}`, body, answer: read, interest });
      },

      deleteActor: (kind, id) => remove(`${ACTORS[kind].path}/${id}`),

      async listConnections() {
        const all = await listAll('/connections', ConnectionRead);
        return all.filter(({ status }) => status !== 'deprecated');
      },

      /** What is deleted reads back as `deprecated`. */
      async getConnection(id) {
        const path = `/connections/${id}`;
        const call = http({ method: 'GET', path, answer: ConnectionRead, interest });
        const connection = await orAbsent(call);
        return connection?.status === 'deprecated' ? undefined : connection;
      },

      createConnection: (connection) =>
        http({
          method: 'POST',
          path: '/connections',
          body: connection,
          answer: ConnectionRead,
          interest,
        }),

      patchConnection: (id, connection) =>
        http({
          method: 'PATCH',
          path: `/connections/${id}`,
          body: connection,
          answer: ConnectionRead,
          interest,
        }),

      deleteConnection: (id) => remove(`/connections/${id}`),

      async listTags() {
        const query = { workspaceIds: workspaceId };
        const answer = page(Tag);
        return (await http({ method: 'GET', path: '/tags', query, answer, interest })).data;
      },

      createTag(tag) {
        const body = { ...tag, workspaceId };
        return http({ method: 'POST', path: '/tags', body, answer: Tag, interest });
      },

      deleteTag: (id) => remove(`/tags/${id}`),

      discover(query) {
        const answer = z.array(StreamProperties);
        return http({ method: 'GET', path: '/streams', query, answer, interest });
      },

      startJob: (connectionId, jobType) =>
        http({
          method: 'POST',
          path: '/jobs',
          body: { connectionId, jobType },
          answer: Job,
          interest,
        }),

      getJob: (id) => http({ method: 'GET', path: `/jobs/${String(id)}`, answer: Job, interest }),

      async listJobs(connectionId) {
        const query = { connectionId, limit: PAGE, orderBy: 'createdAt|DESC' };
        const { data } = await http({
          method: 'GET',
          path: '/jobs',
          query,
          answer: page(Job),
          interest,
        });
        return data;
      },
    };
  };
