import { isRefused } from '../../../contract/call-error';
import type { Left, Step, Thing, Undone } from '../../fabric';
import { goesWith, inOrder, unmaking } from './acts';
import { isDropped, keptBy, letOthersUse, outOfOrder, takeAway } from './cleanup';
import type { Undoing } from './cleanup';
import type { Component } from '../look/component';
import { keptFor } from '../look/contents';
import { isThere, isUntold } from '../look/judgement';
import { createLooks, recordsOf, MAX_ROWS } from '../look/looks';
import type { SqlApi } from '../api/sql-api';
import { lookAt } from '../look/state';
import { LOOKS } from '../sql/statements';
import { idOf, specOf, whatIs } from '../look/things';
import type { Spec } from '../look/things';

/* What is taken away of what a step has made, if it is still as made. */

const memberCount = async ({ api, step }: Undoing, role: string) =>
  recordsOf(await api.query(LOOKS.members(role), step, MAX_ROWS)).length;

/** Why it is not taken away; undefined: it is. */
const leftFor = async (spec: Spec, undoing: Undoing): Promise<string | undefined> => {
  const { api, component, step } = undoing;
  if (spec.is === 'schema') {
    const [database, schema] = spec.parts;
    return keptFor(createLooks(api, step), component, { database, schema });
  }
  if (spec.is === 'role') {
    const members = await memberCount(undoing, spec.parts[0]);
    if (members === 0) return undefined;
    return `it has ${String(members)} ${members === 1 ? 'member' : 'members'} by now`;
  }
  if (spec.is === 'select' && spec.extent === 'ALL')
    return 'what of it was there before cannot be told from what was not';
  return keptBy(spec, undoing);
};

const remedyOf = (spec: Spec, component: Component) =>
  isDropped(spec)
    ? `Unprovision the component with its data, or run ${unmaking(spec, component).text}; if nothing of it is needed.`
    : `Nothing need be done; ${unmaking(spec, component).text}; takes it away.`;

/** What stays, why, and what to do about it. */
const createKept = (component: Component) => {
  const kept = new Map<Spec, { why: string; remedy: string }>();
  return {
    has: (spec: Spec) => kept.has(spec),
    add: (spec: Spec, why: string, remedy = remedyOf(spec, component)) => {
      kept.set(spec, { why, remedy });
    },
    left: (): Left[] =>
      [...kept].map(([spec, { why, remedy }]) => ({ what: `${whatIs(spec)} (${why})`, remedy })),
  };
};

/** Takes away of these what is there and still as it was made; the rest is told. */
export const unprepare = async (
  api: SqlApi,
  component: Component,
  { made, step }: { made: readonly Thing[]; step: Step },
): Promise<Undone> => {
  const undoing = { api, component, step };
  const state = await lookAt(createLooks(api, step), component);
  const there = inOrder(made.map(specOf), component)
    .reverse()
    .filter((spec) => isThere(state, component, spec));
  const kept = createKept(component);
  for (const spec of made.map(specOf))
    if (!isThere(state, component, spec) && isUntold(state, spec))
      kept.add(spec, 'Snowflake tells too few of so many grants to see whether it is there');
  // The others go all the same, so that no more is told as left than is; what went meanwhile is not left.
  const keepRefused = async (spec: Spec, err: unknown) => {
    if (!isRefused(err)) throw err;
    const now = await lookAt(createLooks(api, step), component);
    if (isThere(now, component, spec)) kept.add(spec, err.message, err.solution);
  };
  for (const spec of there.filter(({ is }) => is === 'schema' || is === 'role')) {
    try {
      const why = await leftFor(spec, undoing);
      if (why !== undefined) kept.add(spec, why);
    } catch (err) {
      await keepRefused(spec, err);
    }
  }
  const dropped = there.filter((spec) => isDropped(spec) && !kept.has(spec));
  const changed: string[] = [];
  for (const spec of outOfOrder(there, component)) {
    if (kept.has(spec)) continue;
    const isGone = dropped.some((other) => goesWith(spec, other));
    try {
      const why = isGone
        ? undefined
        : ((await leftFor(spec, undoing)) ?? (await takeAway(spec, undoing)));
      if (why === undefined) changed.push(idOf(spec));
      else kept.add(spec, why);
    } catch (err) {
      await keepRefused(spec, err);
    }
  }
  await letOthersUse(made.map(specOf), undoing);
  return { changed, left: kept.left() };
};
