// npm run test:conformance:answers: sends the stand-in of Snowflake, and snowduck, which is not ours, the same
// calls, and compares status, codes, the fields of answers and their data. snowduck has no roles and grants,
// and no statement of its ends that was to run on its own: only what waits for its end is compared.
// Exits with 0 when they agree, 1 when they do not, and 75 where snowduck cannot be had.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NOT_TO_BE_HAD, programOf, pythonWith, ROOT } from './python.mjs';

const PACKAGES = ['snowduck[server]==0.3.0', 'sqlglot==30.18.0', 'sqlglotc==30.18.0'];
const TOKEN = 'conformance';
/** Milliseconds that each may take to come up. */
const PATIENCE = 60_000;
const PORTS = { ours: 18_597, theirs: 18_598 };
const BASE = '/api/v2/statements';

const statement = (text, more = {}) => ({
  name: text,
  method: 'POST',
  path: BASE,
  body: { statement: text, ...more },
});

/** `differs`: what snowduck is known to have otherwise than Snowflake, or has of its own. */
const CALLS = [
  statement("SELECT 1, 'two', NULL"),
  statement('SELECT ?', { bindings: { 1: { type: 'TEXT', value: "it's" } } }),
  statement('CREATE DATABASE "CONFORMANCE" COMMENT = \'c\''),
  statement('CREATE SCHEMA "CONFORMANCE"."S"'),
  { ...statement('CREATE SCHEMA IF NOT EXISTS "CONFORMANCE"."S"'), differs: ['data'] },
  { ...statement('CREATE SCHEMA "CONFORMANCE"."S"'), differs: ['code', 'sqlState'] },
  { ...statement('SHOW SCHEMAS LIKE \'S\' IN DATABASE "CONFORMANCE"'), differs: ['data'] },
  { ...statement('SELECT * FROM "CONFORMANCE"."S"."NONE"'), differs: ['sqlState'] },
  statement('SELEC 1'),
  { ...statement('DROP SCHEMA IF EXISTS "CONFORMANCE"."S"'), differs: ['data'] },
  { name: 'unknown handle', method: 'GET', path: `${BASE}/${randomUUID()}`, differs: ['code'] },
  { name: 'PUT', method: 'PUT', path: BASE, differs: ['fields'] },
];

const ask = async (port, { method, path: where, body }) => {
  const res = await fetch(`http://127.0.0.1:${String(port)}${where}`, {
    method,
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/json',
      Authorization: `Bearer ${TOKEN}`,
      'X-Snowflake-Authorization-Token-Type': 'PROGRAMMATIC_ACCESS_TOKEN',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await res.text();
  return { status: res.status, body: text.startsWith('{') ? JSON.parse(text) : {} };
};

/** Names of all fields, those of the first of each list too. */
const fieldsOf = (value, at = '') => {
  if (Array.isArray(value)) return at === '.data' ? [] : fieldsOf(value[0], `${at}[]`);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    `${at}.${name}`,
    ...fieldsOf(inner, `${at}.${name}`),
  ]);
};

const compare = ({ differs = [] }, ours, theirs) => {
  const has = new Set(fieldsOf(ours.body));
  const lacking = fieldsOf(theirs.body).filter((field) => !has.has(field));
  const different = ['code', 'sqlState', 'data'].filter(
    (name) => JSON.stringify(ours.body[name]) !== JSON.stringify(theirs.body[name]),
  );
  return [
    ...(ours.status === theirs.status
      ? []
      : [`status ${String(ours.status)}, theirs ${String(theirs.status)}`]),
    ...(differs.includes('fields') ? [] : lacking.map((field) => `lacks ${field}`)),
    ...different
      .filter((name) => !differs.includes(name))
      .map(
        (name) =>
          `${name}: ${JSON.stringify(ours.body[name])}, theirs ${JSON.stringify(theirs.body[name])}`,
      ),
  ];
};

const untilUp = async (port) => {
  const until = Date.now() + PATIENCE;
  while (Date.now() < until) {
    const answered = await ask(port, CALLS[0]).catch(() => undefined);
    if (answered?.status === 200) return;
    await sleep(500);
  }
  throw new Error(`Nothing answers on port ${String(port)}.`);
};

const main = async (python) => {
  const options = { stdio: 'ignore', cwd: path.join(ROOT, '.cache') };
  const env = { ...process.env, LOG_LEVEL: 'silent', SNOWFLAKE_SIMULATOR_TOKEN: TOKEN };
  const started = [
    spawn(process.execPath, [path.join(ROOT, 'dist', 'simulator', 'snowflake', 'main.js')], {
      ...options,
      env: { ...env, SNOWFLAKE_SIMULATOR_PORT: String(PORTS.ours) },
    }),
    spawn(
      python,
      [...programOf('snowduck'), '--host', '127.0.0.1', '--port', String(PORTS.theirs)],
      options,
    ),
  ];
  try {
    await Promise.all(Object.values(PORTS).map(untilUp));
    let wrong = 0;
    for (const call of CALLS) {
      const [ours, theirs] = [await ask(PORTS.ours, call), await ask(PORTS.theirs, call)];
      for (const difference of compare(call, ours, theirs)) {
        wrong += 1;
        console.log(`${call.name}: ${difference}`);
      }
    }
    console.log(
      `${String(CALLS.length)} calls compared with snowduck, ${String(wrong)} differences.`,
    );
    return wrong > 0 ? 1 : 0;
  } finally {
    for (const program of started) program.kill();
  }
};

const python = pythonWith(PACKAGES, 'Answers are not compared with snowduck’s');
process.exitCode = python === undefined ? NOT_TO_BE_HAD : await main(python);
