import type { Airbyte } from '../../src/airbyte/workspace';
import type { CallInterest } from '../../src/concurrency/call-interest';
import type { KnownIds, Plan } from '../../src/descriptor/descriptor';
import { placeOf } from '../../src/descriptor/places';
import type { Fabrics } from '../../src/fabrics/fabrics';
import type { FabricFound, PlaceToCleanUp } from '../fabric/found';
import { createFabricLook } from '../fabric/look';
import type { FabricOf } from '../fabric/fabric';
import type { WrittenTo } from '../fabric/written';
import type { Provisioned } from '../../workflows/provisioned';
import type { SecretReferences } from '../../src/secrets/references';
import { createActorActivities, createResolve } from './actors';
import type { RestoreActor } from '../former/actor';
import type { Deletion, PutActor } from './actors';
import { createSealingActivities } from './sealing';
import type { Seal } from './sealing';
import { attempt } from '../attempt';
import { createClearingActivities } from './clearing';
import { createConnectionActivities } from './connections';
import { createLooking } from './looking';
import { createPlanning } from './planning';
import { createSyncActivities } from './jobs';
import type { MappersByHand } from '../comparison/mappers';
import type { AdoptExisting } from './adoption';
import { inShortOf, namesOf } from './found-summary';
import type { Found } from './step-answers';

export type Activities = ReturnType<typeof createActivities>;

interface ActivityDeps {
  /** Airbyte, for as long as someone is interested in its answers. */
  airbyteFor: (interest: CallInterest) => Promise<Airbyte>;
  fabrics: Fabrics;
  /** What a component has in the fabric it writes to. */
  fabricOf: FabricOf;
  /** Where a destination in Airbyte writes to. */
  writtenTo: WrittenTo;
  references: SecretReferences;
  /** Where former plans are found. */
  provisioned: Pick<Provisioned, 'findFormer'>;
  /** Keys the fingerprints in names. */
  fingerprintKey: string;
  workspaceId: string;
  adoptExisting: AdoptExisting;
  /** The team of a component; undefined where no configuration file names teams. */
  teamOf?: ((componentKey: string) => string | undefined) | undefined;
  /** Root of Airbyte's user interface, for links. */
  uiUrl: string;
  /** What becomes of mappers that the descriptor does not have. */
  mappersByHand: MappersByHand;
}

interface Inspect {
  key: string;
  known: KnownIds;
  plan?: Plan;
  /** Not asked for by older workers, whose runs hold whole entities. */
  inShort?: true;
  /** Answered as it was asked. Not asked for by older workers, whose runs go on as they began. */
  lean?: true;
  /** With a plan: whether its fabric is looked at, too. Not asked for by older workers, who prepare none. */
  prepares?: true;
  /** Without a plan: where the component may have anything. With one: where former runs have put its data. */
  places?: PlaceToCleanUp[];
}

/** With what the fabric has of it, and what is to be told of that. */
const withFabric = (
  { warnings = [] }: Found,
  { found, warnings: more }: { found: FabricFound; warnings: string[] },
): Pick<Found, 'fabric' | 'warnings'> => ({
  fabric: found,
  ...(warnings.length + more.length > 0 && { warnings: [...warnings, ...more] }),
});

/**
 * The activities that look at and change one component's entities in Airbyte. Each is safe to
 * repeat: an attempt after the first looks at what an earlier one may have done unseen.
 */
export const createActivities = ({ workspaceId, uiUrl, ...rest }: ActivityDeps) => {
  const href = `${uiUrl}/workspaces/${workspaceId}`;
  const deps = { ...rest, hrefOf: (path: string) => `${href}/${path}` };
  const actors = createActorActivities(deps);
  const connections = createConnectionActivities(deps);
  const looking = createLooking({ ...deps, workspaceId });
  const inFabrics = createFabricLook(rest.fabricOf);
  const sealing = createSealingActivities({ ...deps, resolve: createResolve(deps) });

  return {
    /**
     * Looks by the ids a former run reported, believed if the names agree; else by name. With a
     * `plan` also for a pipeline that the component takes over, or that is in its way; and what can be
     * judged of the plan before anything is written is refused here.
     */
    inspect: ({ key, known, plan, inShort, lean, prepares, places }: Inspect): Promise<Found> =>
      attempt(async ({ interest }) => {
        const airbyte = await rest.airbyteFor(interest);
        const seen = await looking.existing(airbyte, { key, known });
        const asked = lean && { lean };
        if (!plan) {
          if (!inShort) return seen;
          const there = places && seen.destination?.configuration;
          const written = there ? rest.writtenTo(there, key) : undefined;
          const inAll = await inFabrics.toCleanUp({ key, places, written }, interest);
          const { fabrics, unreached, warnings, inAnothers } = inAll;
          const more = {
            ...(places && { prepares: true as const }),
            ...(fabrics.length > 0 && { fabrics }),
            ...(unreached.length > 0 && { unreached }),
            ...(inAnothers && { inAnothers }),
            ...(warnings.length > 0 && { warnings }),
          };
          return { ...namesOf(seen), ...asked, ...more };
        }
        const { complete, feasible } = await looking.judged(airbyte, seen, { plan, interest });
        const place = placeOf(plan.destination);
        const inFabric = prepares && place && (await inFabrics.toPrepare({ key, place }, interest));
        const unmanaged =
          place && places && !inFabric ? inFabrics.unmanagedAt({ key, place }, places) : undefined;
        if (inShort) {
          const { mappersByHand: byHand } = rest;
          const hrefOf = lean && deps.hrefOf;
          return {
            ...(await inShortOf(complete, { plan, feasible, byHand, hrefOf })),
            ...asked,
            ...(prepares && { prepares }),
            ...(inFabric && withFabric(complete, inFabric)),
            ...(unmanaged && { unmanaged: { place: unmanaged } }),
          };
        }
        // Those that the plan names it has already: a source may have thousands.
        const streams = feasible.streams && plan.connection.streams ? [] : feasible.streams;
        return { ...complete, ...(streams && { streams }) };
      }),

    putSource: (given: PutActor<Plan['source']>) => actors.put('source', given),
    putDestination: (given: PutActor<Plan['destination']>) => actors.put('destination', given),
    discover: connections.discover,
    putConnection: connections.put,
    connect: connections.connect,

    sealSource: (given: Seal<Plan['source']>) => sealing.seal('source', given),
    sealDestination: (given: Seal<Plan['destination']>) => sealing.seal('destination', given),
    retireConnection: sealing.retireConnection,

    restoreSource: (given: RestoreActor) => actors.restore('source', given),
    restoreDestination: (given: RestoreActor) => actors.restore('destination', given),
    restoreConnection: connections.restore,

    deleteSource: (which: Deletion) => actors.delete('source', which),
    deleteDestination: (which: Deletion) => actors.delete('destination', which),
    deleteConnection: connections.delete,
    removeTags: connections.removeTags,

    ...createPlanning({ ...deps, workspaceId }),
    ...createClearingActivities(deps),
    ...createSyncActivities(deps),
  };
};
