// Runs the long suites and chaos, all or one part of them:
//   node scripts/test-long.mjs [k/n] [--seed N]
// Without a seed the whole has all of them, and a part the one of its number. `--within MINUTES` takes the
// largest part that takes so long, and the commit says which one, and which seed: so commit by commit all
// come round.
// Goes on after a failure, so that one run tells all that is wrong. Run by scripts/setup.mjs.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const JEST = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const CHAOS = path.join(ROOT, 'dist', 'chaos', 'run.js');

/** Minutes of load of each chaos run. */
const MINUTES = '3';
/** Of the suites without chaos, on two free cores. */
const MINUTES_OF_ALL = 58;
/** The smallest part: to run less is hardly worth its start. */
const MOST_PARTS = 8;
/** Of a run of all. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

const run = (args, env = {}) => {
  const { status } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  return status === 0;
};

/**
 * Which part it is, and which seed, by the id of a commit: whatever its history looks like, and however
 * little of it is there.
 */
export const shareOf = (commit, parts) => {
  const hash = createHash('sha256').update(commit).digest();
  const part = (hash.readUInt32BE(0) % parts) + 1;
  const seed = SEEDS[hash.readUInt32BE(4) % SEEDS.length];
  return { sample: `${part}/${parts}`, seeds: [seed], of: `the commit ${commit}` };
};

/** How many parts to make, so that one of them and a run of chaos take at most so many minutes. */
export const partsFor = (minutes) => {
  const left = minutes - Number(MINUTES) - 1;
  const parts = Math.ceil(MINUTES_OF_ALL / Math.max(left, 1));
  return Math.min(Math.max(parts, 2), MOST_PARTS);
};

/** Without a commit it is the day that decides. */
const head = () => {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
  } catch {
    return new Date().toISOString().slice(0, 10);
  }
};

const read = (args) => {
  const { values, positionals } = parseArgs({
    args,
    options: { seed: { type: 'string' }, within: { type: 'string' } },
    allowPositionals: true,
  });
  if (values.within !== undefined) return shareOf(head(), partsFor(Number(values.within)));
  const [sample = '1/1'] = positionals;
  const [part, parts] = sample.split('/').map(Number);
  const usual = parts === 1 ? SEEDS : [part];
  return { sample, seeds: values.seed === undefined ? usual : [Number(values.seed)] };
};

const main = (args) => {
  const { sample, seeds, of } = read(args);
  const [part, parts] = sample.split('/').map(Number);
  const isPart = Number.isInteger(part) && Number.isInteger(parts) && part >= 1 && part <= parts;
  if (!isPart || !seeds.every(Number.isInteger)) {
    console.error('Usage: node scripts/test-long.mjs [k/n] [--seed N], or --within MINUTES.');
    return 2;
  }
  const why = of === undefined ? '' : ` (by ${of})`;
  console.log(`Long suites, part ${sample}; chaos with the seeds ${seeds.join(', ')}${why}.`);
  const ends = [run([JEST], { LONG: sample })];
  for (const seed of seeds) ends.push(run([CHAOS, '--seed', String(seed), '--minutes', MINUTES]));
  return ends.every(Boolean) ? 0 : 1;
};

const isMain = process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isMain) process.exitCode = main(process.argv.slice(2));
