import type { Airbyte, ConnectionRead, ConnectionWrite, SourceStream } from '../src/airbyte';
import { understood } from '../src/airbyte-odd';
import type { Plan } from '../src/descriptor';
import { describeProblem } from '../src/errors';
import type { Problem } from '../src/errors';
import { ownActors } from './actors';
import type { ActorDeps } from './actors';
import { attempt } from './attempt';
import { isConnectionAsWanted } from './comparison';
import type { ConnectionWanted } from './comparison';
import { lookAtStreams } from './discovered';
import type { Discovery } from './discovered';
import { adoptable, byHint, refused, settled, single, stillThere } from './findings';
import type { Put } from './findings';
import { withMappers } from './mappers';
import type { MappersByHand } from './mappers';
import { createRestoreConnection } from './restored-connection';
import { orTagsAgain, removeUnused, withTags } from './tags';

/** What a run keeps of a stream: a source may have thousands. */
export interface DiscoveredStream {
  name: string;
  namespace?: string;
}

/** A connection is the component's whose source it reads. */
export const findConnection = async (airbyte: Airbyte, sourceId: string, hint?: string) => {
  const hinted = hint === undefined ? undefined : await byHint(airbyte.getConnection(hint));
  const isOwn = (connection: ConnectionRead) => connection.sourceId === sourceId;
  if (hinted && isOwn(hinted)) return hinted;
  const all = await airbyte.listConnections({ until: (listed) => listed.some(isOwn) });
  const found = single('connection', all.filter(isOwn));
  return found && understood('connection', found);
};

const ownConnections = async (airbyte: Airbyte, key: string) => {
  const sources = await ownActors(airbyte, 'source', key);
  if (sources.length === 0) return [];
  const connections = await airbyte.listConnections();
  return connections
    .filter(({ sourceId }) => sources.some(({ id }) => id === sourceId))
    .map((connection) => understood('connection', connection).id);
};

const remove = async (airbyte: Airbyte, id: string) => {
  await airbyte.deleteConnection(id);
  if (await airbyte.getConnection(id)) throw stillThere('connection', id);
};

/** The descriptor's streams, or all there are, each replaced as a whole at every sync. */
export const streamsOf = (plan: Plan['connection'], discovered: DiscoveredStream[]) =>
  plan.streams?.map(({ selectedFields, ...stream }) => ({
    ...stream,
    selectedFields: selectedFields?.map((field) => ({ fieldPath: [field] })),
  })) ?? discovered.map((stream) => ({ ...stream, syncMode: 'full_refresh_overwrite' }));

export const asWrite = (
  {
    streams: _streams,
    syncOnProvision: _sync,
    waitForSync: _wait,
    adopt: _adopt,
    adoptShared: _shared,
    ...plan
  }: Plan['connection'],
  streams: ConnectionWrite['configurations']['streams'],
): ConnectionWanted => ({ ...plan, status: plan.status ?? 'active', configurations: { streams } });

const inShort = ({ name, namespace }: SourceStream): DiscoveredStream =>
  namespace === undefined ? { name } : { name, namespace };

const sentence = (problem: Problem) => describeProblem(problem).replace(/([^?])$/, '$1.');

const notOffered = (problems: Problem[]) =>
  refused(
    problems.length > 0 ? problems.map(sentence).join(' ') : 'The source has no streams to sync.',
    'Correct specific.connection.streams in the descriptor, or the source it reads.',
  );

/** The source's streams; wishes they do not fit are refused, after a look past Airbyte's cache. */
export const discoverFor = async (
  airbyte: Airbyte,
  given: Discovery,
): Promise<DiscoveredStream[]> => {
  const { streams, problems } = await lookAtStreams(airbyte, given);
  if (problems.length > 0 || streams.length === 0) throw notOffered(problems);
  return streams.map(inShort);
};

export interface ConnectionDeps extends Pick<ActorDeps, 'airbyteFor' | 'hrefOf'> {
  mappersByHand: MappersByHand;
}

/** Discovering, making, putting back and removing the connections of components. */
export const createConnectionActivities = ({
  airbyteFor,
  hrefOf,
  mappersByHand: byHand,
}: ConnectionDeps) => ({
  discover: (given: Discovery) =>
    attempt(({ interest }) => discoverFor(airbyteFor(interest), given)),

  put: (given: {
    plan: Plan['connection'];
    sourceId: string;
    destinationId: string;
    streams: DiscoveredStream[];
    before?: ConnectionRead | undefined;
    /** Of another, whose place it takes: what was set there by hand stands here too. */
    replaces?: ConnectionRead;
    /** Milliseconds Airbyte may take to finish, unseen, what it was asked for. */
    settleTime: number;
  }) =>
    attempt(async ({ number, settlesAt, interest }): Promise<Put> => {
      const { plan, sourceId, destinationId, before, replaces } = given;
      const airbyte = airbyteFor(interest);
      const wantedOver = (seen: ConnectionRead | undefined = replaces) =>
        asWrite(
          plan,
          withMappers(streamsOf(plan, given.streams), { sourceId, before: seen, byHand }),
        );
      const wanted = wantedOver(before);
      const done = (id: string, action: Put['action']) => ({
        id,
        name: wanted.name,
        href: hrefOf(`connections/${id}`),
        action,
      });
      if (before && before.destinationId !== destinationId)
        throw refused(
          `The connection "${before.name}" (${before.id}) reads this component's source but writes to a destination that is not the component's.`,
          'Delete that connection in Airbyte, then deploy again.',
        );
      if (before && isConnectionAsWanted(before, wanted)) return done(before.id, 'unchanged');
      if (before) settled({ settlesAt });
      const look = () => findConnection(airbyte, sourceId, before?.id);
      const current = number === 1 ? before : await adoptable(look, { settlesAt });
      const action = before ? 'updated' : 'created';
      if (current && isConnectionAsWanted(current, wanted)) return done(current.id, action);
      const write = await withTags(airbyte, wantedOver(current), current);
      const writing = current
        ? airbyte.patchConnection(current.id, write)
        : airbyte.createConnection({ ...write, sourceId, destinationId });
      const written = await orTagsAgain(airbyte, write, writing);
      return done(written.id, action);
    }, given.settleTime),

  restore: createRestoreConnection({ airbyteFor, hrefOf }),

  /** Which of these tags, of which the workspace had none before the run, are gone again. */
  removeTags: ({ names }: { names: string[] }) =>
    attempt(({ interest }) => removeUnused(airbyteFor(interest), names)),

  /** By id where the run has seen it; by its source where it may exist unseen. Whether there was any. */
  delete: ({ key, id }: { key: string; id?: string | undefined }) =>
    attempt(async ({ interest }) => {
      const airbyte = airbyteFor(interest);
      const ids = id ? [id] : await ownConnections(airbyte, key);
      for (const each of ids) await remove(airbyte, each);
      return ids.length > 0;
    }),
});
