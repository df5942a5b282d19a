import { z } from 'zod';
import { orAbsent, stillQueued } from '../errors';
import type { Actor, Airbyte, ConnectionRead as Connection } from '../workspace';
import type { AirbyteHttp } from '../http';
import { overBy } from '../../concurrency/call-interest';
import type { CallInterest } from '../../concurrency/call-interest';
import { PAGE, byOffset, lookThrough, readList } from '../list';
import type { Look } from '../list';
import { oneOf, readable, understood } from '../odd-entities';
import type { Form, ReadOne } from '../odd-entities';
import { ACTORS } from './actors';
import { CONNECTION, ConnectionRead } from './connections';
import { DEFINITION, JOB, Job, STREAM, Workspace, nothing, page } from './forms';
import { specificationOf } from '../specification';
import { Tag } from '../forms';
import { createSharedReads } from '../shared-reads';

interface PublicAirbyteOptions {
  http: AirbyteHttp;
  workspaceId: string;
  readOne: ReadOne;
}

/** A workspace through Airbyte's public API, as long as its caller's interest lasts. */
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
        const over = overBy(interest, () => stillQueued(`the list of ${what}`));
        return looks(what, { interest, over }, (shared) =>
          lookThrough(
            what,
            byOffset((offset) => rowsOf(path, form, query(offset), shared)),
          ),
        );
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
