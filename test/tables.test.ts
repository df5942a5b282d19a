import { replayTable } from '../src/cli/tables';
import { summed } from '../src/contract/operator';
import type { Replay } from '../src/contract/operator';

/* What the command line shows of many runs. */

const replays = (count: number, outcome: Replay['outcome']): Replay[] =>
  Array.from({ length: count }, (_, index) => ({ token: `${outcome}-${String(index)}`, outcome }));

const HINT = '--all names those that are left alone, and why.';

test.each([
  ['all of many were replayed', [...replays(9, 'replayed')], false],
  [
    'some of many could not be started',
    [...replays(8, 'replayed'), ...replays(1, 'not started')],
    false,
  ],
  ['one of many was left alone', [...replays(8, 'replayed'), ...replays(1, 'skipped')], true],
  ['all of many were left alone', [...replays(9, 'already running')], true],
  ['of few one was left alone', [...replays(2, 'replayed'), ...replays(1, 'skipped')], false],
])('where %s, --all is named only if it would name more', (_case, all, isNamed) => {
  const told = replayTable(summed(all));
  expect(told.endsWith(HINT)).toBe(isNamed);
  expect(replayTable(summed(all), { all: true })).not.toContain(HINT);
});
