import { z } from 'zod';
import { AirbyteError, outOfTurn } from '../errors';
import type { Actor, Airbyte, ConnectionRead as Connection, SourceStream } from '../workspace';
import { overBy } from '../http';
import type { AirbyteHttp, CallInterest } from '../http';
import { PAGE, byOffset, lookThrough, readList } from '../list';
import type { Look } from '../list';
import { oneOf, readable, understood } from '../odd';
import type { Form, ReadOne } from '../odd';
import { ACTORS, connectionPart } from './forms';
import { specificationOf } from '../specification';
import { Tag } from '../tags';
import { createSharedReads } from '../shared-reads';

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
const CONNECTION = { id: 'connectionId', whole: ConnectionRead, part: connectionPart };

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
const STREAM = { id: 'streamName', whole: StreamProperties };

const Workspace = z
  .object({ workspaceId: z.string(), name: z.string() })
  .transform(({ workspaceId: id, name }) => ({ id, name }));

const Definition = z.object({
  id: z.string(),
  name: z.string(),
  dockerRepository: orUndefined(z.string()),
  dockerImageTag: orUndefined(z.string()),
});

const DEFINITION = { id: 'id', whole: Definition };

const Job = z.object({ jobId: z.number(), status: z.string(), jobType: z.string() });
const JOB = { id: 'jobId', whole: Job };

const page = z.object({ data: z.array(z.unknown()) });
const nothing = z.unknown();

interface PublicAirbyteOptions {
  http: AirbyteHttp;
  workspaceId: string;
  readOne: ReadOne;
}

/** A workspace through Airbyte's public API, for a caller and as long as his interest lasts. */
export const createPublicAirbyte = ({ http, workspaceId, readOne }: PublicAirbyteOptions) => {
  const actorLooks = createSharedReads<Look<Actor>>();
  const connectionLooks = createSharedReads<Look<Connection>>();

  return (interest: CallInterest): Airbyte => {
    const rowsOf = async <Item extends object>(
      path: string,
      form: Form<Item>,
      query: Record<string, string | number> = {},
      wanted = interest,
    ) => {
      const call = { method: 'GET' as const, path, query, answer: page, interest: wanted };
      return (await http(call)).data.map((row) => readOne(form, row));
    };

    /** A look at a list, which those share who want one at the same time. */
    const lookAt =
      <Item extends { id: string }>(
        looks: ReturnType<typeof createSharedReads<Look<Item>>>,
        what: string,
        { path, form }: { path: string; form: Form<Item> },
      ) =>
      () => {
        const query = (offset: number) => ({ workspaceIds: workspaceId, limit: PAGE, offset });
        const over = overBy(interest, () => outOfTurn(`the list of ${what}`));
        return looks(what, { interest, over }, (shared) =>
          lookThrough(
            what,
            byOffset((offset) => rowsOf(path, form, query(offset), shared)),
          ),
        );
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

    const getActor: Airbyte['getActor'] = async (kind, id) => {
      const { path, form } = ACTORS[kind];
      const answer = oneOf(readOne, form);
      const actor = await orAbsent(
        http({ method: 'GET', path: `${path}/${id}`, answer, interest }),
      );
      const isHere = actor && understood(kind, actor).workspaceId === workspaceId;
      return isHere && actor.configuration ? actor : undefined;
    };

    /** What is deleted reads back as `deprecated`. */
    const getConnection: Airbyte['getConnection'] = async (id) => {
      const path = `/connections/${id}`;
      const answer = oneOf(readOne, CONNECTION);
      const connection = await orAbsent(http({ method: 'GET', path, answer, interest }));
      const isThere = connection && connection.status !== 'deprecated';
      return isThere ? understood('connection', connection) : undefined;
    };

    return {
      workspaceId,

      getWorkspace() {
        const path = `/workspaces/${workspaceId}`;
        return orAbsent(http({ method: 'GET', path, answer: Workspace, interest }));
      },

      async listDefinitions(kind) {
        const path = `/workspaces/${workspaceId}/definitions/${kind}s`;
        return readable(await rowsOf(path, DEFINITION));
      },

      specificationOf: (kind, definitionId) =>
        specificationOf({ http, workspaceId, interest }, { kind, definitionId }),
      check: () => Promise.resolve(undefined),

      listActors: (kind, { until } = {}) =>
        readList({
          look: lookAt(actorLooks, `${kind}s`, {
            path: ACTORS[kind].path,
            form: ACTORS[kind].listed,
          }),
          get: (id) => getActor(kind, id),
          until,
        }),

      getActor,

      createActor(kind, actor) {
        const { path, form } = ACTORS[kind];
        const body = { ...actor, workspaceId };
        return http({ method: 'POST', path, body, answer: form.whole, interest });
      },

      updateActor(kind, id, actor) {
        const { path, form } = ACTORS[kind];
        const body = { name: actor.name, configuration: actor.configuration };
        return http({ method: 'PUT', path: `${path}/${id}`, body, answer: form.whole, interest });
      },

      deleteActor: (kind, id) => remove(`${ACTORS[kind].path}/${id}`),

      async listConnections({ until } = {}) {
        const list = { path: '/connections', form: CONNECTION };
        const look = lookAt(connectionLooks, 'connections', list);
        const all = await readList({ look, get: getConnection, until });
        return all.filter(({ status }) => status !== 'deprecated');
      },

      getConnection,

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
        const answer = z.object({ data: z.array(Tag) });
        return (await http({ method: 'GET', path: '/tags', query, answer, interest })).data;
      },

      createTag(tag) {
        const body = { ...tag, workspaceId };
        return http({ method: 'POST', path: '/tags', body, answer: Tag, interest });
      },

      deleteTag: (id) => remove(`/tags/${id}`),

      async discover(query) {
        const answer = z.array(z.unknown());
        const rows = await http({ method: 'GET', path: '/streams', query, answer, interest });
        return readable(rows.map((row) => readOne(STREAM, row)));
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
        return readable(await rowsOf('/jobs', JOB, query));
      },
    };
  };
};
