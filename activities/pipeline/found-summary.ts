import { withoutUndefined } from '../../src/contract/json';
import type { Actor, ConnectionRead, Kind } from '../../src/airbyte/workspace';
import type { Plan } from '../../src/descriptor/descriptor';
import type { Found, SeenActor, WholeFound } from './step-answers';
import { digestOfActor, digestOfConnection } from '../comparison/reads';
import { connectionDifferences } from '../comparison/differences';
import { asWrite, streamsOf } from './connections';
import { summarize } from './discovery';
import type { Feasible } from './preflight';
import { MAPPERS_OF, withMappers } from '../comparison/mappers';
import type { MappersByHand } from '../comparison/mappers';
import { createKeeper } from '../former/snapshot';
import type { Keep } from '../former/snapshot';

/*
 * Between the steps of a run go ids and digests. What is whole goes there only where an undo needs it.
 */

const named = ({ id, name }: Actor) => ({ id, name });
const namedConnection = ({ id, name, status, schedule }: ConnectionRead) => ({
  id,
  name,
  status,
  schedule,
});

/** For a run that removes it. */
export const namesOf = ({ workspaceId, source, destination, connection }: WholeFound): Found =>
  withoutUndefined({
    workspaceId,
    source: source && named(source),
    destination: destination && named(destination),
    connection: connection && namedConnection(connection),
  });

interface Judged {
  plan: Plan;
  feasible: Feasible;
  byHand: MappersByHand;
  /** A page of Airbyte's user interface; absent where the run has steps for what is as wanted, too. */
  hrefOf: ((path: string) => string) | undefined;
}

const isOfStreams = (field: string) => field === 'streams' || field.startsWith(MAPPERS_OF);

/**
 * The fields of the connection that are not as wanted, and whether these are all: the streams only
 * the run can tell that has yet to write the source.
 */
export const linkDifferences = (
  { connection, destination }: WholeFound,
  { plan, feasible, byHand }: Omit<Judged, 'hrefOf'>,
): { differs: string[]; isAll: boolean } => {
  if (!connection) return { differs: [], isAll: false };
  const streams = plan.connection.streams ? [] : feasible.streams;
  const { sourceId } = connection;
  const wanted = withMappers(streamsOf(plan.connection, streams ?? []), {
    sourceId,
    before: connection,
    byHand,
  });
  const differing = connectionDifferences(connection, asWrite(plan.connection, wanted));
  const isOwn = connection.destinationId === destination?.id;
  return {
    differs: [
      ...(isOwn ? [] : ['destination']),
      ...differing.filter((field) => streams !== undefined || !isOfStreams(field)),
    ],
    isAll: streams !== undefined,
  };
};

const isLinkedAsWanted = (found: WholeFound, judged: Judged) => {
  const { differs, isAll } = linkDifferences(found, judged);
  return isAll && differs.length === 0;
};

const asWanted = (path: string, hrefOf: Judged['hrefOf']) => ({
  isAsWanted: true as const,
  ...(hrefOf && { href: hrefOf(path) }),
});

const seenActor = async (
  kind: Kind,
  actor: Actor,
  { feasible: { isAsWanted, leaves }, hrefOf, keep }: Judged & { keep: Keep },
): Promise<SeenActor> => {
  if (isAsWanted[kind]) return { ...named(actor), ...asWanted(`${kind}/${actor.id}`, hrefOf) };
  return {
    ...named(actor),
    digest: digestOfActor(actor),
    former: await keep(kind, actor),
    ...(leaves[kind] && { leaves: leaves[kind] }),
  };
};

/** For a run that provisions it. */
export const inShortOf = async (found: WholeFound, judged: Judged): Promise<Found> => {
  const { source, destination, connection, replaces, ...rest } = found;
  const keep = createKeeper();
  const { streams } = judged.feasible;
  return {
    ...rest,
    ...(source && { source: await seenActor('source', source, { ...judged, keep }) }),
    ...(destination && {
      destination: await seenActor('destination', destination, { ...judged, keep }),
    }),
    ...(connection && {
      connection: {
        ...namedConnection(connection),
        ...(isLinkedAsWanted(found, judged)
          ? asWanted(`connections/${connection.id}`, judged.hrefOf)
          : {
              digest: digestOfConnection(connection),
              former: await keep('connection', connection),
            }),
      },
    }),
    ...(replaces && { replaces: namedConnection(replaces) }),
    ...(streams && { streams: summarize(judged.plan.connection.streams ? [] : streams) }),
  };
};
