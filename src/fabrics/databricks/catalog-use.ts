import { firstFew } from '../../../workflows/protocol/lengths';
import type { Left, Step } from '../fabric';
import { keyIn } from '../tags';
import { listed } from './component';
import type { Component } from './component';
import { notSeen } from './errors';
import { holdersIn } from './memory';
import type { Holder } from './memory';
import { EVERYBODY } from './names';
import { revokeStatement } from './sql';
import { conveys } from './unity/permissions';
import type { Change, Grants } from './unity/permissions';

/*
 * USE CATALOG, which the schemas of one catalog share: who reads two of them has it once. Runs of their
 * components go on at the same time, so who needs it is written down before anybody looks who has it, who
 * needs it no more is marked before anybody looks whether others need it, and both look until it is so.
 */

export const USE_CATALOG = 'USE_CATALOG';
/** Times that it is looked whether who needs it has it. */
const MOST_LOOKS = 6;

type Sharing = Pick<Component, 'catalog' | 'manages'>;

const principalsIn = (holders: readonly Holder[]) => [
  ...new Set(holders.map(({ principal }) => principal)),
];

/**
 * Who has something in a schema of ours, whichever component's; those on their way out, too. Undefined: there
 * are more schemas than can be listed.
 */
const holdersOfAll = async (component: Sharing, { interest, id }: Step) =>
  (await listed(component, { interest, id }))
    ?.filter(({ comment }) => keyIn(comment) !== undefined)
    .flatMap(({ properties }) => holdersIn(properties))
    .filter(({ role }) => role !== 'former');

const lacksIn = (grants: Grants) => (principal: string) =>
  !conveys(grants.get(EVERYBODY), USE_CATALOG) && !conveys(grants.get(principal), USE_CATALOG);

/** Who of these lacks it, where it is ours to grant. */
export const lackingCatalogUse = async (
  { catalog, manages }: Sharing,
  principals: readonly string[],
  { interest }: Step,
) => {
  if (!manages.catalogUse || principals.length === 0) return [];
  return principals.filter(lacksIn(await catalog.grants(undefined, interest)));
};

/**
 * With a mark on those who are to have it by us: they lack it, or have it by another schema of ours. Grants
 * are read before schemas: who has it by us was written down before he had it.
 */
export const withCatalogUse = async (
  component: Sharing,
  holders: readonly Holder[],
  step: Step,
): Promise<Holder[]> => {
  if (!component.manages.catalogUse || holders.length === 0) return [...holders];
  const lacking = await lackingCatalogUse(component, principalsIn(holders), step);
  // Whom no list tells of has it by himself as far as is known, and keeps it.
  const all = (await holdersOfAll(component, step)) ?? [];
  const ours = new Set([...lacking, ...principalsIn(all.filter(({ catalog }) => catalog))]);
  return holders.map((each) => (ours.has(each.principal) ? { ...each, catalog: true } : each));
};

/** All of them have it; `remember` writes down those who are found to lack it, before they are granted it. */
export const grantCatalogUse = async (
  component: Sharing,
  principals: readonly string[],
  { remember, step }: { remember: (lacking: readonly string[]) => Promise<void>; step: Step },
): Promise<string[]> => {
  const { catalog } = component;
  const granted = new Set<string>();
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const lacking = await lackingCatalogUse(component, principals, step);
    if (lacking.length === 0) return [...granted];
    await remember(lacking);
    const changes = lacking.map((principal) => ({ principal, add: [USE_CATALOG], remove: [] }));
    await catalog.change(undefined, { changes, interest: step.interest });
    for (const each of lacking) granted.add(each);
  }
  throw notSeen(`USE CATALOG on the catalog ${catalog.name}`);
};

/** What a removal leaves where it cannot be told who needs it by another schema. */
export const catalogUseStaying = ({ catalog }: Sharing, holders: readonly Holder[]): Left[] => {
  const staying = principalsIn(holders.filter((each) => each.catalog && each.role !== 'former'));
  if (staying.length === 0) return [];
  const [first = ''] = staying;
  const more = staying.length > 1 ? ', and the same of the others' : '';
  const sql = revokeStatement({
    catalog: catalog.name,
    privileges: [USE_CATALOG],
    principal: first,
  });
  return [
    {
      what: `USE CATALOG on the catalog ${catalog.name} for ${firstFew(staying).join(', ')} (it has more schemas than can be listed, so that it cannot be told who needs it for another)`,
      remedy: `Where nothing else needs it, ${sql}${more} takes it away.`,
    },
  ];
};

/**
 * Of those whose USE CATALOG is ours, who is needed by no schema of ours loses it, and who is needed has it.
 * Those who leave are marked in their schema before. Where not all schemas can be listed they keep it.
 */
export const releaseCatalogUse = async (
  component: Sharing,
  leaving: readonly Holder[],
  step: Step,
): Promise<void> => {
  const { catalog } = component;
  const principals = principalsIn(leaving.filter((each) => each.catalog));
  if (principals.length === 0) return;
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const all = await holdersOfAll(component, step);
    // It is not taken from who may need it.
    if (!all) return;
    const needed = new Set(principalsIn(all.filter((each) => each.leaving !== true)));
    const grants = await catalog.grants(undefined, step.interest);
    const changes = principals.flatMap((principal): Change[] => {
      if (needed.has(principal))
        return lacksIn(grants)(principal) ? [{ principal, add: [USE_CATALOG], remove: [] }] : [];
      const has = grants.get(principal)?.has(USE_CATALOG) === true;
      return has ? [{ principal, add: [], remove: [USE_CATALOG] }] : [];
    });
    if (changes.length === 0) return;
    await catalog.change(undefined, { changes, interest: step.interest });
  }
  throw notSeen(`USE CATALOG on the catalog ${catalog.name}`);
};
