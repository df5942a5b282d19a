import type { ConnectionRead, Kind } from '../../src/airbyte/workspace';
import type { AdoptionQuery, Left, Reason, Row } from '../../src/contract/adoption';
import { componentIn } from '../../src/airbyte/names';
import { namedAll } from '../pipeline/adoption-obstacles';
import type { Named } from '../pipeline/adoption-obstacles';
import type { Entities } from '../workspace';

/*
 * Which pipelines of an Airbyte become those of components. The existing provisioner gives plain names,
 * `<domain>.<product>.<major>.<given name>`, without an environment.
 */

const FORM = /^([\w-]+)\.([\w-]+)\.(\d+)\.(.+)$/;
/** Names of components, as in their URNs. */
const COMPONENT = /^[\w-]{1,100}$/;
/** Names in one row of a plan, which may have hundreds. */
const MAX_IN_ROW = 5;

interface Plan {
  take: Row[];
  own: number;
  left: Left[];
}

interface Claim {
  key: string;
  connection: ConnectionRead;
}

const byId = <One extends { id: string }>(all: One[]) => new Map(all.map((one) => [one.id, one]));

const groupedBy = <One>(all: One[], keyOf: (one: One) => string | undefined) => {
  const groups = new Map<string, One[]>();
  for (const one of all) {
    const key = keyOf(one);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
};

const inRow = (all: Named[]) => namedAll(all, MAX_IN_ROW);

/** All that is looked up more than once, so that thousands take no longer than their lists. */
const indexOf = ({ source, destination, connection }: Entities) => ({
  actors: { source: byId(source), destination: byId(destination) },
  owned: {
    source: groupedBy(source, ({ name }) => componentIn(name)),
    destination: groupedBy(destination, ({ name }) => componentIn(name)),
  },
  users: {
    source: groupedBy(connection, ({ sourceId }) => sourceId),
    destination: groupedBy(connection, ({ destinationId }) => destinationId),
  },
});
type Index = ReturnType<typeof indexOf>;

const KINDS = ['source', 'destination'] as const;

interface Leaving {
  left: Left;
}

const leave = (
  reason: Reason,
  { name, id }: { name: string; id: string },
  detail = '',
): Leaving => ({ left: { reason, name, id, detail } });

const problemOf = ({ key, connection }: Claim, index: Index) => {
  const endOf = (kind: Kind) => index.actors[kind].get(connection[`${kind}Id`]);
  for (const kind of KINDS) {
    const actor = endOf(kind);
    if (!actor) return leave('incomplete', connection, `its ${kind} ${connection[`${kind}Id`]}`);
    const odd = actor.odd ?? connection.odd;
    if (odd !== undefined) return leave('incomplete', connection, `a form not understood: ${odd}`);
    const owner = componentIn(actor.name);
    if (owner !== undefined && owner !== key) return leave('owned', connection, owner);
    const others = (index.users[kind].get(actor.id) ?? []).filter(({ id }) => id !== connection.id);
    if (others.length > 0)
      return leave('shared', connection, `its ${kind} "${actor.name}": ${inRow(others)}`);
    const own = (index.owned[kind].get(key) ?? []).filter(({ id }) => id !== actor.id);
    if (own.length > 0) return leave('own', connection, `${key}: ${inRow(own)}`);
  }
  return undefined;
};

const isOwned = ({ key, connection }: Claim, index: Index) =>
  KINDS.every(
    (kind) => componentIn(index.actors[kind].get(connection[`${kind}Id`])?.name ?? '') === key,
  );

/** Why nobody could deploy a component that takes a pipeline over; undefined: somebody could. */
export type Forbids = (key: string) => string | undefined;

/** The claims of one component: more than one is nobody's to decide. */
const judgeOne = (
  claims: Claim[],
  { index, forbids }: { index: Index; forbids: Forbids | undefined },
): ('owned' | Leaving | { take: Row })[] => {
  const [claim, ...others] = claims;
  if (!claim) return [];
  if (others.length === 0 && isOwned(claim, index)) return ['owned'];
  const problem = forbids?.(claim.key);
  if (problem !== undefined)
    return claims.map(({ key, connection }) =>
      leave('forbidden', connection, `${key}: ${problem}`),
    );
  if (others.length > 0)
    return claims.map(({ key, connection }) =>
      leave('several', connection, `${key}: ${inRow(claims.map((one) => one.connection))}`),
    );
  const { key, connection } = claim;
  const { id: connectionId, name, sourceId, destinationId } = connection;
  return [
    problemOf(claim, index) ?? { take: { key, name, connectionId, sourceId, destinationId } },
  ];
};

/** By the form of the names. What has a component's bracket already is that component's. */
const claimOf = (
  connection: ConnectionRead,
  environment: string,
  index: Index,
): Claim | Leaving => {
  const endOf = (kind: Kind) => index.actors[kind].get(connection[`${kind}Id`])?.name ?? '';
  const owner = componentIn(endOf('source'));
  if (owner !== undefined)
    return owner.startsWith(`${environment}/`)
      ? { key: owner, connection }
      : leave('owned', connection, owner);
  const [, domain, product, major, given] = FORM.exec(connection.name) ?? [];
  if (!domain || !product || !major || !given) return leave('foreign', connection);
  const prefix = [domain, product, major].join('.').toLowerCase();
  const isOfOne = KINDS.every((kind) => endOf(kind).toLowerCase().startsWith(`${prefix}.`));
  if (!isOfOne && KINDS.every((kind) => endOf(kind) !== '')) return leave('foreign', connection);
  if (!COMPONENT.test(given))
    return leave('unnamed', connection, 'give the descriptor of its component');
  return { key: `${environment}/${prefix}.${given.toLowerCase()}`, connection };
};

const claimsByName = (
  wanted: { key: string; connection: string }[],
  { connection: all }: Entities,
  index: Index,
): (Claim | Leaving)[] => {
  const named = groupedBy(all, ({ name }) => name);
  const ownOf = (key: string) =>
    (index.owned.source.get(key) ?? []).flatMap(({ id }) => index.users.source.get(id) ?? []);
  return wanted.flatMap(({ key, connection: name }): (Claim | Leaving)[] => {
    const ownerOf = ({ sourceId }: ConnectionRead) =>
      componentIn(index.actors.source.get(sourceId)?.name ?? '');
    const free = (named.get(name) ?? []).filter((one) => [undefined, key].includes(ownerOf(one)));
    const found = [...new Set([...ownOf(key), ...free])];
    return found.length === 0
      ? [leave('absent', { name, id: '' }, key)]
      : found.map((connection) => ({ key, connection }));
  });
};

/** Sources and destinations that no connection uses, of the names that the existing provisioner gives. */
const remainsIn = (entities: Entities, { users }: Index) =>
  KINDS.flatMap((kind) =>
    entities[kind]
      .filter(({ id, name }) => !users[kind].has(id) && FORM.test(name))
      .filter(({ name }) => componentIn(name) === undefined)
      .map((actor) => leave('remains', actor, kind)),
  );

/** What becomes whose, and what is left and why; sorted by component, so that it can be paged. */
export const planAdoption = (
  entities: Entities,
  { query, forbids }: { query: AdoptionQuery; forbids?: Forbids | undefined },
): Plan => {
  const index = indexOf(entities);
  const found: (Claim | Leaving)[] =
    'wanted' in query
      ? claimsByName(query.wanted, entities, index)
      : [
          ...entities.connection.map((one) => claimOf(one, query.environment, index)),
          ...remainsIn(entities, index),
        ];
  const claims = found.flatMap((one) => ('key' in one ? [one] : []));
  const judged = [
    ...found.flatMap((one) => ('left' in one ? [one] : [])),
    ...[...groupedBy(claims, ({ key }) => key).values()].flatMap((each) =>
      judgeOne(each, { index, forbids }),
    ),
  ];
  const take: Row[] = [];
  const left: Left[] = [];
  let own = 0;
  for (const one of judged)
    if (one === 'owned') own += 1;
    else if ('take' in one) take.push(one.take);
    else left.push(one.left);
  return { take: take.sort((a, b) => (a.key < b.key ? -1 : 1)), own, left };
};
