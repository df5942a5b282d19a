import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { findFreePorts } from '../scripts/ports';
import { findCli, startTemporal } from '../scripts/temporal';
import type { Temporal } from '../scripts/temporal';
import { filesIn, hitsIn, judgeTable, metricsOf, rawRuns } from './support/canaries';
import { descriptor } from './support/fixtures';
import { eventually, runCli, startProgram } from './support/harness';
import type { Program } from './support/harness';
import { SECRETS, startTenants } from './support/tenants';
import type { Tenants } from './support/tenants';

/* What Temporal stores of runs, in clear and encrypted: a server of our own, whose files are searched. */

const folder = mkdtempSync(path.join(os.tmpdir(), 'encrypted-'));
const stored = path.join(folder, 'temporal');
const keysDir = path.join(folder, 'keys');
const auditLog = (name: string) => path.join(folder, `${name}.audit`);

const CLIENT = 'witboost-coordinator';
const UI = 'http://ui.example.invalid';

let temporal: Temporal;
let clear: Tenants;
let encrypted: Tenants;
let codec: Program;

const addKey = (id: string) => {
  // Whole when it is there under its name.
  writeFileSync(path.join(folder, id), randomBytes(32).toString('hex'));
  renameSync(path.join(folder, id), path.join(keysDir, id));
};

const audited = (name: string) => ({ audit: { log: auditLog(name) } });
const withKey = (current: string) => ({ encryption: { keysDir, current } });

beforeAll(async () => {
  mkdirSync(keysDir);
  addKey('first');
  const [port = 0] = await findFreePorts(1);
  temporal = await startTemporal({
    cli: findCli(),
    port,
    dbFile: path.join(stored, 'temporal.db'),
    logFile: path.join(folder, 'temporal.log'),
  });
  const env = { LOG_LEVEL: 'trace' };
  [clear, encrypted] = await Promise.all([
    startTenants({ temporal: temporal.address, env, more: () => audited('clear') }),
    startTenants({
      temporal: temporal.address,
      env,
      more: () => ({ ...audited('encrypted'), ...withKey('first') }),
    }),
  ]);
  codec = await startProgram('codec-server', {
    env: { ...encrypted.env, CODEC_PORT: '0', TEMPORAL_UI_URL: UI },
  });
});
afterAll(async () => {
  await Promise.all([clear.stop(), encrypted.stop(), codec.end('SIGKILL')]);
  await temporal.stop();
  rmSync(folder, { recursive: true });
});

/** What is in a plan, and in no id or search attribute. */
const marksOf = (name: string) => ({
  url: `https://host-of-${name}.example.invalid/payments.csv`,
  datasetName: `rows_of_${name}`,
  database: `base_of_${name}`,
});

interface Shown {
  tokens: string[];
  answers: string[];
}

const withSecret = (secretRef: 'ERP_PASSWORD' | 'CRM_TOKEN') => ({
  source: {
    connector: 'postgres',
    name: 'Ledger',
    connectionConfiguration: {
      host: 'ledger.example.invalid',
      database: 'ledger',
      username: 'reader',
      password: { secretRef },
    },
  },
});
const inProductionOf = ({ names }: Tenants) => ({
  environment: names.production,
  ...withSecret('ERP_PASSWORD'),
});

/** What else is asked: v2/validate of what is right and of what is not, and reverse provisioning. */
const othersOf = (tenants: Tenants, marks: object) => {
  const ask = async (at: string, body: object) => {
    const { status, text: token } = await tenants.call(CLIENT, 'POST', at, body);
    expect([at, status]).toEqual([at, 202]);
    const answer = await eventually(async () => {
      const { text } = await tenants.call(CLIENT, 'GET', `${at}/${token}/status`);
      return text.includes('"RUNNING"') ? undefined : text;
    }, `the end of ${token}`);
    return { token, answer };
  };
  const environment = tenants.names.development;
  return [
    ask('/v2/validate', {
      descriptor: descriptor({
        environment,
        component: 'v',
        ...marks,
        ...withSecret('ERP_PASSWORD'),
      }),
    }),
    ask('/v2/validate', { descriptor: 'a: [' }),
    ask('/v1/reverse-provisioning', {
      useCaseTemplateId: 'urn:dmb:utm:airbyte:0.0.0',
      environment,
      params: { connectionId: '00000000-0000-4000-8000-000000000000' },
      catalogInfo: {},
    }),
  ];
};

/** A provision, an update that Airbyte refuses, and its undo; and an unprovision. */
const runAll = async (tenants: Tenants, name: string): Promise<Shown> => {
  const place = { domain: 'finance', environment: tenants.names.development };
  const tokens: string[] = [];
  const answers: string[] = [];
  const run = async (operation: string, changes: object = {}) => {
    const { text } = await tenants.ask(CLIENT, operation, {
      ...place,
      ...marksOf(name),
      ...changes,
    });
    tokens.push(text);
    answers.push(JSON.stringify(await tenants.finished(text)));
  };
  await run('provision');
  await tenants.fault({
    operation: 'patchConnection',
    status: 422,
    body: { message: `no ${marksOf(name).database} for ${SECRETS.FIN_DEV}` },
  });
  await run('provision', { connection: { prefix: 'p_' } });
  await run('unprovision');
  await run('provision', inProductionOf(tenants));
  await run('provision', { domain: 'marketing', ...withSecret('CRM_TOKEN') });
  await run('provision', { component: 'erp', ...withSecret('ERP_PASSWORD') });
  // Without its secrets a run fails.
  expect(answers.slice(-3).filter((answer) => !answer.includes('"COMPLETED"'))).toEqual([]);

  const others = await Promise.all(othersOf(tenants, marksOf(name)));
  const { text } = await tenants.call('platform-operator', 'GET', '/operations/runs');
  return {
    tokens: [...tokens, ...others.flatMap(({ token }) => token)],
    answers: [...answers, ...others.map(({ answer }) => answer), text],
  };
};

/** Each place by its name. */
const placesOf = async (tenants: Tenants, name: string, { tokens, answers }: Shown) => {
  const listed = await runCli(['runs', 'list', '--json'], tenants.env);
  const shown = await Promise.all(
    tokens.map((token) => runCli(['runs', 'show', token], tenants.env)),
  );
  const drift = await runCli(['drift', '--environment', tenants.names.development], tenants.env);
  return {
    'files of Temporal': filesIn(stored),
    'log of Temporal': readFileSync(temporal.logFile, 'utf8'),
    'histories, memo and search attributes': await rawRuns(temporal.address, tokens),
    'logs at trace': tenants.output(),
    metrics: await metricsOf(tenants.gateway.found, tenants.worker.output()),
    audit: readFileSync(auditLog(name), 'utf8'),
    answers: answers.join('\n'),
    commands: [listed, drift, ...shown].map(({ stdout, stderr }) => stdout + stderr).join('\n'),
  };
};

const secrets = () => [...new Set(Object.values(SECRETS))];

/** What proves a caller: each token's signature, without which it is none. */
const bearersOf = (tenants: Tenants) =>
  tenants
    .bearers()
    .slice(0, 10)
    .map((token) => token.split('.').at(-1) ?? '');

/** A key as its file has it, and its bytes. */
const keyTexts = () => {
  const hex = readFileSync(path.join(keysDir, 'first'), 'utf8');
  const bytes = Buffer.from(hex, 'hex');
  return [hex, bytes.toString('latin1'), bytes.toString('base64')];
};

let shownEncrypted: Shown;

test('no secret is anywhere, in clear or encrypted; encrypted nothing of a plan is in Temporal', async () => {
  const shownClear = await runAll(clear, 'clear');
  shownEncrypted = await runAll(encrypted, 'encrypted');
  const hits: Record<string, number> = {};
  const canaries = [...secrets(), ...keyTexts(), ...bearersOf(clear), ...bearersOf(encrypted)];
  expect(canaries.length).toBeGreaterThan(25);
  const count = (places: Record<string, string>, name: string) => {
    for (const [place, text] of Object.entries(places)) {
      expect([place, text.length > 0]).toEqual([place, place !== 'log of Temporal' || text !== '']);
      hits[`${name}: ${place}`] = hitsIn(text, canaries);
    }
  };
  const inClear = await placesOf(clear, 'clear', shownClear);
  const inCode = await placesOf(encrypted, 'encrypted', shownEncrypted);
  count(inClear, 'clear');
  count(inCode, 'encrypted');
  expect(Object.values(hits)).toEqual(Object.keys(hits).map(() => 0));

  judgeTable('encryption.md', {
    name: 'what was searched',
    head: ['Searched', 'Hits in clear', 'Hits with keys'],
    rows: Object.keys(inClear).map((place) => [
      place,
      String(hits[`clear: ${place}`]),
      String(hits[`encrypted: ${place}`]),
    ]),
  });

  const plan = Object.values(marksOf('encrypted'));
  const inTemporal = ['files of Temporal', 'histories, memo and search attributes'] as const;
  for (const place of inTemporal) expect([place, hitsIn(inCode[place], plan)]).toEqual([place, 0]);
  // The same search finds what is not encrypted.
  const other = Object.values(marksOf('clear'));
  for (const place of inTemporal)
    expect([place, hitsIn(inClear[place], other) > 2]).toEqual([place, true]);
});

test('who is let see a run is told all of it, its failures too', () => {
  const failure = shownEncrypted.answers.find((answer) => answer.includes('FAILED')) ?? '';
  expect(failure).toContain('base_of_encrypted');
  expect(shownEncrypted.answers.at(-1)).toContain('base_of_encrypted');
});

const Uses = z.object({
  keys: z.array(z.looseObject({ id: z.string(), isHere: z.boolean(), keptHistories: z.number() })),
});

test('a key is rotated under the runs, and keys list tells which are needed still', async () => {
  const place = { domain: 'treasury', environment: encrypted.names.production };
  const running: Promise<unknown>[] = [];
  const runSome = async () => {
    const { status, text } = await encrypted.ask(CLIENT, 'provision', {
      ...place,
      component: `c${randomBytes(3).toString('hex')}`,
    });
    expect(status).toBe(202);
    return (await encrypted.finished(text)).status;
  };
  for (let round = 0; round < 4; round += 1) running.push(runSome());
  addKey('second');
  encrypted.write({ ...encrypted.settings, ...withKey('second') });
  await eventually(async () => {
    running.push(runSome());
    await Promise.all(running);
    const { stdout } = await runCli(['keys', 'list', '--json'], encrypted.env);
    const { keys } = Uses.parse(JSON.parse(stdout));
    return keys.length === 2 && keys.every(({ keptHistories }) => keptHistories > 0)
      ? true
      : undefined;
  }, 'runs of both keys');
  expect(new Set(await Promise.all(running))).toEqual(new Set(['COMPLETED']));

  renameSync(path.join(keysDir, 'first'), path.join(folder, 'first'));
  const listed = await runCli(['keys', 'list'], encrypted.env);
  expect(listed.code).toBe(1);
  expect(listed.stdout).toMatch(/^first +missing: put it back +\d+ +\d+ +\d+ +\S+$/m);
  expect(listed.stdout).toMatch(/^second +encrypts/m);
  const [token = ''] = shownEncrypted.tokens;
  const shown = await runCli(['runs', 'show', token], encrypted.env);
  expect(shown.code).toBe(1);
  expect(shown.stderr).toContain(
    'was encrypted with the key first, which this program does not have',
  );
  expect(shown.stderr).toContain('keys list');
  // The one that encrypts, too: no other command would do, and this one tells what is missing.
  renameSync(path.join(keysDir, 'second'), path.join(folder, 'second'));
  const without = await runCli(['keys', 'list'], encrypted.env);
  expect([without.code, without.stdout]).toEqual([
    1,
    expect.stringMatching(/^first +missing: put it back[^]*^second +missing: put it back/m),
  ]);
  renameSync(path.join(folder, 'second'), path.join(keysDir, 'second'));
  renameSync(path.join(folder, 'first'), path.join(keysDir, 'first'));
  expect((await runCli(['runs', 'show', token], encrypted.env)).code).toBe(0);
});

const show = (token: string, ...more: string[]) =>
  promisify(execFile)(
    findCli(),
    [
      ...['workflow', 'show', '--workflow-id', token, '--address', temporal.address],
      ...['--output', 'json', ...more],
    ],
    { maxBuffer: 64 * 1024 * 1024, env: { PATH: process.env.PATH } },
  );

test('the codec server reads payloads to platform operators, and to pages of the UI only', async () => {
  const [token = ''] = shownEncrypted.tokens;
  const bearer = `Bearer ${await encrypted.identity.tokenFor('platform-operator')}`;
  const decoded = await show(token, '--codec-endpoint', codec.found, '--codec-auth', bearer);
  const plan = Object.values(marksOf('encrypted'));
  expect(hitsIn(decoded.stdout, plan)).toBeGreaterThan(2);
  expect(hitsIn((await show(token)).stdout, plan)).toBe(0);

  const ask = (headers: Record<string, string>, method = 'POST') =>
    fetch(`${codec.found}/decode`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(method === 'POST' && { body: JSON.stringify({ payloads: [] }) }),
    });
  const statusOf = async (...given: Parameters<typeof ask>) => (await ask(...given)).status;
  const other = `Bearer ${await encrypted.identity.tokenFor('fin-operator')}`;
  expect(await statusOf({})).toBe(401);
  expect(await statusOf({ authorization: other })).toBe(403);
  expect(await statusOf({ authorization: bearer })).toBe(200);
  expect(await statusOf({ authorization: bearer, origin: 'http://elsewhere.invalid' })).toBe(403);
  expect(await statusOf({ origin: 'null' }, 'OPTIONS')).toBe(403);
  const preflight = await ask({ origin: UI, 'access-control-request-method': 'POST' }, 'OPTIONS');
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
    204,
    UI,
  ]);
  expect(readFileSync(auditLog('encrypted'), 'utf8')).toMatch(/"operation":"decodePayloads"/);
  const callers = [bearer, other].map((each) => each.split('.').at(-1) ?? '');
  const log = codec.output() + readFileSync(auditLog('encrypted'), 'utf8');
  expect(hitsIn(log, [...secrets(), ...keyTexts(), ...callers, ...plan])).toBe(0);
});

/** In a process of its own: the SDK's conversion of histories does not work in jest's modules. */
const replay = (files: string[], env: Record<string, string>) =>
  promisify(execFile)(
    process.execPath,
    [path.join(ROOT, 'dist', 'scripts', 'replay.js'), ...files],
    { env: { PATH: process.env.PATH, ...env } },
  );

test('histories replay as they are: encrypted ones with their keys, clear ones with and without', async () => {
  const recorded = path.join(ROOT, 'test', 'histories');
  const inClear = ['provision-completed', 'provision-compensated'].map((name) =>
    path.join(recorded, `${name}.json`),
  );
  const files = await Promise.all(
    shownEncrypted.tokens.map(async (token, index) => {
      const file = path.join(folder, `history-${String(index)}.json`);
      writeFileSync(file, (await show(token)).stdout);
      return file;
    }),
  );
  const env = { PROVISIONER_CONFIG: encrypted.env.PROVISIONER_CONFIG };
  const { stdout } = await replay([...files, ...inClear], env);
  expect(stdout.match(/^replays /gm)).toHaveLength(files.length + inClear.length);
  expect((await replay(inClear, {})).stdout.match(/^replays /gm)).toHaveLength(inClear.length);
  const without = await replay(files, {}).catch((err: unknown) =>
    String(Reflect.get(Object(err), 'stdout')),
  );
  expect(without).toContain('was encrypted with the key first');
});
