// Runs the long suites and chaos, all or one part of them:
//   node scripts/test-long.mjs [k/n]
// Goes on after a failure, so that one run tells all that is wrong. Run by scripts/setup.mjs.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const JEST = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const CHAOS = path.join(ROOT, 'dist', 'chaos', 'run.js');

/** Minutes of load of each chaos run. */
const MINUTES = '3';
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

const main = (sample = '1/1') => {
  const [part, parts] = sample.split('/').map(Number);
  const isPart = Number.isInteger(part) && Number.isInteger(parts) && part >= 1 && part <= parts;
  if (!isPart) {
    console.error(`${sample} must be k/n: the k-th of n parts of the long suites.`);
    return 2;
  }
  const seeds = parts === 1 ? SEEDS : [part];
  console.log(`Long suites, part ${sample}; chaos with the seeds ${seeds.join(', ')}.`);
  const ends = [run([JEST], { LONG: sample })];
  for (const seed of seeds) ends.push(run([CHAOS, '--seed', String(seed), '--minutes', MINUTES]));
  return ends.every(Boolean) ? 0 : 1;
};

process.exitCode = main(process.argv[2]);
