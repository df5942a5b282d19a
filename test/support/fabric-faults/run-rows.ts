import { isDeepStrictEqual } from 'node:util';
import { sampled } from '../sample';
import { anotherRowsOf, playAnother } from './another';
import {
  declareCalls,
  declaredCalls,
  askedIn,
  isLook,
  isRemoval,
  isUndo,
  OPERATIONS,
} from './calls';
import type { Asked, Operation, System } from './calls';
import { recordFabricRows } from './document';
import { withoutIds } from './play';
import type { Play, State } from './play';
import { usePlays } from './plays';
import type { Plays } from './plays';
import { ROWS } from './rows';
import type { Row } from './rows';

/* Runs the rows of the fabrics' fault table. */

/** Milliseconds for all rows of a file, as each one's time begins with the first. */
const ALL_ROWS = 3_600_000;

/** With RECORD_FABRIC_CALLS=1 what the operations ask for now is written down, for rows to be made of it. */
const isDeclaring = Boolean(process.env.RECORD_FABRIC_CALLS);

const lettersIn = (one: State, other: State) => [
  ...new Set([...Object.keys(one), ...Object.keys(other)]),
];

/** By letter: in capitals as wanted, small as before, `?` where it is neither. */
const lettersOf = (after: State, { before, wanted }: { before: State; wanted: State }) => {
  const there = withoutIds(after);
  const former = withoutIds(before);
  return lettersIn(there, wanted)
    .map((letter) => {
      const all = there[letter] ?? [];
      if (isDeepStrictEqual(all, former[letter])) return all.length > 0 ? letter.toLowerCase() : '';
      if (isDeepStrictEqual(all, wanted[letter])) return all.length > 0 ? letter : '';
      return '?';
    })
    .join('');
};

const differing = (one: State, other: State) =>
  lettersIn(one, other).filter((letter) => !isDeepStrictEqual(one[letter], other[letter]));

/** What is told as left behind, and with which words for members that went with their role. */
const leftIn = (status: Awaited<ReturnType<Play['run']>>) =>
  [status.info?.privateInfo.leftBehind ?? []].flat();

/** What of a run that failed is not as before, and is not bound to be. */
const differsIn = (
  { operation }: Row['call'],
  { before, after, left }: { before: State; after: State; left: string[] },
) => {
  const isLostWithRole = left.some((each) => each.includes('who had the role'));
  return differing(after, before).filter(
    // What Airbyte had goes before what the fabric has, and does not come back; members go with their role.
    (letter) =>
      !(isRemoval(operation) && letter === 'P' && after.P?.length === 0) &&
      !(letter === 'M' && isLostWithRole),
  );
};

/** Everything that is wrong in a row, and its mark. */
const play = async (at: Play, row: Row) => {
  const { call, kind } = row;
  const { side } = at;
  const { operation, system } = call;
  const wanted = await at.wanted(operation);
  const request = await at.begins(operation);
  const before = await at.state();
  await request.brought?.();
  await side.fault(call, kind);
  const first = await at.run(request, kind.patience === 'hasty');
  const wasMet = await side.wasMet(call);
  const after = await at.state();
  const left = leftIn(first);
  const flaws: string[] = [];
  const must = (isSo: boolean, flaw: string) => {
    if (!isSo) flaws.push(flaw);
  };

  must(wasMet, 'the call was not made');
  must(first.status === row.status, `ended ${first.status}`);
  const unwanted = differing(withoutIds(after), wanted);
  if (first.status === 'COMPLETED')
    must(unwanted.length === 0, `not as wanted: ${unwanted.join('')}`);
  else {
    const differs = differsIn(call, { before, after, left });
    if (!row.leaves) must(differs.length === 0, `not as before: ${differs.join('')}`);
    const isToTell = row.leaves || isRemoval(operation);
    must(left.length > 0 === isToTell, `left behind: ${left.join('; ') || 'nothing'}`);
  }
  if (kind.name === 'privilege')
    must(
      side.tells(call, first.result),
      'does not tell which privilege is missing, or whom to ask',
    );

  await at.clearFaults();
  await side.forgetCalls();
  const second = await at.run(request);
  const healed = await at.state();
  must(second.status === 'COMPLETED', `then ended ${second.status}`);
  const unhealed = differing(withoutIds(healed), wanted);
  must(unhealed.length === 0, `then not as wanted: ${unhealed.join('')}`);
  if (first.status === 'COMPLETED') {
    const asked = (await side.calls()).map(({ statement }) => statement);
    const writes = asked.filter((text) => !isLook(system, text));
    must(writes.length === 0, `then wrote ${writes.join('; ')}`);
    must(isDeepStrictEqual(after, healed), `then changed ${differing(after, healed).join('')}`);
  }
  const mark = `${first.status.charAt(0)} ${lettersOf(after, { before, wanted }) || '–'}`;
  const details = flaws.length > 0 ? detailsOf({ before, after, healed, wanted }) : '';
  return { flaws, mark, texts: [first.result, second.result, details] };
};

const without = (all: string[], others: string[]) => all.filter((each) => !others.includes(each));

const detailsOf = ({
  before,
  after,
  healed,
  wanted,
}: Record<'before' | 'after' | 'healed' | 'wanted', State>) => {
  const against = (title: string, one: State, other: State) =>
    lettersIn(one, other).flatMap((letter) => [
      ...without(one[letter] ?? [], other[letter] ?? []).map((each) => `${title} + ${each}`),
      ...without(other[letter] ?? [], one[letter] ?? []).map((each) => `${title} - ${each}`),
    ]);
  return [
    ...against('after/before', after, before),
    ...against('healed/wanted', withoutIds(healed), wanted),
  ]
    .slice(0, 30)
    .join('\n');
};

const byStatement = (calls: Asked[]) =>
  [...calls].sort((one, other) => one.statement.localeCompare(other.statement));

const testCalls = (system: System, withPlay: Plays) =>
  test('the rows are of the calls that the runs make', async () => {
    await withPlay('patient', async (at) => {
      const counts = new Map<Operation, number>();
      const countOf = (operation: Operation) => counts.get(operation) ?? 0;
      for (const operation of OPERATIONS) {
        if (!at.side.requests[operation]) continue;
        const { status, calls, begins, isAsBefore, result } = await at.asks(operation, countOf);
        expect([operation, status, isAsBefore, result]).toEqual([
          operation,
          isUndo(operation) ? 'FAILED' : 'COMPLETED',
          true,
          result,
        ]);
        counts.set(operation, calls.length);
        const asked = askedIn(calls, begins);
        if (isDeclaring) declareCalls(system, operation, asked);
        expect([operation, byStatement(declaredCalls(system, operation))]).toEqual([
          operation,
          byStatement(asked),
        ]);
      }
    });
  }, 300_000);

/** One test for each row; they run side by side in worlds of their own. */
const testRows = (system: System, withPlay: Plays, record: ReturnType<typeof recordFabricRows>) => {
  test.concurrent.each(sampled(ROWS[system]))(
    '$name',
    async (row) => {
      const { flaws, mark, texts } = await withPlay(row.kind.patience, (at) => play(at, row));
      record(row, { mark, right: flaws.length === 0 });
      if (flaws.length > 0) throw new Error([row.name, ...flaws, ...texts].join('\n'));
    },
    ALL_ROWS,
  );
};

/** What an operation is about is another's. */
const testAnother = (
  system: System,
  withPlay: Plays,
  record: ReturnType<typeof recordFabricRows>,
) =>
  test.concurrent.each(sampled(anotherRowsOf(system)))(
    '$name',
    async (row) => {
      const played = await withPlay('hasty', (at) => playAnother(at, row));
      const { flaws, status, texts } = played;
      record(row, { mark: status.charAt(0), right: flaws.length === 0 });
      if (flaws.length > 0) throw new Error([row.name, ...flaws, ...texts].join('\n'));
    },
    ALL_ROWS,
  );

/** All of a system's part of the table; of a part of the long suites, that part. */
export const testFabric = (system: System) => {
  const withPlay = usePlays(system);
  const record = recordFabricRows(system);
  testCalls(system, withPlay);
  testAnother(system, withPlay, record);
  testRows(system, withPlay, record);
};
