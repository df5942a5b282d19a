import type { Step } from '../fabric';
import { USE_CATALOG, lackingCatalogUse, releaseCatalogUse } from './catalog-use';
import type { Component } from './component';
import { changeGrants, heldIn, remember, setHolders } from './holders';
import type { Lacked } from './things';
import { conveys } from './unity/permissions';
import type { Schema } from './unity/schemas';

/* Whom Airbyte writes as, and what he has on a component's schema. */

/** What Airbyte's destination does in a schema that is not its own (airbyte/destination-databricks 4.0). */
const LOADS = [
  'USE_SCHEMA',
  'CREATE_TABLE',
  'SELECT',
  'MODIFY',
  'CREATE_VOLUME',
  'READ_VOLUME',
  'WRITE_VOLUME',
] as const;

/** Where he is not the owner, and so has nothing by himself. */
const loaderOf = async (
  { loader, manager }: Component,
  schema: Schema | undefined,
  { interest }: Step,
) => {
  const [principal, owner] = [await loader(interest), schema?.owner ?? (await manager(interest))];
  return principal === owner ? undefined : principal;
};

/** What he lacks on a schema, or on one that is to be made; undefined: nothing. */
export const lackedOn = async (
  component: Component,
  schema: Schema | undefined,
  step: Step,
): Promise<Lacked | undefined> => {
  const principal = await loaderOf(component, schema, step);
  if (principal === undefined) return undefined;
  const granted = schema && (await component.catalog.grants(schema.name, step.interest));
  const lacking = LOADS.filter((each) => !conveys(granted?.get(principal), each));
  const uses = await lackingCatalogUse(component, [principal], step);
  // An undo that ended in its middle has left word that he needs it no more, and whoever goes next would take it.
  const isLeaving =
    component.manages.catalogUse &&
    schema !== undefined &&
    heldIn(schema, 'loader').some((each) => each.principal === principal && each.leaving);
  const privileges = [...lacking, ...(uses.length > 0 || isLeaving ? [USE_CATALOG] : [])];
  return privileges.length > 0 ? { principal, privileges } : undefined;
};

/**
 * Whoever was it before keeps what he has until the component goes, as the step may be undone; he is granted
 * nothing anew.
 */
export const setLoader = async (component: Component, schema: Schema, step: Step) => {
  const principal = await loaderOf(component, schema, step);
  if (principal === undefined) return;
  const kept = heldIn(schema, 'loader').map((each) => each.principal);
  const wanted = { role: 'loader' as const, principals: [principal], kept, privileges: LOADS };
  await setHolders(component, { schema, ...wanted }, step);
};

/** Takes from him what he lacked before, and no more. */
export const takeBack = async (
  component: Component,
  { schema, lacked: { principal, privileges } }: { schema: Schema; lacked: Lacked },
  step: Step,
) => {
  const { name } = schema;
  const held = heldIn(schema, 'loader');
  const his = held.find((each) => each.principal === principal);
  if (!his) return false;
  const taken = his.privileges.filter((each) => privileges.includes(each));
  const kept = his.privileges.filter((each) => !privileges.includes(each));
  const takesUse = his.catalog && (kept.length === 0 || privileges.includes(USE_CATALOG));
  if (taken.length === 0 && !takesUse) return false;
  const others = held.filter((each) => each !== his);
  const write = (what: typeof held) =>
    remember(component, { name, roles: ['loader'], holders: [...others, ...what] }, step);
  if (takesUse) await write([{ ...his, leaving: true }]);
  const reads = heldIn(schema, 'reader').find((each) => each.principal === principal);
  const remove = taken.filter((each) => reads?.privileges.includes(each) !== true);
  if (remove.length > 0)
    await changeGrants(component, { name, changes: [{ principal, add: [], remove }] }, step);
  if (takesUse) await releaseCatalogUse(component, [his], step);
  await write(
    kept.length > 0 ? [{ ...his, privileges: kept, catalog: his.catalog && !takesUse }] : [],
  );
  return true;
};
