import type { Kind } from '../../src/airbyte/workspace';
import { oddness } from '../../src/airbyte/odd-entities';
import { componentIn, ownerOf } from '../../src/airbyte/names';
import type { ToValidate } from '../../workflows/input';
import { candidateOf, homonymsOf, judge } from '../pipeline/adoption';
import type { AdoptExisting, Surroundings, Adoption } from '../pipeline/adoption';
import { isObstacle, namedAll, named } from '../pipeline/adoption-obstacles';
import type { MappersByHand } from '../comparison/mappers';
import { judgeByHand } from './provision-warnings';
import { failed, passed, warning } from './checks';
import type { Check } from './checks';
import type { Entities } from '../workspace';

const several = (kind: string, found: { id: string; name: string }[]) =>
  `Airbyte has ${String(found.length)} ${kind}s for this component: ${namedAll(found)}.`;

/** The one that a provision would take: the one a former run told of, or the only one. */
const chosenOf = <Entity extends { id: string }>(found: Entity[], hint: string | undefined) =>
  found.find(({ id }) => id === hint) ?? (found.length === 1 ? found[0] : undefined);

const judgeSeveral = <Entity extends { id: string; name: string }>(
  { at, kind }: { at: string; kind: string },
  found: Entity[],
  chosen: Entity | undefined,
): Check[] => {
  if (found.length <= 1) return [];
  if (chosen)
    return [warning(at, `${several(kind, found)} The one a former run told of is taken.`)];
  return [failed(at, `${several(kind, found)} Delete all but one ${kind} in Airbyte.`)];
};

/** What is taken must be understood: a provision refuses it else. */
const judgeForm = (
  { at, kind }: { at: string; kind: string },
  chosen: { id: string; name: string; odd?: string | undefined },
): Check | undefined => {
  const odd = oddness(kind, chosen);
  return odd && failed(at, `${odd.message} ${odd.solution}`);
};

interface Whose extends ToValidate {
  /** The connectors that are wanted; undefined where this Airbyte cannot tell. */
  definitionIds: Record<Kind, string | undefined>;
}

const judgeActor = (wanted: Whose, kind: Kind, { [kind]: all }: Entities) => {
  const { plan, known, definitionIds } = wanted;
  const at = `${wanted.at}.${kind}`;
  const own = all.filter(({ name }) => ownerOf(name) === plan.component.key);
  const chosen = chosenOf(own, known[`${kind}Id`]);
  const checks = judgeSeveral({ at, kind }, own, chosen);
  if (!chosen)
    return { own, chosen, checks: own.length === 0 ? [passed(at, 'is new in Airbyte')] : checks };
  const odd = judgeForm({ at, kind }, chosen);
  if (odd) return { own, chosen, checks: [...checks, odd] };
  const isSame = [chosen.definitionId, undefined].includes(definitionIds[kind]);
  const ofConnector = isSame
    ? { ...passed(at, `is in Airbyte already: ${named(chosen)}`), id: chosen.id }
    : failed(
        `${at}.connector`,
        `is another one than that of the ${kind} ${named(chosen)} in Airbyte, which cannot change it. Undeploy the component, then deploy it again.`,
      );
  return { own, chosen, checks: [...checks, ofConnector] };
};

/** What a platform wants of pipelines that are there already. */
export interface AdoptionRules {
  policy: AdoptExisting;
  hrefOf: Surroundings['hrefOf'];
  teamOf?: Surroundings['teamOf'];
}

const adoptionIn = (
  { plan, definitionIds }: Whose,
  own: Surroundings['own'],
  { all, adoption }: { all: Entities; adoption: AdoptionRules },
) => {
  const given: Surroundings = { plan, own, connections: all.connection, ...adoption };
  const actorIn = (kind: Kind, id: string) => all[kind].find((actor) => actor.id === id);
  const ownerIn = (sourceId: string) => componentIn(actorIn('source', sourceId)?.name ?? '');
  const homonyms = homonymsOf(given, ownerIn);
  const candidate = candidateOf(given, ownerIn);
  if (!candidate || isObstacle(candidate)) return { homonyms, adoption: candidate };
  const { sourceId, destinationId } = candidate.connection;
  const source = actorIn('source', sourceId);
  const destination = actorIn('destination', destinationId);
  return {
    homonyms,
    adoption: judge(candidate, { source, destination }, { ...given, definitionIds }),
  };
};

const TAKEN = {
  over: 'is taken over: it keeps its id, its state and its history, and is changed as the descriptor says',
  anew: 'is paused and renamed, as its source or destination are used by others; the pipeline is made anew beside it, without its state',
};

const adoptionChecks = (
  { at, plan }: Whose,
  { homonyms, adoption }: ReturnType<typeof adoptionIn>,
): Check[] => {
  const path = `${at}.connection.name`;
  const warnings = homonyms === undefined ? [] : [warning(path, homonyms)];
  if (!adoption)
    return warnings.length > 0 ? warnings : [passed(path, 'no other connection has this name')];
  if (isObstacle(adoption))
    return [
      ...warnings,
      failed(`${at}.${adoption.at}`, `${adoption.problem}. ${adoption.solution}`),
    ];
  const where = plan.connection.adopt === undefined ? path : `${at}.connection.adopt`;
  return [...warnings, warning(where, `${named(adoption.connection)} ${TAKEN[adoption.how]}`)];
};

const isAdopted = (adoption: ReturnType<typeof adoptionIn>['adoption']): adoption is Adoption =>
  adoption !== undefined && !isObstacle(adoption) && adoption.how === 'over';

/** What a provision of the component would find in the way, by the names that Airbyte has. */
export const judgeNames = (
  component: ToValidate,
  definitionIds: Whose['definitionIds'],
  given: { all: Entities; adoption: AdoptionRules; mappersByHand: MappersByHand },
): Check[] => {
  const { all, mappersByHand } = given;
  const wanted = { ...component, definitionIds };
  const source = judgeActor(wanted, 'source', all);
  const destination = judgeActor(wanted, 'destination', all);
  const at = `${wanted.at}.connection`;
  const sources = source.chosen ? [source.chosen] : source.own;
  const connections = all.connection.filter(({ sourceId }) =>
    sources.some(({ id }) => id === sourceId),
  );
  const chosen = chosenOf(connections, wanted.known.connectionId);
  const several = judgeSeveral({ at, kind: 'connection' }, connections, chosen);
  const odd = chosen && judgeForm({ at, kind: 'connection' }, chosen);
  const isClear = [source, destination].every(({ own, chosen: one }) => one ?? own.length === 0);
  if (!isClear || odd || (several.length > 0 && !chosen))
    return [...source.checks, ...destination.checks, ...several, ...(odd ? [odd] : [])];
  const own = { source: source.chosen, destination: destination.chosen, connection: chosen };
  const found = adoptionIn(wanted, own, given);
  const { adoption } = found;
  const connection = isAdopted(adoption) ? adoption.connection : chosen;
  return [
    ...(isAdopted(adoption) ? [] : [...source.checks, ...destination.checks]),
    ...several,
    ...adoptionChecks(wanted, found),
    ...judgeByHand(component, connection, mappersByHand),
  ];
};

/** Of one request, so not yet in Airbyte. */
export const judgeEachOther = (components: ToValidate[]): Check[] =>
  components.flatMap(({ plan, at }) => {
    const { name } = plan.connection;
    const [other, ...more] = components.filter(
      (one) => one.at !== at && one.plan.connection.name === name,
    );
    if (!other) return [];
    const others = more.length > 0 ? `, and of ${String(more.length)} more` : '';
    return [
      warning(
        `${at}.connection.name`,
        `is that of ${other.at} too${others}, and schedulers find connections by their names`,
      ),
    ];
  });
