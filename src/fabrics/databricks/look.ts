import type { Foreign, Seen, Step, Thing } from '../fabric';
import { foreignIn, internalIn, isOurs, listed, mustFit, notListed, rawIn } from './component';
import type { Component } from './component';
import { catalogUseStaying } from './catalog-use';
import { heldIn } from './holders';
import { lackedOn } from './loader';
import { holdersIn } from './memory';
import type { Role } from './memory';
import { readersOfAnothers, readersOfEach } from './readers';
import { READERS, lackingThing, loaderThing, lostThing, readersThing, schemaThing } from './things';
import { conveys } from './unity/permissions';
import type { Schema } from './unity/schemas';

/** Former schemas of a component that are told by name; all go with it. */
const MOST_FORMER = 20;

const shownOf = ({ catalog, host, wanted }: Component): Seen['shown'] => ({
  schema: {
    label: 'Schema',
    value: `${catalog.name}.${wanted}`,
    href: `${host}/explore/data/${encodeURIComponent(catalog.name)}/${encodeURIComponent(wanted)}`,
  },
});

const warningsOf = ({ catalog }: Component, former: readonly Schema[] | undefined) => {
  if (!former) return [notListed(catalog.name)];
  return former
    .slice(0, MOST_FORMER)
    .map(
      ({ name }) =>
        `The schema ${catalog.name}.${name} is of a former version of the descriptor; it goes when the component is removed with its data.`,
    );
};

/** What is remembered of grants, in whichever schema. */
const grantsIn = (component: Component, schemas: readonly Schema[]) => {
  const isHeld = (role: Role) => schemas.some((each) => heldIn(each, role).length > 0);
  return [
    ...(isHeld('reader') ? [readersThing(component)] : []),
    ...(isHeld('loader') ? [loaderThing(component)] : []),
  ];
};

/** What readers were granted by us and have not: somebody else has taken it from them. */
const lostIn = async (component: Component, schema: Schema, { interest }: Step) => {
  const readers = heldIn(schema, 'reader').filter(({ leaving }) => !leaving);
  if (readers.length === 0) return [];
  const grants = await component.catalog.grants(schema.name, interest);
  return readers.flatMap(({ principal, privileges }) => {
    const lost = privileges.filter((each) => !conveys(grants.get(principal), each));
    return lost.length > 0 ? [lostThing(component, { principal, privileges: lost })] : [];
  });
};

/** With who reads it by us, where a run has put data there. */
const inTheWay = async (
  component: Component,
  { schema, hasHadData }: { schema: Schema; hasHadData: boolean },
  step: Step,
): Promise<Foreign> => {
  const foreign = foreignIn(component, schema);
  const asks = hasHadData && foreign.isAnothers === true;
  const readers = asks ? await readersOfAnothers(component, schema, step) : undefined;
  return { ...foreign, ...(readers && { readers }) };
};

/** What a component has in the catalog, and what it lacks. */
export const lookAt = async (
  component: Component,
  step: Step,
  { hasHadData }: { hasHadData: boolean } = { hasHadData: false },
): Promise<Seen> => {
  const { catalog, manages, wanted } = component;
  const nothing = {
    missing: [],
    present: [],
    foreign: [],
    shown: shownOf(component),
    warnings: [],
  };
  if (!manages.schema) return nothing;
  mustFit(component);
  const all = await listed(component, step);
  // What is not listed may be there all the same: a list tells only what its reader may see.
  const schema =
    all?.find(({ name }) => name === wanted) ?? (await catalog.schema(wanted, step.interest));
  const known = all?.filter((each) => isOurs(component, each) && each.name !== wanted);
  const ofAirbytes = internalIn(component, schema);
  const seen = {
    ...nothing,
    foreign: [...ofAirbytes, ...rawIn(component)],
    warnings: warningsOf(component, known),
  };
  const former = known ?? [];
  const formerThings = former.map(({ name }) => schemaThing(catalog.name, name));
  const ofFormer = [...grantsIn(component, former), ...formerThings];
  if (schema && !isOurs(component, schema)) {
    const at = { schema, hasHadData };
    const theirs = ofAirbytes.length > 0 ? [] : [await inTheWay(component, at, step)];
    return { ...seen, present: ofFormer, foreign: [...theirs, ...seen.foreign] };
  }
  const lacked = await lackedOn(component, schema, step);
  const lacking = lacked ? [lackingThing(component, lacked)] : [];
  const own = schemaThing(catalog.name, wanted);
  if (!schema) return { ...seen, missing: [own, ...lacking], present: ofFormer };
  const present = [...grantsIn(component, [schema, ...former]), ...formerThings, own];
  const lost = step.sharing ? await lostIn(component, schema, step) : [];
  const staying = all ? [] : catalogUseStaying(component, holdersIn(schema.properties));
  return {
    ...seen,
    missing: lacking,
    present,
    ...(lost.length > 0 && { lost }),
    ...(staying.length > 0 && { staying }),
  };
};

/** Characters of the names of all who read, by schema, as JSON: they go into the history of a run, for an undo. */
const MAX_REMEMBERED_SIZE = 200_000;

/**
 * Whether anybody has something by a grant of ours is looked at anew. What he has the schemas remember; who
 * really has it they cannot tell, as somebody else may have taken it away.
 */
export const beforeCleanup = async (
  component: Component,
  present: readonly Thing[],
  step: Step,
): Promise<Thing[]> => {
  const known = new Set(present.map(({ id }) => id));
  const now = (await lookAt(component, step)).present;
  const things = [...now.filter(({ id, kind }) => kind === 'grant' && !known.has(id)), ...present];
  if (!things.some(({ id }) => id === READERS)) return things;
  const hadIn = await readersOfEach(component, step);
  if (JSON.stringify(hadIn).length > MAX_REMEMBERED_SIZE) return things;
  return things.map((thing) => (thing.id === READERS ? { ...thing, hadIn } : thing));
};
