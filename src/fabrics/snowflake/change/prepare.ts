import { CallError } from '../../../contract/call-error';
import { Refusal } from '../../../contract/problems';
import type { Step, Thing } from '../../fabric';
import { inOrder, making } from './acts';
import type { Component } from '../look/component';
import { foreignIn } from '../look/in-the-way';
import { isClosing, isMissing, isUntold, readableIn } from '../look/judgement';
import { createLooks } from '../look/looks';
import type { Looks } from '../look/looks';
import type { SqlApi } from '../api/sql-api';
import { lookAt } from '../look/state';
import type { State } from '../look/state';
import { shownAs } from '../sql/names';
import { changesBy } from '../sql/statements';
import { idOf, specOf, whatIs } from '../look/things';
import type { Spec } from '../look/things';

/** Looks and acts as often: what an answer of an earlier attempt says was done may have been undone since. */
export const ROUNDS = 2;

export const notSeen = (what: string, how: string) =>
  new CallError(`Snowflake has answered that it is done, but ${what} ${how}.`, {
    kind: 'again',
    solution: 'Look in the history of queries in Snowflake who else changes it, then try again.',
  });

export const unseen = (specs: readonly Spec[], how: string) =>
  notSeen(specs.map(whatIs).join(', '), how);

export const refuseForeign = (state: State, component: Component) => {
  const [first, ...others] = foreignIn(state, component);
  if (!first) return;
  const more = others.map(({ problem }) => problem).join(' ');
  throw new Refusal(more ? `${first.problem} ${more}` : first.problem, first.solution);
};

/** Who makes something in a database that is being removed would lose it: it is made anew when that is gone. */
const awaitRemoval = (state: State, component: Component) => {
  if (!isClosing(state, component)) return;
  const { place, manager, domainTag } = component;
  const { text } = changesBy(manager).commentOnDatabase(place.database, domainTag);
  throw new CallError(
    `The database ${shownAs(place.database)} is being removed with the last of its domain.`,
    {
      kind: 'again',
      solution: `Deploy again when the removal is over. If none is under way, ${text}; opens the database again.`,
    },
  );
};

/** As Snowflake has it now, whoever has made it. */
const commentNow = async (looks: Looks, spec: Spec, { place }: Component) => {
  if (spec.is === 'database') return (await looks.database(spec.parts[0]))?.comment;
  if (spec.is === 'role') return (await looks.role(spec.parts[0]))?.comment;
  if (spec.is !== 'schema') return undefined;
  return (await looks.schema({ ...place, schema: spec.parts[1] }))?.comment;
};

const isObject = ({ is }: Spec) => is !== 'use' && is !== 'select';

/** By its tag of this moment. */
export const isStillOurs = async (looks: Looks, spec: Spec, component: Component) => {
  const comment = await commentNow(looks, spec, component);
  const { tag, domainTag, closingTag } = component;
  if (spec.is === 'database') return comment === domainTag || comment === closingTag;
  return comment === tag;
};

/** Of several who make the same at once one has made it: the others leave it alone. */
const seenToBeOurs = async (looks: Looks, spec: Spec, component: Component) => {
  if (!isObject(spec) || (await isStillOurs(looks, spec, component))) return;
  refuseForeign(await lookAt(looks, component), component);
  throw unseen([spec], 'is not there');
};

/** What is granted on all that is there is granted again where nothing can be seen of it. */
const isDue = (state: State, component: Component, spec: Spec, round: number) => {
  if (spec.is === 'select' && spec.extent === 'ALL' && round === 0)
    return readableIn(state, spec).objects.length === 0 || isMissing(state, component, spec);
  // What cannot be seen is granted once more, and Snowflake's word taken for it.
  if (round > 0 && isUntold(state, spec)) return false;
  return isMissing(state, component, spec);
};

/** Makes of these what is not there, and sees that it is. */
export const prepare = async (
  api: SqlApi,
  component: Component,
  { missing, step }: { missing: readonly Thing[]; step: Step },
) => {
  const looks = createLooks(api, step);
  const specs = inOrder(missing.map(specOf), component);
  const changed = new Set<string>();
  for (let round = 0; ; round += 1) {
    const state = await lookAt(looks, component);
    refuseForeign(state, component);
    awaitRemoval(state, component);
    const due = specs.filter((spec) => isDue(state, component, spec, round));
    if (due.length === 0) return [...changed];
    if (round === ROUNDS) throw unseen(due, 'is not seen to be so');
    for (const spec of due) {
      await api.change(making(spec, component), step, round);
      await seenToBeOurs(looks, spec, component);
      changed.add(idOf(spec));
    }
  }
};
