import type { Airbyte, ConnectionRead, ConnectionWrite } from '../../src/airbyte/workspace';
import { tillSeen } from '../../src/concurrency/call-interest';
import { understood } from '../../src/airbyte/odd-entities';
import { DEFAULT_MODE } from '../../src/airbyte/sync-modes';
import type { Plan } from '../../src/descriptor/descriptor';
import { Refusal } from '../../src/contract/problems';
import type { Perhaps } from '../../workflows/protocol/failure-details';
import { ownActors } from './actors';
import type { ActorDeps, Deletion } from './actors';
import { attempt } from '../attempt';
import type { Attempt } from '../attempt';
import { digestOfConnection } from '../comparison/reads';
import { isConnectionAsWanted } from '../comparison/differences';
import type { ConnectionWanted } from '../comparison/differences';
import { discoverFor, summarize } from './discovery';
import type { DiscoveredStream, Discovery, StreamSummary } from './discovery';
import { adoptable, byHint, settled, stillThere } from '../unclear-answers';
import { changedSince, single } from '../refusals';
import type { Connected, Put, SeenBefore } from './step-answers';
import { withMappers } from '../comparison/mappers';
import type { MappersByHand } from '../comparison/mappers';
import { noLongerThere } from '../former/restored';
import { createRestoreConnection } from '../former/connection';
import { orTagsAgain, removeUnused, withTags } from './tags';

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

/** The descriptor's streams, or all there are, each replaced as a whole at every sync. */
export const streamsOf = (plan: Plan['connection'], discovered: DiscoveredStream[]) =>
  plan.streams?.map(({ selectedFields, ...stream }) => ({
    ...stream,
    selectedFields: selectedFields?.map((field) => ({ fieldPath: [field] })),
  })) ?? discovered.map((stream) => ({ ...stream, syncMode: DEFAULT_MODE }));

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

/** Those that the plan names it has already. */
const streamsFor = async (
  airbyte: Airbyte,
  { few, ...given }: Discovery & { few?: DiscoveredStream[] | undefined },
) => (given.plan.streams ? [] : (few ?? discoverFor(airbyte, given)));

interface Ends {
  sourceId: string;
  destinationId: string;
  /** Milliseconds Airbyte may take to finish, unseen, what it was asked for. */
  settleTime: number;
  /** Of another, whose place it takes: what was set there by hand stands here too. */
  replaces?: { id: string } | undefined;
}

/** `seen` is whole where an older worker looked; with a plan without streams the source's are looked up. */
type PutConnection = Ends &
  (
    | {
        wanted: Plan['connection'];
        /** The destination's. */
        connector: string;
        seen?: SeenBefore | ConnectionRead | undefined;
        /** The source's streams, where the run has been told all of them. */
        few?: DiscoveredStream[] | undefined;
      }
    /** As older workers ask for it. */
    | {
        plan: Plan['connection'];
        streams: DiscoveredStream[];
        before?: ConnectionRead | undefined;
      }
  );

/** Where the source could not be discovered before it was written. */
interface Connect extends Ends {
  wanted: Plan['connection'];
  connector: string;
  seen?: SeenBefore | ConnectionRead | undefined;
}

/** A worker of before has told all of it. */
const sightOf = (seen: SeenBefore | ConnectionRead): SeenBefore =>
  'configurations' in seen
    ? { id: seen.id, name: seen.name, digest: digestOfConnection(seen) }
    : seen;

const isElsewhere = ({ name, id }: ConnectionRead) =>
  new Refusal(
    `The connection "${name}" (${id}) reads this component's source but writes to a destination that is not the component's.`,
    'Delete that connection in Airbyte, then deploy again.',
  );

interface ConnectionDeps extends Pick<ActorDeps, 'airbyteFor' | 'hrefOf'> {
  mappersByHand: MappersByHand;
}

/** Makes or changes a connection, with the streams that its source is found to offer meanwhile. */
const createPut =
  ({ airbyteFor, hrefOf, mappersByHand: byHand }: ConnectionDeps) =>
  async (
    given: PutConnection,
    { number, settlesAt, interest }: Attempt,
    offered: (airbyte: Airbyte) => Promise<DiscoveredStream[]>,
  ): Promise<Put> => {
    const { sourceId, destinationId } = given;
    const plan = 'wanted' in given ? given.wanted : given.plan;
    const known = 'wanted' in given ? given.seen : given.before;
    const seen = known && sightOf(known);
    const done = (id: string, action: Put['action']) => ({
      id,
      name: plan.name,
      href: hrefOf(`connections/${id}`),
      action,
    });
    if (seen?.isAsWanted) return done(seen.id, 'unchanged');
    const airbyte = await airbyteFor(interest);
    const there = async ({ id, name = id }: { id: string; name?: string }) => {
      const found = await airbyte.getConnection(id);
      if (found) return found;
      throw noLongerThere({ kind: 'connection', name, href: hrefOf(`connections/${id}`) });
    };
    const adopted = () => {
      const look = () => findConnection(airbyte, sourceId);
      return number === 1 ? undefined : adoptable(look, { settlesAt });
    };
    if (seen) settled({ settlesAt });
    const made = seen ? undefined : await adopted();
    const streams = await offered(airbyte);
    // What may take minutes is over: nobody changes unseen what is looked at now.
    const found = seen ? await there(seen) : made;
    if (found && found.destinationId !== destinationId) throw isElsewhere(found);
    const over = found ?? (given.replaces && (await there(given.replaces)));
    const wanted = asWrite(
      plan,
      withMappers(streamsOf(plan, streams), { sourceId, before: over, byHand }),
    );
    const isAsSeen = !seen || (found && digestOfConnection(found) === seen.digest);
    if (found && isConnectionAsWanted(found, wanted)) {
      const action = isAsSeen ? 'unchanged' : 'updated';
      return done(found.id, seen ? action : 'created');
    }
    if (seen && !isAsSeen) throw changedSince('connection', seen);
    const write = await withTags(airbyte, wanted, found);
    const writing = found
      ? airbyte.patchConnection(found.id, write)
      : airbyte.createConnection({ ...write, sourceId, destinationId });
    const written = await orTagsAgain(airbyte, write, writing);
    return done(written.id, seen ? 'updated' : 'created');
  };

/** Discovering, making, putting back and removing the connections of components. */
export const createConnectionActivities = (deps: ConnectionDeps) => {
  const { airbyteFor, hrefOf } = deps;
  const put = createPut(deps);
  return {
    /** In short where that is asked for: older workers' runs hold all the names. */
    discover: ({ inShort, ...given }: Discovery & { inShort?: true }) =>
      attempt(async ({ interest }): Promise<StreamSummary | DiscoveredStream[]> => {
        const streams = await discoverFor(await airbyteFor(interest), given);
        return inShort ? summarize(streams) : streams;
      }),

    put: (given: PutConnection) =>
      attempt((attempted) => {
        if ('streams' in given) return put(given, attempted, () => Promise.resolve(given.streams));
        const { wanted: plan } = given;
        return put(given, attempted, (airbyte) => streamsFor(airbyte, { plan, ...given }));
      }, given.settleTime),

    /** Discovers and puts in one step; what the wishes do not fit is refused before anything is written. */
    connect: (given: Connect) =>
      attempt(async (attempted): Promise<Connected> => {
        let streams: DiscoveredStream[] = [];
        const done = await put(given, attempted, async (airbyte) => {
          streams = await discoverFor(airbyte, { plan: given.wanted, ...given });
          return streams;
        });
        return { ...done, streams: summarize(streams) };
      }, given.settleTime),

    restore: createRestoreConnection({ airbyteFor, hrefOf }),

    /** Which of these tags, of which the workspace had none before the run, are gone again. */
    removeTags: ({ names }: { names: string[] }) =>
      attempt(async ({ interest }) => removeUnused(await airbyteFor(interest), names)),

    /** By id where the run has seen it; by its source where it may exist unseen. Whether there was any. */
    delete: ({ key, id, settleTime }: Deletion) =>
      attempt(async ({ interest, hasWritten }): Promise<Perhaps> => {
        const airbyte = await airbyteFor(interest);
        const looking = await airbyteFor(tillSeen(interest));
        const ids = id ? [id] : await ownConnections(airbyte, key);
        for (const each of ids) {
          await airbyte.deleteConnection(each);
          if (await looking.getConnection(each)) throw stillThere('connection', each);
        }
        return ids.length > 0 || hasWritten;
      }, settleTime),
  };
};
