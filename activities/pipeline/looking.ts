import { withoutUndefined } from '../../src/contract/json';
import type { Airbyte } from '../../src/airbyte/workspace';
import type { CallInterest } from '../../src/concurrency/call-interest';
import type { KnownIds, Plan } from '../../src/descriptor/descriptor';
import { findActor } from './actors';
import type { ActorDeps } from './actors';
import type { AdoptExisting } from './adoption';
import { createAdoptionSearch } from './adoption-search';
import { changesByHand, onSchedule, refuseToLeave } from './by-hand';
import { findConnection } from './connections';
import type { WholeFound } from './step-answers';
import { createPreflight } from './preflight';
import { lackingTags } from './tags';
import type { MappersByHand } from '../comparison/mappers';

/* The look of a provision, which a plan takes too. */

export interface LookingDeps extends ActorDeps {
  workspaceId: string;
  adoptExisting: AdoptExisting;
  /** What becomes of mappers that the descriptor does not have. */
  mappersByHand: MappersByHand;
}

/** Whose pipeline is looked for. */
export interface Whose {
  /** The component's key. */
  key: string;
  /** What a former run told of it. */
  known: KnownIds;
}

export const createLooking = (deps: LookingDeps) => {
  const { workspaceId, mappersByHand } = deps;
  const adopting = createAdoptionSearch(deps);
  const preflight = createPreflight(deps);

  /** What somebody has set at the connection and the run will change, and the tags it will make. */
  const forewarn = async (airbyte: Airbyte, found: WholeFound, plan: Plan) => {
    const { connection, replaces, isForeign = false, warnings = [] } = found;
    if (replaces) refuseToLeave(replaces);
    const theirs = replaces ?? (isForeign ? connection : undefined);
    const seen = theirs ?? connection;
    const changes = seen ? changesByHand(seen, plan.connection, mappersByHand) : [];
    const pace = theirs ? onSchedule(theirs, plan.connection) : [];
    const lacking = await lackingTags(airbyte, plan.connection.tags);
    const all = [...warnings, ...changes, ...pace];
    return {
      ...(all.length > 0 && { warnings: all }),
      ...(lacking.length > 0 && { lackingTags: lacking }),
    };
  };

  return {
    /** By the ids a former run reported, believed if the names agree; else by name. */
    async existing(airbyte: Airbyte, { key, known }: Whose): Promise<WholeFound> {
      const [source, destination] = await Promise.all([
        findActor(airbyte, 'source', key, known.sourceId),
        findActor(airbyte, 'destination', key, known.destinationId),
      ]);
      const connection = source && (await findConnection(airbyte, source.id, known.connectionId));
      return withoutUndefined({ workspaceId, source, destination, connection });
    },

    /**
     * With a pipeline that the component takes over, or that is in its way; what can be judged of the
     * plan before anything is written is refused.
     */
    async judged(
      airbyte: Airbyte,
      seen: WholeFound,
      { plan, interest }: { plan: Plan; interest: CallInterest },
    ) {
      const found = await adopting(airbyte, seen, plan);
      const feasible = await preflight(airbyte, plan, { ...found, interest });
      return { feasible, complete: { ...found, ...(await forewarn(airbyte, found, plan)) } };
    },
  };
};
