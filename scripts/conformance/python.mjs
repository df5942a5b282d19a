// Packages of Python, each set in an environment of its own below .cache.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const HERE = path.dirname(fileURLToPath(import.meta.url));
export const ROOT = path.dirname(path.dirname(HERE));

/** The exit code where something cannot be had, and nothing is known. */
export const NOT_TO_BE_HAD = 75;

/** Milliseconds, for a machine that is busy. */
const PATIENCE = 300_000;
const PIP = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1'];

const run = (program, args) =>
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: PATIENCE });

/** Complete or not there: a run that is broken off leaves nothing that is taken for whole. */
const install = (place, packages) => {
  if (existsSync(place)) return;
  const unfinished = `${place}.${String(process.pid)}`;
  mkdirSync(path.dirname(place), { recursive: true });
  try {
    run('python3', ['-m', 'venv', unfinished]);
    run(path.join(unfinished, 'bin', 'python'), [...PIP, ...packages]);
    renameSync(unfinished, place);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
};

/** The Python that has these packages; undefined, and a note, where they cannot be had. */
export const pythonWith = ([first, ...others], purpose) => {
  const place = path.join(ROOT, '.cache', 'conformance', first);
  try {
    install(place, [first, ...others]);
    return path.join(place, 'bin', 'python');
  } catch (err) {
    const [why = ''] = String(err.stderr ?? '')
      .trim()
      .split('\n')
      .slice(-1);
    console.log(`NOTE: ${purpose}: ${first} cannot be installed (${why || err.code}).`);
    return undefined;
  }
};

/** What has a Python run a program of one of its packages: an environment that was moved lost its scripts. */
export const programOf = (name) => [
  '-c',
  `import sys; from importlib.metadata import entry_points as e; sys.exit([p for p in e(group="console_scripts") if p.name == "${name}"][0].load()())`,
];
