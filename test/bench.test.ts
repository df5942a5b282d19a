import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CommanderError } from 'commander';
import { readOptions } from '../bench/options';
import { ratiosOf } from '../bench/table';

const PARTS = { parts: ['start', 'lease', 'grants'], usual: ['start', 'lease'] };
const read = (...args: string[]) => readOptions(args, PARTS);

const checkout = ({ isBuilt }: { isBuilt: boolean }) => {
  const root = mkdtempSync(path.join(os.tmpdir(), 'checkout-'));
  mkdirSync(path.join(root, 'dist', 'src'), { recursive: true });
  for (const file of ['src/server.js', 'src/worker.js', ...(isBuilt ? ['workflow-bundle.js'] : [])])
    writeFileSync(path.join(root, 'dist', file), '');
  return root;
};

test('without options the usual parts of this checkout are measured', () => {
  expect(read()).toEqual({
    only: ['start', 'lease'],
    against: undefined,
    variables: {},
    json: undefined,
  });
});

test('parts are named, in the order in which they are measured', () => {
  expect(read('--only', 'grants,start', '--json', 'figures.json')).toEqual({
    only: ['grants', 'start'],
    against: undefined,
    variables: {},
    json: 'figures.json',
  });
});

test('a part that there is not is refused with those that there are', () => {
  expect(() => read('--only', 'start,leash')).toThrow(
    '--only leash: there is no such part. There are start, lease, grants.',
  );
});

test('the other side is a checkout that is built', () => {
  const built = checkout({ isBuilt: true });
  expect(read('--against', path.relative('.', built)).against).toBe(built);
  expect(() => read('--against', checkout({ isBuilt: false }))).toThrow(
    'dist/workflow-bundle.js is missing there',
  );
});

test('a further side is ours with other variables', () => {
  const { variables } = read('--with', 'LOG_LEVEL=debug', '--with', 'A=b=c');
  expect(variables).toEqual({ LOG_LEVEL: 'debug', A: 'b=c' });
  expect(() => read('--with', 'debug')).toThrow('--with debug: it takes NAME=VALUE.');
});

test.each(['--nope', '--only', '--help'])('%s is no error with a stack', (option) => {
  expect(() => read(option)).toThrow(CommanderError);
});

/** Rounds of two tasks of these milliseconds. */
const rounds = (...latencies: number[]) =>
  latencies.map((each) => ({ latencies: [each, each], milliseconds: 2 * each, work: {} }));

test('ratios are made round by round: to the floor, which a side may have of its own, and to the other side', () => {
  const result = {
    concurrency: 1,
    rounds: {
      floor: rounds(1, 2, 4),
      ours: rounds(2, 2, 12),
      'other floor': rounds(2, 2, 2),
      other: rounds(4, 4, 24),
      set: rounds(3, 2, 24),
    },
  };
  expect(ratiosOf(result, 'p99')).toEqual({
    'p99 of ours to its floor': { median: 2, lowest: 1, highest: 3 },
    'p99 of other to its floor': { median: 2, lowest: 2, highest: 12 },
    'p99 of set to its floor': { median: 3, lowest: 1, highest: 6 },
    'p99 of ours to the other': { median: 0.5, lowest: 0.5, highest: 0.5 },
    'p99 of ours as set to ours': { median: 1.5, lowest: 1, highest: 2 },
    'pace of ours to the other': { median: 2, lowest: 2, highest: 2 },
    'pace of ours as set to ours': { median: 2 / 3, lowest: 0.5, highest: 1 },
  });
});
