import type { Actor, Airbyte, ConnectionRead, Kind } from '../src/airbyte';
import type { Plan } from '../src/descriptor';
import { createResolve } from './actors';
import type { ResolveDeps } from './actors';
import { isReadAs, isUnvouched } from './adoption';
import { isActorAsWanted } from './comparison';
import { discoverFor } from './connections';
import type { DiscoveredStream } from './connections';
import { mustBeKnown, mustBeOfConnector, mustMeetSpecification } from './definitions';
import type { FailureDetails } from './attempt';
import { refusalIn, refused } from './findings';

/*
 * What can be judged of a plan before the first write: a refusal in the middle would have to be undone.
 * A source that is not in Airbyte yet, or is to change, can be discovered only once it is written.
 */

interface There {
  source?: Actor;
  destination?: Actor;
  connection?: ConnectionRead;
}

/** All refusals at once; anything else that went wrong by itself. */
const together = async <Result>(steps: Promise<Result>[]): Promise<Result[]> => {
  const ends = await Promise.allSettled(steps);
  const errors = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []));
  const refusals = errors.flatMap((err) => refusalIn(err) ?? []);
  if (refusals.length > 1) throw joined(refusals);
  if (errors.length > 0) throw errors[0];
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
};

const joined = (refusals: FailureDetails[]) =>
  refused(
    refusals.map(({ problem }) => problem).join(' '),
    [...new Set(refusals.map(({ solution }) => solution))].join(' '),
  );

/** Refuses what cannot come about; the source's streams, where they are known already. */
export const createForesight = (deps: ResolveDeps) => {
  const resolve = createResolve(deps);

  const judge = async (airbyte: Airbyte, kind: Kind, plan: Plan, before: Actor | undefined) => {
    const { key } = plan.component;
    const wanted = await resolve(airbyte, kind, { plan: plan[kind], key });
    if (before) mustBeOfConnector(kind, before, wanted);
    else if (plan[kind].connector === 'custom')
      await mustBeKnown(airbyte, kind, wanted.definitionId);
    const isAsWanted = before !== undefined && isActorAsWanted(before, wanted);
    // Airbyte judges by itself what it is asked to make; what is there already would suffer from it.
    const isAsRead =
      isAsWanted || (before !== undefined && isUnvouched(before, key) && isReadAs(before, wanted));
    if (!isAsRead && (before !== undefined || plan[kind].connector === 'custom'))
      await mustMeetSpecification(airbyte, kind, { wanted, plan: plan[kind] });
    return { isAsWanted, isAsRead };
  };

  /** With secrets of unknown worth only what it shows counts; that it shows nothing says nothing. */
  const orNothing = (err: unknown) => {
    if (refusalIn(err)) throw err;
    return undefined;
  };

  return async (
    airbyte: Airbyte,
    plan: Plan,
    { source, destination }: There,
  ): Promise<DiscoveredStream[] | undefined> => {
    const [known] = await together([
      judge(airbyte, 'source', plan, source),
      judge(airbyte, 'destination', plan, destination),
    ]);
    if (!known?.isAsRead || !source || !destination) return undefined;
    const ids = { sourceId: source.id, destinationId: destination.id };
    const discovery = discoverFor(airbyte, {
      plan: plan.connection,
      connector: plan.destination.connector,
      ...ids,
    });
    return known.isAsWanted ? discovery : discovery.catch(orNothing);
  };
};
