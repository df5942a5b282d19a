import { isDeepStrictEqual } from 'node:util';
import { createPool } from '../faults/harnesses';
import { sampled } from '../sample';
import type { Operation } from './calls';
import { recordFabricRows } from './document';
import type { Patience } from './kinds';
import { ROWS } from './rows';
import type { Row } from './rows';
import { startPlay, withoutIds } from './world';
import type { Play, State } from './world';

/* Runs the rows of the fabrics' fault table. */

/** Milliseconds for all rows of a file, as each one's time begins with the first. */
const ALL_ROWS = 1_800_000;
/** Worlds at once. */
const COUNTS = { patient: 3, hasty: 2 };

/** For one test file: lends worlds, each with an Airbyte and a fabric. */
export const usePlays = () => {
  const poolOf = (patience: Patience) => createPool(COUNTS[patience], () => startPlay(patience));
  const pools = { patient: poolOf('patient'), hasty: poolOf('hasty') };
  afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.stop())));
  return <Result>(patience: Patience, work: (play: Play) => Promise<Result>) =>
    pools[patience].use(work);
};

const LETTERS = ['P', 'S', 'R', 'G', 'M'] as const;

/** By letter: in capitals as wanted, small as before, `?` where it is neither. */
const lettersOf = (after: State, { before, wanted }: { before: State; wanted: State }) => {
  const there = withoutIds(after);
  const former = withoutIds(before);
  return LETTERS.map((letter) => {
    if (isDeepStrictEqual(there[letter], former[letter]))
      return there[letter].length > 0 ? letter.toLowerCase() : '';
    if (isDeepStrictEqual(there[letter], wanted[letter]))
      return there[letter].length > 0 ? letter : '';
    return '?';
  }).join('');
};

const isRemoval = (operation: Operation) => operation.includes('unprovision');

const differing = (one: State, other: State) =>
  LETTERS.filter((letter) => !isDeepStrictEqual(one[letter], other[letter]));

/** Privileges, and what lets a role have them, are in what to do about a refusal. */
const tellsWhatIsMissing = ({ call }: Row, result: string) =>
  call.writes
    ? result.includes('run GRANT ')
    : /what the role \w+ of the fabric \S+ may see/.test(result);

/** Everything that is wrong in a row, and its mark. */
const play = async (at: Play, row: Row) => {
  const { call, kind } = row;
  const { operation } = call;
  const wanted = await at.wanted(operation);
  const request = await at.begins(operation);
  const before = await at.state();
  await request.brought?.(at.world);
  const statement = at.real(call.statement);
  const target = call.of === 'look' ? 'getStatement' : 'submitStatement';
  await at.world.fault({ operation: target, statement, skip: call.skip, ...kind.fault });
  const first = await at.run(request, kind.patience === 'hasty');
  const unmet = (await at.settled()).filter(
    ({ statement: of, hits }) => of === statement && hits === 0,
  );
  const after = await at.state();
  const left = [first.info?.privateInfo.leftBehind ?? []].flat();
  const flaws: string[] = [];
  const must = (isSo: boolean, flaw: string) => {
    if (!isSo) flaws.push(flaw);
  };

  must(unmet.length === 0, 'the call was not made');
  must(first.status === row.status, `ended ${first.status}`);
  const isLostWithRole = left.some((each) => each.includes('who had the role'));
  const differs = differing(after, before).filter(
    // What Airbyte had goes before what the fabric has, and does not come back; members go with their role.
    (letter) =>
      !(isRemoval(operation) && letter === 'P' && after.P.length === 0) &&
      !(letter === 'M' && isLostWithRole),
  );
  const unwanted = differing(withoutIds(after), wanted);
  if (first.status === 'COMPLETED')
    must(unwanted.length === 0, `not as wanted: ${unwanted.join('')}`);
  else {
    if (!row.leaves) must(differs.length === 0, `not as before: ${differs.join('')}`);
    const isToTell = row.leaves || isRemoval(operation);
    must(left.length > 0 === isToTell, `left behind: ${left.join('; ') || 'nothing'}`);
  }
  if (kind.name === 'privilege')
    must(
      tellsWhatIsMissing(row, first.result),
      'does not tell which privilege is missing, or whom to ask',
    );

  await at.world.clearFaults();
  await at.world.clearAirbyteFaults();
  await at.world.forgetRequests();
  const second = await at.run(request);
  const healed = await at.state();
  must(second.status === 'COMPLETED', `then ended ${second.status}`);
  const unhealed = differing(withoutIds(healed), wanted);
  must(unhealed.length === 0, `then not as wanted: ${unhealed.join('')}`);
  if (first.status === 'COMPLETED') {
    const writes = (await at.statements()).filter((text) => !/^(SHOW|SELECT) /.test(text));
    must(writes.length === 0, `then wrote ${writes.join('; ')}`);
    must(isDeepStrictEqual(after, healed), `then changed ${differing(after, healed).join('')}`);
  }
  const mark = `${first.status.charAt(0)} ${lettersOf(after, { before, wanted }) || '–'}`;
  const details = flaws.length > 0 ? detailsOf({ before, after, healed, wanted }) : '';
  return { flaws, mark, texts: [first.result, second.result, details] };
};

const without = (all: string[], others: string[]) => all.filter((each) => !others.includes(each));

const detailsOf = ({ before, after, healed, wanted }: Record<string, State>) => {
  const against = (title: string, one: State | undefined, other: State | undefined) =>
    LETTERS.flatMap((letter) => [
      ...without(one?.[letter] ?? [], other?.[letter] ?? []).map((each) => `${title} + ${each}`),
      ...without(other?.[letter] ?? [], one?.[letter] ?? []).map((each) => `${title} - ${each}`),
    ]);
  return [
    ...against('after/before', after, before),
    ...against('healed/wanted', healed && withoutIds(healed), wanted),
  ]
    .slice(0, 30)
    .join('\n');
};

/** One test for each row; they run side by side in worlds of their own. */
export const testFabricRows = (withPlay: ReturnType<typeof usePlays>) => {
  const record = recordFabricRows();
  test.concurrent.each(sampled(ROWS))(
    '$name',
    async (row) => {
      const { flaws, mark, texts } = await withPlay(row.kind.patience, (at) => play(at, row));
      record(row, { mark, right: flaws.length === 0 });
      if (flaws.length > 0) throw new Error([row.name, ...flaws, ...texts].join('\n'));
    },
    ALL_ROWS,
  );
};
