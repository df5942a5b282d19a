import { withoutUndefined } from '../../src/contract/json';
import type { Actor, Airbyte, Kind } from '../../src/airbyte/workspace';
import type { CallInterest } from '../../src/concurrency/call-interest';
import type { Plan } from '../../src/descriptor/descriptor';
import { createComplete, createResolve } from './actors';
import type { Written } from '../former/secrets';
import type { ActorDeps, ResolveDeps } from './actors';
import { isReadAs, isUnvouched } from './sealing';
import { actorChanges, isActorAsWanted } from '../comparison/differences';
import { mustBeKnown, mustBeOfConnector, mustMeetSpecification } from '../problems/definitions';
import { discoverFor } from './discovery';
import type { DiscoveredStream } from './discovery';
import { createFormerSecrets, placesKept } from '../former/secrets';
import { Refusal } from '../../src/contract/problems';

/*
 * What can be judged of a plan before the first write: a refusal in the middle would have to be undone.
 * A source that is not in Airbyte yet, or is to change, can be discovered only once it is written.
 */

interface There {
  source?: Actor;
  destination?: Actor;
}

/** What a plan makes of what is there. */
export interface Feasible {
  /** Those that the run need not change. */
  isAsWanted: Record<Kind, boolean>;
  /** The fields of what is there that are not. */
  differs: Record<Kind, string[]>;
  /** Of those that it updates, what that will leave. */
  leaves: Partial<Record<Kind, Written>>;
  /** The source's streams, where they are known before it is written. */
  streams?: DiscoveredStream[] | undefined;
}

/** All refusals at once; anything else that went wrong by itself. */
const together = async <Result>(steps: Promise<Result>[]): Promise<Result[]> => {
  const ends = await Promise.allSettled(steps);
  const errors = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []));
  const refusals = errors.filter((err) => err instanceof Refusal);
  if (refusals.length > 1) throw joined(refusals);
  if (errors.length > 0) throw errors[0];
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
};

const joined = (refusals: Refusal[]) =>
  new Refusal(
    refusals.map(({ message }) => message).join(' '),
    [...new Set(refusals.map(({ solution }) => solution))].join(' '),
  );

interface Before {
  plan: Plan;
  before: Actor | undefined;
  interest: CallInterest;
}

/** Refuses what cannot come about, and tells what will. */
export const createPreflight = (deps: ResolveDeps & Pick<ActorDeps, 'provisioned'>) => {
  const resolve = createResolve(deps);
  const former = createFormerSecrets({ ...deps, complete: createComplete(deps) });

  /** Found out before the write, while all can be looked up. */
  const leftBy = async (
    kind: Kind,
    wanted: { name: string; configuration: Record<string, unknown> },
    { before, interest, key }: { before: Actor; interest: CallInterest; key: string },
  ): Promise<Written> => ({
    name: wanted.name,
    kept: await placesKept(() => former(kind, { key, before, interest }), {
      before,
      wanted: wanted.configuration,
    }),
  });

  const judge = async (airbyte: Airbyte, kind: Kind, { plan, before, interest }: Before) => {
    const { key } = plan.component;
    const wanted = await resolve(airbyte, kind, { plan: plan[kind], key });
    if (before) mustBeOfConnector(kind, before, wanted);
    else if (plan[kind].connector === 'custom')
      await mustBeKnown(airbyte, kind, wanted.definitionId);
    const isAsWanted = before !== undefined && isActorAsWanted(before, wanted);
    // Airbyte judges by itself what it is asked to make; what is there already would suffer from it.
    const isUnknown = before !== undefined && isUnvouched(before, key);
    const isAsRead = isAsWanted || (isUnknown && isReadAs(before, wanted));
    if (!isAsRead && (before !== undefined || plan[kind].connector === 'custom'))
      await mustMeetSpecification(airbyte, kind, { wanted, plan: plan[kind] });
    const isUpdate = before !== undefined && !isAsWanted && !isUnknown;
    const leaves = isUpdate ? await leftBy(kind, wanted, { before, interest, key }) : undefined;
    const differs = before === undefined || isAsWanted ? [] : actorChanges(before, wanted);
    return { isAsWanted, isAsRead, differs, leaves };
  };

  /** With secrets of unknown worth only what it shows counts; that it shows nothing says nothing. */
  const orNothing = (err: unknown) => {
    if (err instanceof Refusal) throw err;
    return undefined;
  };

  return async (
    airbyte: Airbyte,
    plan: Plan,
    { source, destination, interest }: There & { interest: CallInterest },
  ): Promise<Feasible> => {
    const [known, other] = await together([
      judge(airbyte, 'source', { plan, before: source, interest }),
      judge(airbyte, 'destination', { plan, before: destination, interest }),
    ]);
    const feasible: Feasible = {
      isAsWanted: {
        source: known?.isAsWanted === true,
        destination: other?.isAsWanted === true,
      },
      differs: { source: known?.differs ?? [], destination: other?.differs ?? [] },
      leaves: withoutUndefined({ source: known?.leaves, destination: other?.leaves }),
    };
    if (!known?.isAsRead || !source || !destination) return feasible;
    const ids = { sourceId: source.id, destinationId: destination.id };
    const discovery = discoverFor(airbyte, {
      plan: plan.connection,
      connector: plan.destination.connector,
      ...ids,
    });
    const streams = await (known.isAsWanted ? discovery : discovery.catch(orNothing));
    return { ...feasible, streams };
  };
};
