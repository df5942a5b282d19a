// npm run test:conformance -- [FILE …]: has sqlfluff, whose grammar of Snowflake is not ours, parse the
// statements in these files, JSON lists of texts; without one those that the stand-in of Snowflake takes.
// Exits with 0 when it takes all, 1 when it refuses one, and 75 where it cannot be had.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.dirname(path.dirname(HERE));
const PACKAGE = 'sqlfluff==4.5.0';
const PLACE = path.join(ROOT, '.cache', 'conformance', PACKAGE);
const STATEMENTS = path.join(ROOT, 'test', 'fixtures', 'snowflake-statements.json');

const NOT_TO_BE_HAD = 75;
/** Milliseconds, for a machine that is busy. */
const PATIENCE = 300_000;

const python = (place) => path.join(place, 'bin', 'python');

const run = (program, args) =>
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: PATIENCE });

const PIP = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1'];

/** Complete or not there: a run that is broken off leaves nothing that is taken for whole. */
const install = () => {
  if (existsSync(PLACE)) return;
  const unfinished = `${PLACE}.${String(process.pid)}`;
  mkdirSync(path.dirname(PLACE), { recursive: true });
  try {
    run('python3', ['-m', 'venv', unfinished]);
    run(python(unfinished), [...PIP, PACKAGE]);
    renameSync(unfinished, PLACE);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
};

const main = (files) => {
  try {
    install();
  } catch (err) {
    const [why = ''] = String(err.stderr ?? '')
      .trim()
      .split('\n')
      .slice(-1);
    console.log(
      `NOTE: Snowflake's statements are not held against ${PACKAGE}: it cannot be installed (${why || err.code}).`,
    );
    return NOT_TO_BE_HAD;
  }
  const script = path.join(HERE, 'snowflake_grammar.py');
  const { status } = spawnSync(python(PLACE), [script, ...files], { stdio: 'inherit' });
  return status ?? 1;
};

const files = process.argv.slice(2);
process.exitCode = main(files.length > 0 ? files : [STATEMENTS]);
