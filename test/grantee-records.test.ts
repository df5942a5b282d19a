import { MAX_WANTINGS, holdAll, refusalOf, settleAll } from '../workflows/grantee-records';
import type { Grantees, Hold } from '../workflows/grantee-records';

const hold = (given: Partial<Hold> = {}): Hold => ({
  component: 'c1',
  token: 'updateacl.one',
  run: 'run-one',
  turn: 'turn-one',
  lasts: 1000,
  keys: ['user:a'],
  wants: true,
  ...given,
});

test('nobody else holds whom a run holds, until its time is over', () => {
  const all: Grantees = {};
  holdAll(all, hold(), 0);
  const other = hold({ token: 'updateacl.two', run: 'run-two', keys: ['user:b', 'user:a'] });
  expect(refusalOf(all, other, 999)).toEqual({ heldBy: 'updateacl.one' });
  expect(refusalOf(all, other, 1000)).toBeUndefined();
  expect(refusalOf(all, hold({ turn: 'turn-two' }), 1)).toBeUndefined();
});

test('an attempt that was given up is not believed', () => {
  const all: Grantees = {};
  holdAll(all, hold(), 0);
  holdAll(all, hold({ turn: 'turn-two' }), 1);
  const outcomes = { 'user:a': { granted: [], wanted: false } };
  const settle = { component: 'c1', outcomes, isLast: true };
  expect(settleAll(all, { ...settle, turn: 'turn-one' })).toBe(false);
  expect(all['user:a']?.wantedBy).toEqual(['c1']);
  expect(settleAll(all, { ...settle, turn: 'turn-two' })).toBe(true);
});

test('accesses through components are bounded all together: the last is taken, one more is not', () => {
  const wanted = (count: number) =>
    Array.from({ length: count }, (_, index) => `c${String(index + 2)}`);
  const filled = (count: number): Grantees =>
    Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [
        `user:${String(index)}`,
        { wantedBy: wanted(index === 0 ? count - 99 * 1000 : 1000), granted: [] },
      ]),
    );
  expect(refusalOf(filled(MAX_WANTINGS - 1), hold(), 0)).toBeUndefined();
  expect(JSON.stringify(refusalOf(filled(MAX_WANTINGS), hold(), 0))).toContain(
    'already remembers 100000 accesses of people',
  );
  expect(refusalOf(filled(MAX_WANTINGS), hold({ wants: false }), 0)).toBeUndefined();
});
