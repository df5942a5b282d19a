import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

const SCRIPT = path.join(__dirname, '..', 'scripts', 'test-long.mjs');

const Shares = z.array(z.object({ sample: z.string(), seeds: z.array(z.number()) }));

/** In a process of its own, as the script is an ES module. */
const evaluate = (expression: string): unknown => {
  const program = `
    import { partsFor, shareOf } from ${JSON.stringify(pathToFileURL(SCRIPT).href)};
    console.log(JSON.stringify(${expression}));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program]);
  return JSON.parse(said.toString());
};

const sharesOf = (commits: string[]) =>
  Shares.parse(evaluate(`${JSON.stringify(commits)}.map((commit) => shareOf(commit, 2))`));

test('commit by commit each half of the long suites comes with each seed of chaos', () => {
  const commits = Array.from({ length: 300 }, (_, index) => index.toString(16).padStart(40, '0'));
  const shares = sharesOf(commits).map(({ sample, seeds }) => `${sample} ${seeds.join()}`);
  const all = ['1/2', '2/2'].flatMap((half) =>
    Array.from({ length: 10 }, (_, index) => `${half} ${String(index + 1)}`),
  );
  expect(new Set(shares)).toEqual(new Set(all));
  // Whatever is between two commits, either half may come next.
  const next = new Set(
    shares.slice(2).map((share, index) => share.slice(0, 3) === shares[index]?.slice(0, 3)),
  );
  expect(next).toEqual(new Set([true, false]));
});

test.each([
  ['all the time there is', 100, 2],
  ['half of it', 33, 2],
  ['a quarter of an hour', 15, 6],
  ['thirteen minutes', 13, 7],
  ['hardly any', 5, 8],
  ['none', -3, 8],
])('%s is enough for a part that fits', (_name, minutes, parts) => {
  expect(evaluate(`partsFor(${String(minutes)})`)).toBe(parts);
});

test('the same commit has the same share', () => {
  expect(sharesOf(['a'])).toEqual(sharesOf(['a']));
});

test.each([['3/2'], ['x'], ['1/2', '--seed', 'x'], ['--within', 'x']])(
  '%j is refused',
  (...args) => {
    expect(() => execFileSync(process.execPath, [SCRIPT, ...args], { stdio: 'pipe' })).toThrow(
      'Usage: node scripts/test-long.mjs',
    );
  },
);
