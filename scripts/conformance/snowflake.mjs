// npm run test:conformance -- [FILE …]: has sqlfluff, whose grammar of Snowflake is not ours, parse the
// statements in these files, JSON lists of texts; without one those that the stand-in of Snowflake takes.
// Exits with 0 when it takes all, 1 when it refuses one, and 75 where it cannot be had.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { HERE, NOT_TO_BE_HAD, pythonWith, ROOT } from './python.mjs';

const STATEMENTS = path.join(ROOT, 'test', 'fixtures', 'snowflake-statements.json');

const main = (files) => {
  const python = pythonWith(['sqlfluff==4.5.0'], 'Snowflake’s statements are not parsed');
  if (python === undefined) return NOT_TO_BE_HAD;
  const script = path.join(HERE, 'snowflake_grammar.py');
  return spawnSync(python, [script, ...files], { stdio: 'inherit' }).status ?? 1;
};

const files = process.argv.slice(2);
process.exitCode = main(files.length > 0 ? files : [STATEMENTS]);
