import { batchesOf } from '../workflows/grantees/shards';
import { tooMany } from '../workflows/grantees/component-grants';
import { holdAll, obstacleTo, settleAll } from '../workflows/grantees/records';
import type { Grantees, Hold } from '../workflows/grantees/records';

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
  expect(obstacleTo(all, other, 999)).toEqual({ heldBy: 'updateacl.one' });
  expect(obstacleTo(all, other, 1000)).toBeUndefined();
  expect(obstacleTo(all, hold({ turn: 'turn-two' }), 1)).toBeUndefined();
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
  expect(obstacleTo(filled(99_999), hold(), 0)).toBeUndefined();
  expect(JSON.stringify(obstacleTo(filled(100_000), hold(), 0))).toContain(
    'already remembers 100000 accesses of people',
  );
  expect(obstacleTo(filled(100_000), hold({ wants: false }), 0)).toBeUndefined();
});

const keys = (count: number) =>
  Array.from({ length: count }, (_, index) => `user:${String(index)}@foo.bar`);

test('of people the last is taken, one more is not', () => {
  const known = (count: number): Grantees =>
    Object.fromEntries(keys(count).map((key) => [key, { wantedBy: [], granted: [] }]));
  expect(obstacleTo(known(4999), hold(), 0)).toBeUndefined();
  expect(obstacleTo(known(5000), hold(), 0)).toEqual({
    full: 'already remembers 5000 people, of 5000, and was to remember 1 more',
  });
});

test('of components that want somebody the last is taken, one more is not', () => {
  const wanted = (count: number): Grantees => ({
    'user:a': {
      wantedBy: Array.from({ length: count }, (_, index) => `o${String(index)}`),
      granted: [],
    },
  });
  expect(obstacleTo(wanted(999), hold(), 0)).toBeUndefined();
  expect(obstacleTo(wanted(1000), hold(), 0)).toEqual({
    full: 'already remembers 1000 components that give access to user:a, and takes no more',
  });
});

test('of people of one component the last is taken, one more is not', () => {
  const known = new Set(keys(9_999));
  expect(tooMany(known, ['user:a'])).toBeUndefined();
  expect(tooMany(known, ['user:a', 'user:b'])).toBe(
    'already remembers 9999 people of the component, of 10000, and was to remember 2 more',
  );
});

test('a step has a hundred people at most', () => {
  const sizes = batchesOf(keys(20_000), 'c').map((batch) => batch.keys.length);
  expect(Math.max(...sizes)).toBe(100);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(20_000);
});
