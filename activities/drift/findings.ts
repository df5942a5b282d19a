import type { Actor, ConnectionRead, Kind } from '../../src/airbyte/workspace';
import type { Plan } from '../../src/descriptor/descriptor';
import type { Finding } from '../../src/contract/drift';
import { MAX_NAMED } from '../../workflows/protocol/lengths';
import { componentIn, withoutFingerprint } from '../../src/airbyte/names';
import type { Known } from '../../workflows/provisioned';
import { connectionDifferences, masked, readableDifferences } from '../comparison/differences';
import type { Entities } from '../workspace';
import { REMEDIES } from './remedies';
import { asWrite, streamsOf } from '../pipeline/connections';
import { MAPPERS_OF, withoutIrretrievable } from '../comparison/mappers';

type WantedActor = Pick<Actor, 'name' | 'configuration' | 'definitionId'>;

/** What a completed provision has left in Airbyte. */
export interface Pipeline {
  plan: Plan;
  token: string;
  /** With the fabric's hosts and secrets. */
  wanted: Record<Kind, WantedActor>;
}

/** Whatever else differs: a run keeps what was set by hand, unless it is told otherwise. */
const MAPPERS_REMEDY =
  'Write the mappers that are to stay into the descriptor, or give the stream mappers: [] there, then deploy the component again. Until then those set by hand stay, unless MAPPERS_BY_HAND of the workers is replace.';

const remedyFor = (kind: Finding['kind'], differs: string[] = []) =>
  differs.some((field) => field.startsWith(MAPPERS_OF)) ? MAPPERS_REMEDY : REMEDIES[kind];

/** The entities that are ours, by component key. A connection goes with the source it reads. */
export const byComponent = (all: Entities): Map<string, Entities> => {
  const owned = new Map<string, Entities>();
  const ofKey = (key: string) => {
    const known = owned.get(key) ?? { source: [], destination: [], connection: [] };
    owned.set(key, known);
    return known;
  };
  const ofSource = new Map<string, Entities>();
  for (const kind of ['source', 'destination'] as const)
    for (const actor of all[kind]) {
      const key = componentIn(actor.name);
      if (key === undefined) continue;
      ofKey(key)[kind].push(actor);
      if (kind === 'source') ofSource.set(actor.id, ofKey(key));
    }
  for (const connection of all.connection)
    ofSource.get(connection.sourceId)?.connection.push(connection);
  return owned;
};

/** Other digits with all readable fields equal mean another secret; none, that it was put back. */
const actorDifferences = (actor: Actor, wanted: WantedActor): string[] => {
  const current = masked(actor);
  const unfingerprinted = withoutFingerprint(current.name);
  const readable = [
    ...(current.definitionId === wanted.definitionId ? [] : ['connector']),
    ...readableDifferences(current, wanted),
  ];
  if (readable.length > 0) return readable;
  const isPutBack = current.name === unfingerprinted;
  return isPutBack || current.name === wanted.name ? [] : ['secrets'];
};

/** Streams the plan does not name are those of the source, which only a discovery could tell. */
const pipedDifferences = (
  current: ConnectionRead,
  plan: Plan['connection'],
  destinations: Actor[],
): string[] => {
  const isOwn = destinations.some(({ id }) => id === current.destinationId);
  const wanted = asWrite(plan, streamsOf(plan, []));
  const differing = connectionDifferences(withoutIrretrievable(current), wanted);
  return [
    ...(isOwn ? [] : ['destination']),
    ...differing.filter((field) => field !== 'streams' || plan.streams !== undefined),
  ];
};

/** What is not as a completed provision has left it. */
export const findingsOf = ({ plan, token, wanted }: Pipeline, found: Entities): Finding[] => {
  const judge = <Entity extends { id: string; name: string }>(
    entity: keyof Entities,
    entities: Entity[],
    differencesOf: (one: Entity) => string[],
  ): Finding[] => {
    const [one, another] = entities;
    const ids = entities.slice(0, MAX_NAMED).map(({ id }) => id);
    const finding = (kind: Finding['kind'], differs?: string[]): Finding[] => [
      {
        kind,
        component: plan.component.key,
        entity,
        name: one?.name ?? plan[entity].name,
        ids,
        ...(differs && { differs: differs.slice(0, MAX_NAMED) }),
        token,
        remedy: remedyFor(kind, differs),
      },
    ];
    if (!one) return finding('missing');
    if (another) return finding('duplicate');
    const differs = differencesOf(one);
    return differs.length === 0 ? [] : finding('changed', differs);
  };
  return [
    ...judge('source', found.source, (one) => actorDifferences(one, wanted.source)),
    ...judge('destination', found.destination, (one) => actorDifferences(one, wanted.destination)),
    ...judge('connection', found.connection, (one) =>
      pipedDifferences(one, plan.connection, found.destination),
    ),
  ];
};

/** Airbyte tells whole seconds. What is older than all we know of is no proof against anybody. */
const isSince = (since: number) => (actor: Actor) =>
  actor.createdAt !== undefined && (actor.createdAt + 1) * 1000 > since;

const kindOf = (found: Entities, known: Known | undefined): Finding['kind'] => {
  if (known?.state === 'removed') return 'orphaned';
  if (known?.state === 'half-removed') return 'unfinished';
  if (known?.state !== 'failed') return 'untraced';
  const actors = [...found.source, ...found.destination];
  return actors.every(isSince(known.since)) ? 'orphaned' : 'untraced';
};

/** What is there of a component that no completed provision accounts for. */
export const remainsOf = (
  component: string,
  found: Entities,
  known: Known | undefined,
): Finding[] => {
  const kind = kindOf(found, known);
  const of = (entity: keyof Entities) =>
    found[entity].map(({ id, name }) => ({
      kind,
      component,
      entity,
      name,
      ids: [id],
      token: known?.token,
      remedy: REMEDIES[kind],
    }));
  return [...of('source'), ...of('destination'), ...of('connection')];
};
