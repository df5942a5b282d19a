import type { Step, Thing } from '../fabric';
import { goesWith, inOrder, making, unmaking } from './acts';
import type { Component } from './component';
import { isDatabaseEmpty } from './contents';
import { isClosing, isThere } from './judgement';
import { createLooks } from './looks';
import { isUsedByOthers } from './present';
import { ROUNDS, isStillOurs, unseen } from './prepare';
import type { SqlApi } from './sql-api';
import { lookAt } from './state';
import { changesBy } from './statements';
import { specOf } from './things';
import type { Spec, SpecOf } from './things';

/* What is taken away of what is there, and nothing but the component's. */

/** What is asked of whom, and about what. */
export interface Undoing {
  api: SqlApi;
  component: Component;
  step: Step;
  /** Counts from 0: what the same step asks for once more is another change. */
  round?: number;
}

export const isDropped = (spec: Spec) => spec.is !== 'use' && spec.is !== 'select';

const isAirbytesDatabase = (spec: Spec, { airbyteRole }: Component) =>
  spec.is === 'use' && spec.kind === 'DATABASE' && spec.to === airbyteRole;

const now = ({ api, component, step }: Undoing) => lookAt(createLooks(api, step), component);

/** The round of what is granted again; those of taking away begin at 0. */
const GIVEN_BACK = ROUNDS;

/**
 * Who comes into a database makes its schema first, and sees then that Airbyte may use it. So it is given
 * back where somebody has come between the look and this.
 */
const isGivenBack = async (spec: Spec, undoing: Undoing) => {
  const { api, component, step } = undoing;
  if (!isUsedByOthers(await now(undoing), component)) return false;
  await api.change(making(spec, component), step, GIVEN_BACK);
  return true;
};

/**
 * An attempt whose answer was lost may have taken it away, and the next one does not find it any more. So it
 * is looked at by itself, at the end, whether others need it.
 */
export const letOthersUse = async (specs: readonly Spec[], undoing: Undoing) => {
  const { api, component, step } = undoing;
  const use = specs.find((spec) => isAirbytesDatabase(spec, component));
  if (!use) return;
  const state = await now(undoing);
  if (isThere(state, component, use) || !isUsedByOthers(state, component)) return;
  await api.change(making(use, component), step, GIVEN_BACK);
};

/**
 * Closed before it is looked at: who has come before is seen in it, and who comes after sees that it is
 * closed, and makes it anew when it is gone. Opened again where somebody is in it.
 */
const isDroppedIfEmpty = async (spec: SpecOf<'database'>, undoing: Undoing) => {
  const { api, component, step, round } = undoing;
  const by = changesBy(component.manager);
  const [name] = spec.parts;
  await api.change(by.commentOnDatabase(name, component.closingTag), step, round);
  const state = await now(undoing);
  if (!isClosing(state, component)) return false;
  const isEmpty = await isDatabaseEmpty(createLooks(api, step), state, component);
  const next = isEmpty
    ? unmaking(spec, component)
    : by.commentOnDatabase(name, component.domainTag);
  await api.change(next, step, round);
  return isEmpty;
};

/** Takes it away, unless it is not ours any more, or others use it; whether it did. */
export const takenAway = async (spec: Spec, undoing: Undoing): Promise<boolean> => {
  const { api, component, step, round = 0 } = undoing;
  if (isDropped(spec) && !(await isStillOurs(createLooks(api, step), spec, component)))
    return false;
  if (spec.is === 'database') return isDroppedIfEmpty(spec, { ...undoing, round });
  await api.change(unmaking(spec, component), step, round);
  return !isAirbytesDatabase(spec, component) || !(await isGivenBack(spec, undoing));
};

/** Whether nobody else needs it, as far as can be seen before. */
export const mayGo = async (spec: Spec, undoing: Undoing) => {
  const { api, component, step } = undoing;
  if (spec.is === 'database')
    return isDatabaseEmpty(createLooks(api, step), await now(undoing), component);
  if (!isAirbytesDatabase(spec, component)) return true;
  return !isUsedByOthers(await now(undoing), component);
};

/** The reverse of making, and the role last: nothing can fail after it, and it takes all grants to it along. */
export const outOfOrder = (specs: readonly Spec[], component: Component) => {
  const reverse = inOrder(specs, component).reverse();
  return [
    ...reverse.filter(({ is }) => is !== 'role'),
    ...reverse.filter(({ is }) => is === 'role'),
  ];
};

const mayNotStay = async (undoing: Undoing, specs: readonly Spec[]): Promise<Spec[]> => {
  const { component } = undoing;
  const state = await now(undoing);
  const there = specs.filter((spec) => isThere(state, component, spec));
  const dropped = there.filter(isDropped);
  const taken: Spec[] = [];
  for (const spec of there) {
    if (dropped.some((other) => goesWith(spec, other))) continue;
    if (!(await mayGo(spec, undoing))) continue;
    if (await takenAway(spec, undoing)) taken.push(spec);
  }
  if (taken.length === 0) return [];
  const after = await now(undoing);
  return taken.filter((spec) => isThere(after, component, spec));
};

/** Takes these away, as far as they are there and the component's, and sees that they are gone. */
export const cleanup = async (
  api: SqlApi,
  component: Component,
  { present, step }: { present: readonly Thing[]; step: Step },
) => {
  let left = outOfOrder(present.map(specOf), component);
  for (let round = 0; round < ROUNDS && left.length > 0; round += 1)
    left = await mayNotStay({ api, component, step, round }, left);
  if (left.length > 0) throw unseen(left, 'is still there');
  await letOthersUse(present.map(specOf), { api, component, step });
};
