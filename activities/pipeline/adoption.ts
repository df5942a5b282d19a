import type { Actor, ConnectionRead, Kind } from '../../src/airbyte/workspace';
import { componentIn } from '../../src/airbyte/names';
import { oddness } from '../../src/airbyte/odd-entities';
import type { Plan } from '../../src/descriptor/descriptor';
import { MAX_COLUMN, cut, lengthOf } from '../../workflows/protocol/lengths';
import { firstFew } from '../../workflows/protocol/lengths';
import { withoutStop } from '../../workflows/protocol/one-line';
import {
  OTHERWISE,
  another,
  astray,
  besides,
  inUse,
  isOthers,
  namedAll,
  missing,
  named,
  notThere,
  ofAnother,
  ofAnotherKind,
  severalOf,
} from './adoption-obstacles';
import type { Named, Problem, Obstacle, TeamOf } from './adoption-obstacles';

/*
 * Whether a component takes over a pipeline that is in Airbyte already, and why not. One judgement
 * for what a provision does and for what a validation says; it looks at nothing by itself.
 */

/** What befalls a connection of the descriptor's name that is no component's: ADOPT_EXISTING. */
export type AdoptExisting = 'refuse' | 'adopt';

const NAME = 'connection.name';
const ADOPT = 'connection.adopt';

/** What a component has already, and what else there is. */
export interface Surroundings {
  plan: Plan;
  own: Partial<Record<Kind, Named | undefined>> & { connection?: ConnectionRead | undefined };
  /** All of the workspace. */
  connections: ConnectionRead[];
  policy: AdoptExisting;
  teamOf?: TeamOf;
  /** A page of Airbyte's user interface. */
  hrefOf: (path: string) => string;
}

/** A connection that becomes the component's if its source and destination may. */
interface Candidate {
  connection: ConnectionRead;
  /** Whether the descriptor or the platform wants that. */
  isWanted: boolean;
  at: string;
}

/** How a component gets the pipeline of a candidate. */
export type Adoption =
  | { how: 'over'; connection: ConnectionRead; source: Actor; destination: Actor }
  /** Beside it, as its source or destination are not to be altered; the connection is retired. */
  | { how: 'anew'; connection: ConnectionRead };

const suffixFor = (key: string) => ` (now ${key})`;

/** What a connection is called once that of the component has taken its place. */
export const retiredName = (name: string, key: string) => {
  const suffix = suffixFor(key);
  if (name.endsWith(suffix)) return name;
  return `${cut(name, MAX_COLUMN - lengthOf(suffix))}${suffix}`;
};

const isRetired = ({ name }: Named, key: string) => name.endsWith(suffixFor(key));

type OwnerOf = (sourceId: string) => string | undefined;

/** Connections of the descriptor's name, but for the component's own and for the one it adopts. */
const namesakesOf = ({ plan, own, connections }: Surroundings) =>
  connections.filter(
    ({ id, name, sourceId }) =>
      name === plan.connection.name &&
      ![own.connection?.id, plan.connection.adopt].includes(id) &&
      sourceId !== own.source?.id,
  );

const astrayOf = ({ plan, own, policy }: Surroundings, connection: ConnectionRead) => {
  if (own.destination?.id === connection.destinationId) return undefined;
  const isWanted = plan.connection.adopt === connection.id || policy === 'adopt';
  if (own.destination || !isWanted) return astray(connection);
  return { connection, isWanted, at: ADOPT };
};

/** One that is gone, or that the component's own has replaced, leaves nothing to do. */
const anotherThan = (own: ConnectionRead, { plan, connections }: Surroundings) => {
  const { adopt } = plan.connection;
  if (adopt === own.id) return undefined;
  const wanted = connections.find(({ id }) => id === adopt);
  return wanted && !isRetired(wanted, plan.component.key) ? another(own, wanted) : undefined;
};

const mayAdopt = ({ plan, own }: Surroundings) =>
  !own.connection && plan.connection.adopt === undefined;

const namesakeOf = (given: Surroundings, ownerOf: OwnerOf): Candidate | Obstacle | undefined => {
  const found = namesakesOf(given).filter(({ sourceId }) => ownerOf(sourceId) === undefined);
  const [connection, ...others] = found;
  if (!connection) return undefined;
  if (others.length > 0) return severalOf(found);
  return { connection, isWanted: mayAdopt(given) && given.policy === 'adopt', at: NAME };
};

/**
 * The connection that is in the way of a component's own, or that it is to take over. `ownerOf` tells
 * the component in the name of a source: what has an owner is nobody else's to take.
 */
export const candidateOf = (
  given: Surroundings,
  ownerOf: OwnerOf,
): Candidate | Obstacle | undefined => {
  const { plan, own, connections } = given;
  const { adopt, name } = plan.connection;
  if (own.connection) {
    const found = anotherThan(own.connection, given) ?? astrayOf(given, own.connection);
    return found || own.connection.name === name ? found : namesakeOf(given, ownerOf);
  }
  if (adopt === undefined) return namesakeOf(given, ownerOf);
  const connection = connections.find(({ id }) => id === adopt);
  if (!connection) return notThere(adopt);
  return namesakeOf(given, ownerOf) ?? { connection, isWanted: true, at: ADOPT };
};

/** Of its name too, but in nobody's way: each has its own, and schedulers may confuse them. */
export const homonymsOf = (given: Surroundings, ownerOf: OwnerOf) => {
  const isInPlace = given.own.connection?.name === given.plan.connection.name;
  const theirs = namesakesOf(given).filter(
    ({ sourceId }) => isInPlace || ownerOf(sourceId) !== undefined,
  );
  if (theirs.length === 0) return undefined;
  const { teamOf, plan } = given;
  const isToldOf = ({ sourceId }: ConnectionRead) =>
    !isOthers(teamOf, ownerOf(sourceId) ?? plan.component.key, plan.component.key);
  const told = theirs.filter(isToldOf);
  if (told.length === 0)
    return "is the name of another team's connection too, and schedulers find connections by their names";
  const owners = [...new Set(told.flatMap(({ sourceId }) => ownerOf(sourceId) ?? []))];
  const whose = owners.length > 0 ? `, of ${firstFew(owners).join(', ')}` : '';
  return `is the name of another connection too, ${namedAll(told)}${whose}, and schedulers find connections by their names`;
};

type Ends = Partial<Record<Kind, Actor | undefined>>;

const endsIn = ({ source, destination }: Ends, { teamOf, plan }: Surroundings) => {
  if (!source || !destination) return 'its source or destination cannot be read';
  const [from, to] = [source, destination].map((actor) =>
    isOthers(teamOf, componentIn(actor.name) ?? plan.component.key, plan.component.key)
      ? "of another team's component"
      : named(actor),
  );
  return `it reads the source ${String(from)} and writes to the destination ${String(to)}`;
};

const unwanted = ({ connection, at }: Candidate, ends: Ends, given: Surroundings): Obstacle => {
  const { id } = connection;
  const how = `To take it over, with its id, its state and its history, write specific.connection.adopt: ${id}; or have the platform operator set ADOPT_EXISTING=adopt. `;
  return {
    at,
    problem: `is the name of a connection that is in Airbyte already, ${named(connection)}, and none of this component's: ${endsIn(ends, given)}; see ${given.hrefOf(`connections/${id}`)}`,
    solution: `${mayAdopt(given) ? how : ''}${OTHERWISE}`,
  };
};

const KINDS = ['source', 'destination'] as const;

/** Other connections that use one end too. */
const sharersOf = (kind: Kind, connection: ConnectionRead, { connections }: Surroundings) =>
  connections.filter(
    (one) => one.id !== connection.id && one[`${kind}Id`] === connection[`${kind}Id`],
  );

/** What of a pipeline can be read in part only, which is never altered. */
const oddIn = (connection: ConnectionRead, ends: Ends) =>
  [
    oddness('connection', connection),
    ...KINDS.map((kind) => ends[kind] && oddness(kind, ends[kind])),
  ].find((odd) => odd !== undefined);

/** Whether and how a candidate becomes the component's, its source and destination considered. */
export const judge = (
  candidate: Candidate,
  ends: Ends,
  given: Surroundings & { definitionIds: Partial<Record<Kind, string | undefined>> },
): Adoption | Obstacle => {
  const { connection, isWanted, at } = candidate;
  const { plan, own, definitionIds } = given;
  const odd = oddIn(connection, ends);
  if (odd) return { at, problem: withoutStop(odd.message), solution: odd.solution };
  if (!isWanted) return unwanted(candidate, ends, given);
  const { source, destination } = ends;
  const refuse = ({ problem, solution }: Problem): Obstacle => ({
    at,
    problem: `${named(connection)} cannot be taken over: ${problem}`,
    solution,
  });
  if (!source || !destination) return refuse(missing(source ? 'destination' : 'source'));
  const actors = { source, destination };
  const firstOf = (problemOf: (kind: Kind) => Problem | undefined) =>
    KINDS.map(problemOf).find((problem) => problem !== undefined);
  const { key } = plan.component;
  const unfit =
    firstOf((kind) => ofAnotherKind(kind, actors[kind], definitionIds[kind])) ??
    ofAnother('source', source, { key, teamOf: given.teamOf });
  if (unfit) return refuse(unfit);
  const uses = KINDS.map((kind) => {
    const by = sharersOf(kind, connection, given);
    return { kind, actor: actors[kind], by };
  }).filter(({ by }) => by.length > 0);
  if (uses.length > 0 && plan.connection.adoptShared === 'anew' && !own.connection)
    return { how: 'anew', connection };
  const problem =
    ofAnother('destination', destination, { key, teamOf: given.teamOf }) ??
    firstOf((kind) => besides(kind, actors[kind], own[kind])) ??
    (uses.length > 0 ? inUse(uses, given.teamOf) : undefined);
  return problem ? refuse(problem) : { how: 'over', connection, source, destination };
};
