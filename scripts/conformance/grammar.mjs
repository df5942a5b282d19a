// Has sqlfluff, whose grammars are not ours, parse what the stand-in of Snowflake takes and every text that
// our fabrics send, with names that would break out of their quotes. Run by run.mjs.
// Exits with 0 when it takes all, 1 when it refuses one, and 75 where it cannot be had.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { HERE, NOT_TO_BE_HAD, pythonWith, ROOT } from './python.mjs';

const fixture = (name) => path.join(ROOT, 'test', 'fixtures', name);
const SENT = path.join(ROOT, '.cache', 'conformance', 'snowflake-sent.json');

const HOSTILE = [
  'CASH_FLOW_0',
  'a"b',
  '""',
  "it's",
  'x; DROP SCHEMA y; --',
  '/* x */',
  'größe',
  'back\\slash',
  'select',
  '😀',
  'X'.repeat(255),
];

/** By the built client: what it would send of each of these names. */
const sentToSnowflake = () => {
  const built = path.join(ROOT, 'dist', 'scripts', 'conformance', 'snowflake-texts.js');
  const names = JSON.stringify(HOSTILE.map((name) => ({ name, other: name })));
  const script = `JSON.stringify(${names}.flatMap(require(${JSON.stringify(built)}).everyText))`;
  const texts = JSON.parse(execFileSync(process.execPath, ['-p', script], { encoding: 'utf8' }));
  mkdirSync(path.dirname(SENT), { recursive: true });
  writeFileSync(SENT, JSON.stringify([...new Set(texts)]));
  return SENT;
};

const main = () => {
  const python = pythonWith(['sqlfluff==4.5.0'], 'statements are not parsed by a grammar');
  if (python === undefined) return NOT_TO_BE_HAD;
  const script = path.join(HERE, 'grammar.py');
  const dialects = [
    ['snowflake', fixture('snowflake-statements.json'), sentToSnowflake()],
    ['databricks', fixture('databricks-statements.json')],
  ];
  const ends = dialects.map((args) => spawnSync(python, [script, ...args], { stdio: 'inherit' }));
  return Math.max(...ends.map(({ status }) => status ?? 1));
};

process.exitCode = main();
