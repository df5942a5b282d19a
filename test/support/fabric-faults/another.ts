import { isDeepStrictEqual } from 'node:util';
import { eventually } from '../harness';
import { isRemoval, isUndo, operationsOf } from './calls';
import type { Operation, System } from './calls';
import { withoutIds } from './play';
import type { Play, State } from './play';

/* What an operation is about turns out to be another component's: before it, or before its undo. */

interface AnotherRow {
  name: string;
  system: System;
  operation: Operation;
  object: string;
  /** A removal leaves it, and ends well; an undo leaves it; all else fails at its look. */
  status: 'COMPLETED' | 'FAILED';
}

const OBJECTS: Record<System, string[]> = { snowflake: ['schema', 'role'], databricks: ['schema'] };

export const anotherRowsOf = (system: System): AnotherRow[] =>
  operationsOf(system).flatMap((operation) =>
    OBJECTS[system].map((object) => ({
      name: `${operation}: the ${object} is another component’s`,
      system,
      operation,
      object,
      status: isRemoval(operation) && !isUndo(operation) ? 'COMPLETED' : 'FAILED',
    })),
  );

/** Milliseconds that what an undo is brought by waits, for another to come between. */
const BETWEEN = 1000;

/** What carries the other's tag, but not what others may do with it. */
const theirsIn = ({ S = [], R = [], T = [] }: State) =>
  [...S, ...R].filter((text) => text.includes('.theirs"')).concat(T);

export const playAnother = async (at: Play, { operation, object, status }: AnotherRow) => {
  const { side } = at;
  const wanted = await at.wanted(operation);
  const request = await at.begins(operation);
  const take = async () => {
    const another = await side.takeOver[object]?.(operation);
    if (!another) throw new Error(`${side.system} has no ${object}`);
    return { another, before: await at.state() };
  };
  const between = async () => {
    await request.brought?.(BETWEEN);
    const token = await request.send();
    await eventually(async () => ((await request.hasCome?.()) ? true : undefined), 'its fault');
    return { ...(await take()), ended: await at.ended(token) };
  };
  const first = async () => ({ ...(await take()), ended: await at.run(request) });
  const { another, before, ended } = await (isUndo(operation) ? between() : first());
  const after = await at.state();
  const flaws: string[] = [];
  const must = (isSo: boolean, flaw: string) => {
    if (!isSo) flaws.push(flaw);
  };
  must(ended.status === status, `ended ${ended.status}`);
  must(theirsIn(before).length > 0, 'nothing was another’s');
  must(isDeepStrictEqual(theirsIn(after), theirsIn(before)), 'what is another’s was changed');
  const said = [ended.result, ...(ended.logs ?? []).map(({ message }) => message)].join('\n');
  if (!isUndo(operation)) must(said.includes(another.name), 'it is not named');
  if (status === 'FAILED' && !isUndo(operation))
    must(isDeepStrictEqual(after, before), 'not as before');

  await at.clearFaults();
  await another.giveBack();
  const second = await at.run(request);
  must(second.status === 'COMPLETED', `then ended ${second.status}`);
  const healed = withoutIds(await at.state());
  if (!isRemoval(operation)) must(isDeepStrictEqual(healed, wanted), 'then not as wanted');
  return { flaws, status: ended.status, texts: [ended.result, second.result] };
};
