import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import { DEFAULT_WORKSPACE_ID, startSimulator } from '../simulator/simulator';
import { ProvisioningStatus } from '../src/contract/coordinator';
import { descriptor, request } from './support/fixtures';
import type { Changes } from './support/fixtures';
import { eventually, runCli, startProgram } from './support/harness';
import type { Program } from './support/harness';

/* Gateway and worker with a copy of the configuration file each, which changes while runs go on. */

const mark = randomBytes(4).toString('hex');
const dev = `dev-${mark}`;
const stage = `stage-${mark}`;
const added = `added-${mark}`;
const folder = mkdtempSync(path.join(os.tmpdir(), 'reload-'));
const ofGateway = path.join(folder, 'gateway.yaml');
const ofWorker = path.join(folder, 'worker.yaml');
const secret = (name: string, value: string) => {
  writeFileSync(path.join(folder, name), value);
};

let simulator: Awaited<ReturnType<typeof startSimulator>>;
let gateway: Program;
let worker: Program;
let env: Record<string, string>;

interface Wanted {
  environments?: string[];
  secrets?: string[];
  maxInFlight?: number;
}

const settings = (wanted: Wanted = {}) => {
  const { environments = [dev, stage], secrets = ['ERP_PASSWORD'], maxInFlight = 3 } = wanted;
  return {
    gateway: { auth: { mode: 'none' } },
    environments: Object.fromEntries(
      environments.map((name) => [
        name,
        {
          airbyte: {
            url: simulator.url,
            workspaceId: DEFAULT_WORKSPACE_ID,
            auth: {
              clientId: 'simulator',
              clientSecret: { secretRef: `AIRBYTE_${name.slice(0, 3)}` },
            },
            maxInFlight,
          },
          defaultFabric: 'finance',
        },
      ]),
    ),
    teams: { finance: { domains: ['finance'], environments, secrets } },
    fabrics: {
      finance: {
        type: 'snowflake',
        team: 'finance',
        host: 'finance.snowflakecomputing.com',
        warehouse: 'LOAD_WH',
        user: 'AIRBYTE',
        role: 'LOADER',
        credentials: { password: { secretRef: 'FINANCE' } },
      },
    },
  };
};
const write = (content: string | object, files = [ofGateway, ofWorker]) => {
  for (const file of files)
    writeFileSync(file, typeof content === 'string' ? content : stringify(content));
};

beforeAll(async () => {
  simulator = await startSimulator({ port: 0 });
  for (const name of ['AIRBYTE_dev', 'AIRBYTE_sta', 'AIRBYTE_add'])
    secret(name, 'simulator-secret');
  secret('FINANCE', 'canary-finance');
  secret('ERP_PASSWORD', 'canary-erp');
  write(settings());
  env = {
    TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS ?? '',
    TEMPORAL_TASK_QUEUE: `reload-${mark}`,
    PROVISIONER_CONFIG: ofGateway,
    PORT: '0',
    WORKER_PORT: '0',
    FINGERPRINT_KEY: 'of these tests',
    AIRBYTE_RETRY_INITIAL: '50ms',
    AIRBYTE_RETRY_MAX_INTERVAL: '400ms',
    AIRBYTE_GIVE_UP_AFTER: '1m',
    AIRBYTE_SETTLE_TIME: '1s',
  };
  [gateway, worker] = await Promise.all([
    startProgram('server', { env }),
    startProgram('worker', { env: { ...env, SECRETS_DIR: folder, PROVISIONER_CONFIG: ofWorker } }),
  ]);
});
afterAll(async () => {
  await Promise.all([gateway, worker].map((program) => program.end('SIGKILL')));
  await simulator.close();
  rmSync(folder, { recursive: true });
});

const ask = async (operation: string, changes: Changes) => {
  const response = await fetch(`${gateway.found}/v1/${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request(descriptor(changes))),
  });
  return { status: response.status, text: await response.text() };
};
const start = async (changes: Changes) => {
  const answer = await ask('provision', changes);
  expect(answer).toMatchObject({ status: 202 });
  return answer.text;
};
const finished = (token: string) =>
  eventually(async () => {
    const answer = await fetch(`${gateway.found}/v1/provision/${token}/status`);
    const status = ProvisioningStatus.parse(await answer.json());
    return ['RUNNING', 'TERMINATING'].includes(status.status) ? undefined : status;
  }, `the end of ${token}`);
const run = async (changes: Changes) => finished(await start(changes));
const control = async (method: string, at: string, body?: object) => {
  const response = await fetch(`${simulator.url}/_simulator${at}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  expect(response.ok).toBe(true);
};
/** How often a program has said that it takes its file, or does not. */
const looksOf = (program: Program) =>
  program.output().match(/the configuration file (has changed, and is|is not) taken/g)?.length ?? 0;
/** Writes, and waits until both programs have looked. */
const changed = async (content: string | object, programs = [gateway, worker]) => {
  const before = programs.map(looksOf);
  write(
    content,
    programs.map((program) => (program === gateway ? ofGateway : ofWorker)),
  );
  await eventually(
    () => programs.every((program, at) => looksOf(program) > (before[at] ?? 0)) || undefined,
    'the programs to look at the file',
  );
};

const withSecret: Changes = {
  source: {
    connector: 'postgres',
    name: 'P',
    connectionConfiguration: {
      host: 'h',
      database: 'd',
      username: 'u',
      password: { secretRef: 'CRM_TOKEN' },
    },
  },
};

test('while the file changes no request and no run fails, and each sees the file of its time', async () => {
  const tokens: string[] = [];
  const load = { goesOn: true };
  const loading = (async () => {
    for (let at = 0; load.goesOn; at += 1) {
      tokens.push(
        await start({ environment: at % 2 ? dev : stage, component: `load-${String(at)}` }),
      );
      await pause(150);
    }
  })();
  expect((await ask('provision', { ...withSecret, environment: dev })).status).toBe(400);
  secret('CRM_TOKEN', 'canary-crm');
  await changed(settings({ secrets: ['ERP_PASSWORD', 'CRM_TOKEN'], maxInFlight: 2 }));
  const allowed = await run({ ...withSecret, environment: dev, component: 'allowed' });
  expect(allowed.status).toBe('COMPLETED');
  await changed(settings({ environments: [dev, stage, added] }));
  expect((await run({ environment: added })).status).toBe('COMPLETED');
  await changed('environments: [');
  expect((await run({ environment: added, component: 'still' })).status).toBe('COMPLETED');
  await changed(settings());
  expect((await ask('provision', { environment: added })).status).toBe(400);
  load.goesOn = false;
  await loading;
  expect(tokens.length).toBeGreaterThan(10);
  const ends = await Promise.all(tokens.map(finished));
  expect(ends.filter(({ status }) => status !== 'COMPLETED')).toEqual([]);
});

test('a worker whose file is narrower than the gateway’s fails the run, and names what it lacks', async () => {
  await changed(settings({ secrets: ['ERP_PASSWORD', 'CRM_TOKEN'] }), [gateway]);
  const narrowed: string[] = [];
  const token = await start({ ...withSecret, environment: dev, component: 'narrow' });
  await eventually(async () => {
    const { stdout } = await runCli(['runs', 'show', token], env);
    narrowed.push(stdout);
    return (
      stdout.includes('the secret "CRM_TOKEN" is not one that descriptors may use') || undefined
    );
  }, 'what the worker says');
  // Its file may be late, so the run tries again: the next look finds the secret.
  await changed(settings({ secrets: ['ERP_PASSWORD', 'CRM_TOKEN'] }), [worker]);
  expect((await finished(token)).status).toBe('COMPLETED');
  expect(narrowed.join('')).not.toContain('canary');
  await changed(settings());
});

test('runs of an environment that is removed wait for it with a clear word, or are cancelled', async () => {
  await control('POST', '/faults', { operation: 'createConnection', status: 503, times: 0 });
  const [waits, ends] = [
    await start({ environment: stage, component: 'waits' }),
    await start({ environment: stage, component: 'ends' }),
  ];
  const says = (token: string, word: string) =>
    eventually(async () => {
      const { stdout } = await runCli(['runs', 'show', token], env);
      return stdout.includes(word) || undefined;
    }, `${token} to say ${word}`);
  await Promise.all([says(waits, '503'), says(ends, '503')]);
  await changed(settings({ environments: [dev] }));
  const gone = `The environment "${stage}" is not in the configuration file of this worker.`;
  await Promise.all([says(waits, gone), says(ends, gone)]);
  await control('DELETE', '/faults');
  const deleted = await fetch(`${gateway.found}/v1/provision/${ends}`, { method: 'DELETE' });
  expect(deleted.status).toBe(202);
  expect((await ask('unprovision', { environment: stage, component: 'waits' })).status).toBe(400);
  expect((await run({ environment: dev, component: 'other' })).status).toBe('COMPLETED');
  await changed(settings());
  expect((await finished(waits)).status).toBe('COMPLETED');
  expect((await finished(ends)).status).toBe('TERMINATED');
});

test('a rotated credential of Airbyte’s is read anew, without a restart', async () => {
  secret('AIRBYTE_dev', 'not-yet');
  await control('DELETE', '/tokens');
  expect((await run({ environment: dev, component: 'rotated' })).status).toBe('FAILED');
  expect((await run({ environment: stage, component: 'rotated' })).status).toBe('COMPLETED');
  secret('AIRBYTE_dev', 'simulator-secret');
  expect((await run({ environment: dev, component: 'rotated' })).status).toBe('COMPLETED');
  expect(gateway.output() + worker.output()).not.toContain('not-yet');
});
