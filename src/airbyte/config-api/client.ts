import { z } from 'zod';
import type {
  Actor,
  Airbyte,
  ConnectionRead as Connection,
  ConnectionWrite,
  Kind,
} from '../workspace';
import { ACTORS } from './actors';
import { CONNECTION, ConnectionRead, asConfig } from './connections';
import {
  CheckConnectionRead,
  ConnectionReadList,
  JOB,
  JobInfoRead,
  Modes,
  WorkspaceRead,
} from './forms';
import { hasChoice, offeredBy } from './streams';
import { createDiscovered, createDiscovery } from './discovered';
import type { Discovery } from './discovered';
import { orAbsent, stillQueued } from '../errors';
import type { AirbyteHttp } from '../http';
import { overBy } from '../../concurrency/call-interest';
import type { CallInterest } from '../../concurrency/call-interest';
import { PAGE, byCursor, lookThrough, readList } from '../list';
import type { Look } from '../list';
import { oneOf, readable, understood } from '../odd-entities';
import type { ReadOne } from '../odd-entities';
import { specificationOf } from '../specification';
import { Tag } from '../forms';
import type { Redactor } from '../../secrets/masking';
import { createSharedReads } from '../shared-reads';
import { Refusal } from '../../contract/problems';

const nothing = z.unknown();

const markedConnection = ({ connection, odd }: { connection: Connection; odd?: string }) =>
  odd === undefined ? connection : { ...connection, odd };

const noSuchConnection = (id: string) =>
  new Refusal(
    `Airbyte has no connection ${id} any more.`,
    'Deploy again: the connection is then made anew.',
  );

interface ConfigAirbyteOptions {
  http: AirbyteHttp;
  workspaceId: string;
  redactor: Redactor;
  readOne: ReadOne;
}

/** A workspace through Airbyte's Config API, as long as its caller's interest lasts. */
export const createConfigAirbyte = (options: ConfigAirbyteOptions) => {
  const { http, workspaceId, redactor, readOne } = options;
  const discovered = createDiscovered<Discovery>();
  const actorLooks = createSharedReads<Look<Actor>>();
  const connectionLists = createSharedReads<Connection[]>();

  /** Everything is a POST; whether it changes anything only the operation tells. */
  const postFor =
    (interest: CallInterest, writes: boolean) =>
    <Schema extends z.ZodType>(path: string, body: object, answer: Schema) =>
      http({ method: 'POST', path, body, writes, answer, interest });

  return (interest: CallInterest): Airbyte => {
    const read = postFor(interest, false);
    const write = postFor(interest, true);

    /** For what those share who want it at the same time. */
    const alike = (what: string) => ({
      interest,
      over: overBy(interest, () => stillQueued(`the list of ${what}`)),
    });

    /** By what is in the names: `search`, by the whole name, finds nothing on many versions. */
    const pagesOf = (kind: Kind, named: string | undefined, shared: CallInterest) => {
      const filters = named === undefined ? undefined : { searchTerm: named };
      return byCursor(async (cursor) => {
        // Newer versions list a few at a time unless told otherwise.
        const body = { workspaceId, pageSize: PAGE, cursor, filters };
        const call = postFor(shared, false)(`/${kind}s/list`, body, ACTORS[kind].list);
        // An entity that is gone is no cursor any more: 404.
        const page = await (cursor === undefined ? call : orAbsent(call));
        if (!page) return undefined;
        return { ...page, rows: page.rows.map((row) => readOne(ACTORS[kind].listed, row)) };
      });
    };

    const sources = createDiscovery({ read, discovered, redactor, readOne });

    const getActor = (kind: Kind, id: string) =>
      orAbsent(read(`/${kind}s/get`, { [`${kind}Id`]: id }, oneOf(readOne, ACTORS[kind].form)));

    /** What is deleted reads back without a configuration. */
    const getActorHere: Airbyte['getActor'] = async (kind, id) => {
      const actor = await getActor(kind, id);
      const isHere = actor && understood(kind, actor).workspaceId === workspaceId;
      return isHere && actor.configuration ? actor : undefined;
    };

    /** Undefined where an old version does not tell. */
    const modesOf = async (destinationId: string) => {
      const actor = await getActor('destination', destinationId);
      const definition = { destinationDefinitionId: actor?.definitionId, workspaceId };
      const path = '/destination_definition_specifications/get';
      const specification = actor && (await orAbsent(read(path, definition, Modes)));
      return specification?.supportedDestinationSyncModes;
    };

    const findConnection = async (id: string) => {
      const answer = oneOf(readOne, CONNECTION);
      const found = await orAbsent(read('/connections/get', { connectionId: id }, answer));
      return found?.connection.status === 'deprecated' ? undefined : found;
    };

    const streamsOf = async (connectionId: string, wanted: Partial<ConnectionWrite>) => {
      const found = await findConnection(connectionId);
      if (!found) throw noSuchConnection(connectionId);
      return sources.streamsFor(wanted, found.connection.sourceId, found.syncCatalog);
    };

    const startJob = (connectionId: string, jobType: 'clear' | 'sync') =>
      write(`/connections/${jobType}`, { connectionId }, JobInfoRead);

    return {
      workspaceId,

      async getWorkspace() {
        const found = await orAbsent(read('/workspaces/get', { workspaceId }, WorkspaceRead));
        return found && !found.tombstone ? { id: found.workspaceId, name: found.name } : undefined;
      },

      async listDefinitions(kind) {
        const { definition, definitions } = ACTORS[kind];
        const path = `/${kind}_definitions/list_for_workspace`;
        const rows = await read(path, { workspaceId }, definitions);
        return readable(rows.map((row) => readOne(definition, row)));
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

      listActors: (kind, { named, until } = {}) =>
        readList({
          look: () =>
            actorLooks(`${kind}s ${named ?? ''}`, alike(`${kind}s`), (shared) =>
              lookThrough(`${kind}s`, pagesOf(kind, named, shared)),
            ),
          get: (id) => getActorHere(kind, id),
          until,
        }),

      getActor: getActorHere,

      createActor(kind, { name, definitionId, configuration: connectionConfiguration }) {
        const definition = { [`${kind}DefinitionId`]: definitionId };
        const body = { name, workspaceId, ...definition, connectionConfiguration };
        return write(`/${kind}s/create`, body, ACTORS[kind].form.whole);
      },

      updateActor(kind, id, { name, configuration: connectionConfiguration }) {
        discovered.forget(id);
        const body = { [`${kind}Id`]: id, name, connectionConfiguration };
        return write(`/${kind}s/update`, body, ACTORS[kind].form.whole);
      },

      deleteActor: (kind, id) =>
        orAbsent(write(`/${kind}s/delete`, { [`${kind}Id`]: id }, nothing)),

      /** In one answer, which nothing can shift. */
      listConnections: () =>
        connectionLists('connections', alike('connections'), async (shared) => {
          const list = postFor(shared, false);
          const answer = await list('/connections/list', { workspaceId }, ConnectionReadList);
          return readable(answer.connections.map((row) => readOne(CONNECTION, row)))
            .map(markedConnection)
            .filter(({ status }) => status !== 'deprecated');
        }),

      async getConnection(id) {
        const found = await findConnection(id);
        return found && understood('connection', markedConnection(found));
      },

      async createConnection({ sourceId, destinationId, ...wanted }) {
        const streams = await sources.streamsFor(wanted, sourceId);
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
        const found = await sources.discover(sourceId, ignoreCache);
        const { catalog } = discovered.keep(sourceId, found);
        const modes = hasChoice(catalog) ? await modesOf(destinationId) : undefined;
        return offeredBy(catalog, modes);
      },

      startJob,

      getJob: (id) => read('/jobs/get_light', { id }, JobInfoRead),

      async listJobs(connectionId) {
        const configTypes = ['sync', 'refresh', 'clear', 'reset_connection'];
        const pagination = { pageSize: PAGE, rowOffset: 0 };
        const body = { configId: connectionId, configTypes, pagination };
        const { jobs } = await read('/jobs/list', body, z.object({ jobs: z.array(z.unknown()) }));
        const found = readable(jobs.map((row) => readOne(JOB, row)));
        return found.toSorted((one, other) => other.jobId - one.jobId);
      },
    };
  };
};
