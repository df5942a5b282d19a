import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

const SCRIPT = path.join(__dirname, '..', 'scripts', 'test-long.mjs');

const Shares = z.array(z.object({ sample: z.string(), seeds: z.array(z.number()) }));

/** Of so many commits, in a process of its own, as the script is an ES module. */
const sharesOf = (commits: string[]) => {
  const program = `
    import { shareOf } from ${JSON.stringify(pathToFileURL(SCRIPT).href)};
    console.log(JSON.stringify(${JSON.stringify(commits)}.map((commit) => shareOf(commit, 2))));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program]);
  return Shares.parse(JSON.parse(said.toString()));
};

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

test('the same commit has the same share', () => {
  expect(sharesOf(['a'])).toEqual(sharesOf(['a']));
});

test.each([['3/2'], ['x'], ['1/2', '--seed', 'x'], ['--share', 'x']])(
  '%j is refused',
  (...args) => {
    expect(() => execFileSync(process.execPath, [SCRIPT, ...args], { stdio: 'pipe' })).toThrow(
      'Usage: node scripts/test-long.mjs',
    );
  },
);
