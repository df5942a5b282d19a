import type { Actor, Airbyte, ConnectionRead } from '../src/airbyte';
import type { Interest } from '../src/airbyte-http';
import type { KnownIds, Plan } from '../src/descriptor';
import type { Fabrics } from '../src/fabrics';
import type { SecretReferences } from '../src/secret-references';
import { createActorActivities, findActor } from './actors';
import type { PutActor, RestoreActor } from './actors';
import { attempt } from './attempt';
import { changesByHand } from './by-hand';
import { createConnectionActivities, findConnection } from './connections';
import { createSyncActivities } from './jobs';
import type { MappersByHand } from './mappers';
import { lackingTags } from './tags';

export type { FailureDetails, LastWord } from './attempt';
export type { Put } from './findings';

export type Activities = ReturnType<typeof createActivities>;

/** What of a component exists in Airbyte. Configurations are masked: this goes into the history. */
export interface Found {
  workspaceId: string;
  source?: Actor;
  destination?: Actor;
  connection?: ConnectionRead;
  /** What the run will change of what somebody has set at the connection, for its log. */
  notes?: string[];
  /** Tags that the run will make. */
  lackingTags?: string[];
}

export interface ActivityDeps {
  /** Airbyte, for as long as someone is interested in its answers. */
  airbyteFor: (interest: Interest) => Airbyte;
  fabrics: Fabrics;
  references: SecretReferences;
  /** Keys the fingerprints in names. */
  fingerprintKey: string;
  workspaceId: string;
  /** Root of Airbyte's user interface, for links. */
  uiUrl: string;
  /** What becomes of mappers that the descriptor does not have. */
  mappersByHand: MappersByHand;
}

interface Which {
  /** The component's key. */
  key: string;
  /** Where the run has seen the entity; absent where it may exist unseen. */
  id?: string | undefined;
}

/**
 * The activities that look at and change one component's entities in Airbyte. Each is safe to
 * repeat: an attempt after the first looks at what an earlier one may have done unseen.
 */
export const createActivities = ({ workspaceId, uiUrl, ...rest }: ActivityDeps) => {
  const href = `${uiUrl}/workspaces/${workspaceId}`;
  const deps = { ...rest, hrefOf: (path: string) => `${href}/${path}` };
  const actors = createActorActivities(deps);
  const connections = createConnectionActivities(deps);
  return {
    /** Looks by the ids a former run reported, believed if the names agree; else by name. */
    inspect: ({
      key,
      known,
      plan,
    }: {
      key: string;
      known: KnownIds;
      plan?: Plan;
    }): Promise<Found> =>
      attempt(async ({ interest }) => {
        const airbyte = rest.airbyteFor(interest);
        const [source, destination] = await Promise.all([
          findActor(airbyte, 'source', key, known.sourceId),
          findActor(airbyte, 'destination', key, known.destinationId),
        ]);
        const connection = source && (await findConnection(airbyte, source.id, known.connectionId));
        const byHand = rest.mappersByHand;
        const notes = connection && plan ? changesByHand(connection, plan.connection, byHand) : [];
        const lacking = await lackingTags(airbyte, plan?.connection.tags);
        return {
          workspaceId,
          ...(notes.length > 0 && { notes }),
          ...(lacking.length > 0 && { lackingTags: lacking }),
          ...(source && { source }),
          ...(destination && { destination }),
          ...(connection && { connection }),
        };
      }),

    putSource: (given: PutActor<Plan['source']>) => actors.put('source', given),
    putDestination: (given: PutActor<Plan['destination']>) => actors.put('destination', given),
    discover: connections.discover,
    putConnection: connections.put,

    restoreSource: (given: RestoreActor<Plan['source']>) => actors.restore('source', given),
    restoreDestination: (given: RestoreActor<Plan['destination']>) =>
      actors.restore('destination', given),
    restoreConnection: connections.restore,

    deleteSource: (which: Which) => actors.delete('source', which),
    deleteDestination: (which: Which) => actors.delete('destination', which),
    deleteConnection: connections.delete,
    removeTags: connections.removeTags,
    clearData: connections.clearData,

    ...createSyncActivities(deps),
  };
};
