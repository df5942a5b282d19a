import type { Actor, ConnectionRead, Kind } from '../../src/airbyte/workspace';
import { componentIn } from '../../src/airbyte/names';
import { firstFew, MAX_NAMED } from '../../workflows/protocol/lengths';

/* What keeps a pipeline, or one end of it, from being taken over: in words. */

/** Why a pipeline is not taken over: where in `specific`, what is wrong, and what to do. */
export interface Obstacle {
  at: string;
  problem: string;
  solution: string;
}

export interface Named {
  id: string;
  name: string;
}

export const isObstacle = (value: object): value is Obstacle => 'problem' in value;

export const named = ({ id, name }: Named) => `"${name}" (${id})`;

export const namedAll = (entities: Named[], most = MAX_NAMED) =>
  firstFew(entities.map(named), most).join(', ');

export const OTHERWISE =
  'To leave it alone choose another specific.connection.name, or rename or delete that connection in Airbyte.';

export const severalOf = (found: Named[]): Obstacle => ({
  at: 'connection.name',
  problem: `is the name of ${String(found.length)} connections that are in Airbyte already, ${namedAll(found)}, and none of them is this component's`,
  solution: `To take one of them over, name it in specific.connection.adopt, and rename or delete the others in Airbyte. ${OTHERWISE}`,
});

export const notThere = (id: string): Obstacle => ({
  at: 'connection.adopt',
  problem: `Airbyte has no connection ${id} in this workspace`,
  solution:
    'Check the id, which is in the address of the connection in Airbyte and differs between environments; or remove specific.connection.adopt to have the pipeline made anew.',
});

export const another = (own: ConnectionRead, wanted: ConnectionRead): Obstacle => ({
  at: 'connection.adopt',
  problem: `names the connection ${named(wanted)}, but the component has one already: ${named(own)}`,
  solution:
    'Remove specific.connection.adopt; or undeploy the component first, which deletes its own pipeline, and then deploy again.',
});

export const astray = (own: ConnectionRead): Obstacle => ({
  at: 'connection',
  problem: `${named(own)} reads this component's source but writes to a destination that is not the component's`,
  solution: `Delete that connection in Airbyte, then deploy again; or, to take its destination over, write specific.connection.adopt: ${own.id}.`,
});

export type Problem = Omit<Obstacle, 'at'>;

export const missing = (kind: Kind): Problem => ({
  problem: `its ${kind} is not in this workspace of Airbyte`,
  solution: 'Check the connection in Airbyte, or name another one.',
});

/** Another connector; `wanted` is undefined where this Airbyte cannot tell. */
export const ofAnotherKind = (kind: Kind, actor: Actor, wanted: string | undefined) =>
  wanted === undefined || wanted === actor.definitionId
    ? undefined
    : {
        problem: `its ${kind} ${named(actor)} is of another connector (${actor.definitionId}) than the descriptor asks for (${wanted})`,
        solution: `Correct specific.${kind}.connector in the descriptor: Airbyte cannot change a ${kind}'s connector.`,
      };

/** The team of a component, by its key; undefined where no configuration file names teams. */
export type TeamOf = ((componentKey: string) => string | undefined) | undefined;

/** Whether a component is another team's: then it is not told of by name. */
export const isOthers = (teamOf: TeamOf, owner: string, key: string) =>
  teamOf !== undefined && owner !== key && teamOf(owner) !== teamOf(key);

export const ofAnother = (
  kind: Kind,
  actor: Actor,
  { key, teamOf }: { key: string; teamOf: TeamOf },
) => {
  const owner = componentIn(actor.name);
  if (owner === undefined || owner === key) return undefined;
  if (isOthers(teamOf, owner, key))
    return {
      problem: `its ${kind} belongs to another team's component`,
      solution: 'Choose another connection.',
    };
  return {
    problem: `its ${kind} ${named(actor)} belongs to the component ${owner}`,
    solution: 'Choose another connection, or undeploy that component first.',
  };
};

export const besides = (kind: Kind, actor: Actor, own: Named | undefined) =>
  own === undefined || own.id === actor.id
    ? undefined
    : {
        problem: `the component has a ${kind} already, ${named(own)}, which is another one than that of the connection, ${named(actor)}`,
        solution: `Undeploy the component, which deletes its own ${kind}, then deploy again.`,
      };

/** By which connections is told where none of them can be another team's. */
export const inUse = (
  uses: { kind: Kind; actor: Actor; by: ConnectionRead[] }[],
  teamOf: TeamOf,
): Problem => {
  const described = uses.map(({ kind, actor, by }) => {
    const users = teamOf ? `${String(by.length)} other connections` : namedAll(by);
    return `its ${kind} ${named(actor)} is used by ${users} too`;
  });
  return {
    problem: `${described.join('; ')}, and what others use is never altered`,
    solution:
      'Give the connection a source and a destination of its own in Airbyte; or write specific.connection.adoptShared: anew. The pipeline is then made anew beside it: the connection is paused and renamed, and its state and history stay with it.',
  };
};
