import { setImmediate as breathe } from 'node:timers/promises';
import { log } from '@temporalio/activity';
import pLimit from 'p-limit';
import type { Actor, Airbyte, Kind } from '../../src/airbyte/workspace';
import { REASONS } from '../../src/contract/adoption';
import { MAX_REPORTED } from '../../workflows/protocol/lengths';
import type { AdoptionQuery, AdoptionReport, Left, Reason, Row } from '../../src/contract/adoption';
import { componentIn, ownedName } from '../../src/airbyte/names';
import type { ActorDeps } from '../pipeline/actors';
import { attempt } from '../attempt';
import { planAdoption } from './adoption-plan';
import type { Forbids } from './adoption-plan';
import { actorsIn } from '../workspace';
import { Refusal } from '../../src/contract/problems';
import { isRefused } from '../../src/contract/call-error';

/** Components renamed at once; the client bounds the calls under way for all together. */
const AT_ONCE = 10;

export type AdoptionActivities = ReturnType<typeof createAdoptAllActivities>;

/** A page of a plan: what comes after a component, in the order of their keys. */
interface PlanPage {
  query: AdoptionQuery;
  /** Whose activity it is, where a configuration file names environments. */
  environment?: string | undefined;
  after?: string | undefined;
  limit: number;
}

/** Looked through twice where there are pages: what is hidden in one look could be what shares. */
const never = () => false;

const countsOf = (left: Left[]) => {
  const counts: Partial<Record<Reason, number>> = {};
  for (const { reason } of left) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
};

/** Of each reason some, the first of the list first. */
const firstOf = (left: Left[]) => {
  const order = Object.keys(REASONS);
  return left
    .toSorted((a, b) => order.indexOf(a.reason) - order.indexOf(b.reason))
    .slice(0, MAX_REPORTED);
};

const changed = (what: string) =>
  new Refusal(`${what} has changed since it was looked at.`, 'Run the command again.');

const live = async (airbyte: Airbyte, kind: Kind, id: string, key: string): Promise<Actor> => {
  const actor = await airbyte.getActor(kind, id);
  const owner = actor && componentIn(actor.name);
  if (!actor || actor.odd !== undefined || ![undefined, key].includes(owner))
    throw changed(`The ${kind} ${id}`);
  return actor;
};

/** With its configuration as Airbyte shows it: asterisks leave the stored secrets as they are. */
const rename = (airbyte: Airbyte, kind: Kind, { id, configuration }: Actor, name: string) =>
  airbyte.updateActor(kind, id, { name, configuration });

/**
 * Both ends get the component's bracket, or none does where Airbyte refuses one; what an outage leaves
 * between the two, the next run completes. Nothing else of them changes.
 */
const takeOne = async (airbyte: Airbyte, { key, connectionId, sourceId, destinationId }: Row) => {
  const connection = await airbyte.getConnection(connectionId);
  if (connection?.sourceId !== sourceId || connection.destinationId !== destinationId)
    throw changed(`The connection ${connectionId}`);
  const source = await live(airbyte, 'source', sourceId, key);
  const destination = await live(airbyte, 'destination', destinationId, key);
  const isOwn = ({ name }: Actor) => componentIn(name) === key;
  if (!isOwn(destination))
    await rename(airbyte, 'destination', destination, ownedName(destination.name, key));
  if (isOwn(source)) return;
  try {
    await rename(airbyte, 'source', source, ownedName(source.name, key));
  } catch (err) {
    if (isRefused(err) && !isOwn(destination))
      await rename(airbyte, 'destination', destination, destination.name);
    throw err;
  }
};

interface AdoptionDeps extends Pick<ActorDeps, 'airbyteFor'> {
  /** Why no team may deploy a component, by its key; undefined: one may. */
  forbids?: Forbids | undefined;
}

/** Taking over, all at once, what the existing provisioner has made. */
export const createAdoptAllActivities = ({ airbyteFor, forbids }: AdoptionDeps) => ({
  /** What would become whose. Changes nothing; what it answers with stays small. */
  planAdoption: ({ query, after = '', limit }: PlanPage): Promise<AdoptionReport> =>
    attempt(async ({ interest }) => {
      const airbyte = await airbyteFor(interest);
      const [actors, connection] = await Promise.all([
        actorsIn(airbyte, never),
        airbyte.listConnections({ until: never }),
      ]);
      await breathe();
      const { take, own, left } = planAdoption({ ...actors, connection }, { query, forbids });
      const totals = { take: take.length, taken: 0, ours: own, left: countsOf(left) };
      log.info('adoption planned', { totals });
      return {
        totals,
        take: take.filter(({ key }) => key > after).slice(0, limit),
        left: firstOf(left),
      };
    }),

  /** Renames the ends of these connections; those that were left, each with why. */
  adoptRows: ({ rows }: { rows: Row[]; environment?: string | undefined }): Promise<Left[]> =>
    attempt(async ({ interest }) => {
      const airbyte = await airbyteFor(interest);
      const limit = pLimit(AT_ONCE);
      const orLeft = (row: Row) => async (err: unknown) => {
        if (!isRefused(err)) throw err;
        const { name, connectionId: id } = row;
        return Promise.resolve([{ reason: 'refused' as const, name, id, detail: err.message }]);
      };
      const takes = rows.map((row) =>
        limit(() =>
          takeOne(airbyte, row)
            .then((): Left[] => [])
            .catch(orLeft(row)),
        ),
      );
      const ends = await Promise.allSettled(takes);
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
      return ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []));
    }),
});
