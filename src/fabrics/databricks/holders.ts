import type { ReadersChanged, Step } from '../fabric';
import { grantCatalogUse, releaseCatalogUse, withCatalogUse } from './catalog-use';
import { ownSchema } from './component';
import type { Component } from './component';
import { notSeen } from './errors';
import { holdersIn, isSame, withHolders } from './memory';
import type { Holder, Role } from './memory';
import { conveys } from './unity/permissions';
import type { Change, Grants } from './unity/permissions';
import type { Schema } from './unity/schemas';

/* Who has something in a schema by us: first written down, then granted; taken away, then struck out. */

/** Times that it is looked whether what was written down stands there. */
const MOST_LOOKS = 4;

export const heldIn = ({ properties }: Pick<Schema, 'properties'>, role: Role) =>
  holdersIn(properties).filter((each) => each.role === role);

interface Remembered {
  roles: readonly Role[];
  holders: readonly Holder[];
}

/**
 * Writes down who holds something in these roles, until it is seen to stand there: another run may write
 * down those of another role at the same time.
 */
export const remember = async (
  component: Component,
  { name, ...remembered }: Remembered & Pick<Schema, 'name'>,
  step: Step,
) => {
  const { catalog } = component;
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const schema = await ownSchema(component, name, step);
    if (!schema) break;
    const properties = withHolders(schema.properties, remembered);
    if (isSame(properties, schema.properties)) return;
    await catalog.setProperties(name, { properties, interest: step.interest });
  }
  throw notSeen(`what is ours of the grants on the schema ${catalog.name}.${name}`);
};

/** What Databricks says it has done is done when it is seen to be. */
export const changeGrants = async (
  { catalog }: Component,
  { name, changes }: { name: string; changes: readonly Change[] },
  { interest }: Step,
) => {
  if (changes.length === 0) return;
  await catalog.change(name, { changes: [...changes], interest });
  const grants = await catalog.grants(name, interest);
  const isSeen = changes.every(
    ({ principal, add, remove }) =>
      add.every((each) => conveys(grants.get(principal), each)) &&
      remove.every((each) => grants.get(principal)?.has(each) !== true),
  );
  if (!isSeen) throw notSeen(`the grants on the schema ${catalog.name}.${name}`);
};

interface Wanted {
  role: Role;
  principals: readonly string[];
  privileges: readonly string[];
  /** Of the others with this role: who is granted nothing, and loses nothing. */
  kept?: readonly string[];
  /** Readers that are remembered as having had it. */
  former?: readonly Holder[];
}

/** What is remembered of some, once they have what others of them had not; and the changes that make it so. */
const additions = (
  { role, principals, privileges }: Wanted,
  held: readonly Holder[],
  grants: Grants,
) => {
  const changes: Change[] = [];
  const holders: Holder[] = [];
  for (const principal of principals) {
    const former = held.find((each) => each.principal === principal);
    const lacking = privileges.filter((each) => !conveys(grants.get(principal), each));
    if (lacking.length > 0) changes.push({ principal, add: lacking, remove: [] });
    const ours = [...new Set([...(former?.privileges ?? []), ...lacking])];
    holders.push({ principal, role, privileges: ours, catalog: former?.catalog ?? false });
  }
  return { changes, holders };
};

/** What is ours of those who leave, and not theirs in another role. */
const removalsOf = (
  leaving: readonly Holder[],
  { others, grants }: { others: readonly Holder[]; grants: Grants },
) =>
  leaving.flatMap(({ principal, privileges }) => {
    const stays = others.find((each) => each.principal === principal)?.privileges ?? [];
    const remove = privileges.filter(
      (each) => !stays.includes(each) && grants.get(principal)?.has(each) === true,
    );
    return remove.length > 0 ? [{ principal, add: [], remove }] : [];
  });

const asLeaving = (holders: readonly Holder[]): Holder[] =>
  holders.map((each) => ({ ...each, leaving: true as const }));

/** Who has nothing by us is not written down. */
const isOurs = ({ privileges, catalog }: Holder) => privileges.length > 0 || catalog;

/** What is remembered of those who keep what they have; an attempt before this one may have marked them. */
const keptOf = (holders: readonly Holder[], kept: readonly string[]): Holder[] =>
  holders
    .filter(({ principal }) => kept.includes(principal))
    .map(({ leaving: _left, ...each }) => each);

/**
 * Has exactly these hold what they are to have, of those with their role but who is kept as he is: first
 * written down, then all of it changed at once, then what is no more is struck out.
 */
export const setHolders = async (
  component: Component,
  { schema, ...wanted }: Wanted & { schema: Schema },
  step: Step,
): Promise<ReadersChanged> => {
  const { name, properties } = schema;
  const { role, principals, kept = [], former = [] } = wanted;
  const grants = await component.catalog.grants(name, step.interest);
  const all = holdersIn(properties);
  const mine = all.filter((each) => each.role === role);
  const others = all.filter((each) => each.role !== role && each.role !== 'former');
  const { changes, holders } = additions(wanted, mine, grants);
  const rest = mine.filter(({ principal }) => !principals.includes(principal));
  const unchanged = keptOf(rest, kept);
  const leaving = asLeaving(rest.filter(({ principal }) => !kept.includes(principal)));
  const before = role === 'reader' ? all.filter((each) => each.role === 'former') : [];
  const roles: Role[] = role === 'reader' ? ['reader', 'former'] : [role];
  let staying = await withCatalogUse(component, holders, step);
  const write = (more: readonly Holder[]) =>
    remember(
      component,
      { name, roles, holders: [...staying.filter(isOurs), ...unchanged, ...more] },
      step,
    );
  await write([...before, ...leaving]);
  const letIn = await grantCatalogUse(component, principals, {
    step,
    remember: async (lacking) => {
      staying = staying.map((each) =>
        lacking.includes(each.principal) ? { ...each, catalog: true } : each,
      );
      await write([...before, ...leaving]);
    },
  });
  const removals = removalsOf(leaving, { others, grants });
  await changeGrants(component, { name, changes: [...changes, ...removals] }, step);
  await releaseCatalogUse(component, leaving, step);
  await write(former);
  return {
    granted: [...new Set([...changes.map(({ principal }) => principal), ...letIn])],
    revoked: removals.map(({ principal }) => principal),
  };
};

/** Before a schema goes, and all that is remembered in it. */
export const letGo = async (component: Component, schema: Schema, step: Step) => {
  const holders = holdersIn(schema.properties).filter(({ role }) => role !== 'former');
  if (!holders.some(({ catalog }) => catalog)) return;
  const leaving = asLeaving(holders);
  const roles = ['reader', 'loader'] as const;
  await remember(component, { name: schema.name, roles, holders: leaving }, step);
  await releaseCatalogUse(component, leaving, step);
};

/** Where it stayed after all: as it was. */
export const keepOn = async (component: Component, schema: Schema, step: Step) => {
  const holders = holdersIn(schema.properties).filter(({ role }) => role !== 'former');
  const ours = holders.filter(({ catalog }) => catalog).map(({ principal }) => principal);
  if (ours.length === 0) return;
  const roles = ['reader', 'loader'] as const;
  const again = () => remember(component, { name: schema.name, roles, holders }, step);
  await again();
  await grantCatalogUse(component, ours, { step, remember: again });
};
