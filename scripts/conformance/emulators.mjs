// Lets our Databricks fabric do its work at brickhouse and minilake, emulators of Databricks that are not ours:
// statements and schemas at the one, schemas and who may read them at the other. Neither looks at credentials,
// and what each is known to have otherwise than Databricks is not asked of it. Run by run.mjs.
// Exits with 0 when they take what is sent and answer what is understood, 1 when not, 75 where one cannot be had.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
/* eslint-disable @typescript-eslint/no-restricted-imports -- it is the built client that is held against them */
import { LASTING } from '../../dist/src/concurrency/interest.js';
import { databricks } from '../../dist/src/fabrics/databricks/index.js';
import { createRedactor } from '../../dist/src/secrets/masking.js';
/* eslint-enable @typescript-eslint/no-restricted-imports */
import { NOT_TO_BE_HAD, programOf, pythonWith } from './python.mjs';

/** Milliseconds that each may take to come up. */
const PATIENCE = 120_000;
const KEY = 'development/finance.cashflow.0.conformance';
const READERS = ['alice@example.com', 'analysts'];

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const silent = new Proxy({}, { get: () => () => silent });

const fabricAt = (host, { warehouseId, catalog, access }) =>
  databricks.open(
    databricks.settings.parse({
      type: 'databricks',
      team: 'finance',
      host,
      warehouseId,
      catalog,
      auth: { pat: { secretRef: 'PAT' } },
      manage: { schema: true, access },
    }),
    {
      name: 'emulator',
      secretOf: () => Promise.resolve('any'),
      redactor: createRedactor(),
      requestTimeout: 30_000,
      log: silent,
    },
  );

const step = (id) => ({ interest: LASTING, id });

let wrong = 0;
const check = (name, found, wanted) => {
  const holds = isDeepStrictEqual(found, wanted);
  if (!holds) wrong += 1;
  console.log(`  ${holds ? 'ok' : 'FAILED'}  ${name}${holds ? '' : `: ${JSON.stringify(found)}`}`);
};

/** A schema that is made, seen, and goes with what is in it. */
const life = async (fabric, between) => {
  const end = { connector: 'databricks', configuration: { schema: 'conformance_0' } };
  const component = fabric.of({ key: KEY, end });
  const { missing } = await component.look(step('look'));
  check(
    'a schema is missing',
    missing.map(({ kind }) => kind),
    ['schema'],
  );
  await component.prepare(missing, step('prepare'));
  const made = await component.look(step('again'));
  check('it is made, and ours', [made.missing, made.foreign, made.present.length], [[], [], 1]);
  await between?.(component);
  const { present } = await component.look(step('before'));
  await component.cleanup(present, step('cleanup'));
  const gone = await component.look(step('after'));
  check('it goes', gone.present, []);
};

const statements = async (fabric) => {
  const options = { step: step('run'), maxRows: 10 };
  const { columns, rows } = await fabric.run("SELECT 1 AS one, 'x' AS x", options);
  check('a statement has its rows', [columns, rows], [['one', 'x'], [['1', 'x']]]);
  const refused = await fabric.run('SELEC 1', options).catch(({ kind }) => kind);
  check('a failed statement is refused', refused, 'refused');
};

const reading = async (component) => {
  await component.grant(READERS, step('grant'));
  const { ours } = await component.readers(step('readers'));
  check('two read', ours.toSorted(), READERS);
  await component.grant(READERS.slice(1), step('shrink'));
  check('one reads', (await component.readers(step('one'))).ours, READERS.slice(1));
};

const post = async (url, body) => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
};

const warehouseOf = async (url) => {
  const wanted = { name: 'conformance', cluster_size: '2X-Small', warehouse_type: 'PRO' };
  return (await post(`${url}/api/2.0/sql/warehouses`, wanted)).id;
};

const EMULATORS = [
  {
    name: 'brickhouse',
    packages: ['brickhouse==0.1.0'],
    prepare: (python, folder) =>
      spawnSync(
        python,
        [...programOf('brickhouse'), 'init', '--workspace', path.join(folder, 'w')],
        { stdio: 'ignore' },
      ),
    args: (folder) => ['serve', '--workspace', path.join(folder, 'w')],
    act: async (url) => {
      const at = { warehouseId: await warehouseOf(url), catalog: 'main', access: false };
      await statements(fabricAt(url, at));
      await life(fabricAt(url, at));
    },
  },
  {
    name: 'minilake',
    packages: ['minilake==1.9.0'],
    prepare: () => undefined,
    args: () => [],
    act: async (url) => {
      await post(`${url}/api/2.1/unity-catalog/catalogs`, { name: 'conformance' });
      await life(
        fabricAt(url, { warehouseId: 'w', catalog: 'conformance', access: true }),
        reading,
      );
    },
  },
];

const untilUp = async (url) => {
  const until = Date.now() + PATIENCE;
  while (Date.now() < until) {
    if (await fetch(`${url}/api/2.0/sql/warehouses`).catch(() => undefined)) return;
    await sleep(500);
  }
  throw new Error(`Nothing answers at ${url}.`);
};

const holds = async ({ name, packages, prepare, args, act }) => {
  const python = pythonWith(packages, `our Databricks client is not held against ${name}`);
  if (python === undefined) return NOT_TO_BE_HAD;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'emulator-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  prepare(python, folder);
  const program = spawn(
    python,
    [...programOf(name), ...args(folder), '--host', '127.0.0.1', '--port', String(port)],
    {
      cwd: folder,
      stdio: 'ignore',
      env: {
        ...process.env,
        MINILAKE_NOTEBOOK: '0',
        MINILAKE_JOB_EXECUTOR: 'subprocess',
        MINILAKE_DATA_DIR: path.join(folder, 'data'),
      },
    },
  );
  const before = wrong;
  try {
    console.log(name);
    await untilUp(url);
    await act(url);
  } catch (err) {
    wrong += 1;
    console.log(`  FAILED  ${err instanceof Error ? err.message : String(err)}`);
  } finally {
    program.kill();
    rmSync(folder, { recursive: true, force: true });
  }
  return wrong > before ? 1 : 0;
};

const ends = [];
for (const emulator of EMULATORS) ends.push(await holds(emulator));
process.exitCode = ends.includes(1) ? 1 : Math.max(...ends);
