import { z } from 'zod';
import { AirbyteError } from './airbyte-error';
import type { AirbyteHttp, Interest } from './airbyte-http';

/** The public API's largest page (PaginationParameters). */
const PAGE = 100;

export type Kind = 'source' | 'destination';

/** A source or a destination: Airbyte calls both actors. */
export interface Actor {
  id: string;
  name: string;
  definitionId: string;
  workspaceId: string;
  /** Secrets read back as ten asterisks; null once the actor is deleted (deletes are soft). */
  configuration: Record<string, unknown> | null;
  /** Seconds since 1970. */
  createdAt?: number | undefined;
}

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
});
export type StreamRead = z.infer<typeof StreamRead>;

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
  })
  .transform(({ connectionId: id, ...rest }) => ({ id, ...rest }));
export type ConnectionRead = z.infer<typeof ConnectionRead>;

/** ConnectionPatch of the public API, and the part of ConnectionCreate it shares. */
export interface ConnectionWrite {
  name: string;
  status: string;
  /** Absent only where a schedule kind cannot be set (basic), and so stays. */
  schedule?: { scheduleType: string; cronExpression?: string | undefined };
  prefix: string;
  namespaceDefinition?: string | undefined;
  namespaceFormat?: string | undefined;
  nonBreakingSchemaUpdatesBehavior?: string | undefined;
  configurations: { streams: (Pick<StreamRead, 'name'> & Partial<StreamRead>)[] };
}

const StreamProperties = z.object({
  streamName: z.string(),
  /** Spelt so by the API. */
  streamnamespace: orUndefined(z.string()),
});
export interface DiscoveredStream {
  name: string;
  namespace?: string;
}

const Job = z.object({ jobId: z.number(), status: z.string(), jobType: z.string() });
export type Job = z.infer<typeof Job>;

const page = <Schema extends z.ZodType>(item: Schema) => z.object({ data: z.array(item) });
const nothing = z.unknown();

export type Airbyte = ReturnType<ReturnType<typeof createAirbyte>>;

/**
 * The entities of one workspace through Airbyte's public API, for a caller and as long as his interest
 * lasts.
 */
export const createAirbyte =
  ({ http, workspaceId }: { http: AirbyteHttp; workspaceId: string }) =>
  (interest: Interest) => {
    const listAll = async <Schema extends z.ZodType>(path: string, item: Schema, offset = 0) => {
      const query = { workspaceIds: workspaceId, limit: PAGE, offset };
      const { data } = await http({ method: 'GET', path, query, answer: page(item), interest });
      if (data.length < PAGE) return data;
      const rest: z.output<Schema>[] = await listAll(path, item, offset + PAGE);
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

      listActors: (kind: Kind): Promise<Actor[]> => listAll(ACTORS[kind].path, ACTORS[kind].read),

      /** Undefined when it never was, is deleted, or is another workspace's. */
      async getActor(kind: Kind, id: string): Promise<Actor | undefined> {
        const { path, read } = ACTORS[kind];
        const call = http({ method: 'GET', path: `${path}/${id}`, answer: read, interest });
        const actor = await orAbsent(call);
        return actor?.configuration && actor.workspaceId === workspaceId ? actor : undefined;
      },

      createActor(kind: Kind, actor: Pick<Actor, 'name' | 'definitionId' | 'configuration'>) {
        const { path, read } = ACTORS[kind];
        const body = { ...actor, workspaceId };
        return http({ method: 'POST', path, body, answer: read, interest });
      },

      /** Replaces the configuration; a secret given as ten asterisks stays as it is stored. */
      updateActor(kind: Kind, id: string, actor: Pick<Actor, 'name' | 'configuration'>) {
        const { path, read } = ACTORS[kind];
        const body = { name: actor.name, configuration: actor.configuration };
        return http({ method: 'PUT', path: `${path}/${id}`, body, answer: read, interest });
      },

      /** Takes the actor's connections with it. Absent is success. */
      deleteActor: (kind: Kind, id: string) => remove(`${ACTORS[kind].path}/${id}`),

      async listConnections(): Promise<ConnectionRead[]> {
        const all = await listAll('/connections', ConnectionRead);
        return all.filter(({ status }) => status !== 'deprecated');
      },

      /** Undefined when it never was or is deleted, which the API shows as `deprecated`. */
      async getConnection(id: string): Promise<ConnectionRead | undefined> {
        const path = `/connections/${id}`;
        const call = http({ method: 'GET', path, answer: ConnectionRead, interest });
        const connection = await orAbsent(call);
        return connection?.status === 'deprecated' ? undefined : connection;
      },

      /** Slow where Airbyte has no schema of the source cached: it then discovers one first. */
      createConnection: (
        connection: ConnectionWrite & { sourceId: string; destinationId: string },
      ) =>
        http({
          method: 'POST',
          path: '/connections',
          body: connection,
          answer: ConnectionRead,
          interest,
        }),

      /** Streams, where given, replace the whole set. */
      patchConnection: (id: string, connection: Partial<ConnectionWrite>) =>
        http({
          method: 'PATCH',
          path: `/connections/${id}`,
          body: connection,
          answer: ConnectionRead,
          interest,
        }),

      deleteConnection: (id: string) => remove(`/connections/${id}`),

      /** The streams of a source, from Airbyte's cache unless told otherwise. */
      async discover(query: {
        sourceId: string;
        destinationId: string;
        ignoreCache?: boolean;
      }): Promise<DiscoveredStream[]> {
        const answer = z.array(StreamProperties);
        const streams = await http({ method: 'GET', path: '/streams', query, answer, interest });
        return streams.map(({ streamName: name, streamnamespace: namespace }) =>
          namespace === undefined ? { name } : { name, namespace },
        );
      },

      /** Starts the removal of a connection's data from its destination. */
      startClear: (connectionId: string) =>
        http({
          method: 'POST',
          path: '/jobs',
          body: { connectionId, jobType: 'clear' },
          answer: Job,
          interest,
        }),

      getJob: (id: number) =>
        http({ method: 'GET', path: `/jobs/${String(id)}`, answer: Job, interest }),

      async listJobs(connectionId: string): Promise<Job[]> {
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
