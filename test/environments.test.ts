import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID, startSimulator } from '../simulator/simulator';
import { ProvisioningStatus } from '../src/contract/coordinator';
import { checkId } from '../src/runs/reconcile-schedule';
import { descriptor, request } from './support/fixtures';
import { eventually, runCli, startProgram } from './support/harness';
import type { Program } from './support/harness';

/*
 * Two environments in one workspace of one Airbyte; a third with an Airbyte and a task queue of its own,
 * whose worker alone has its credentials; a fourth whose credentials nobody has. Two teams.
 */

const mark = randomBytes(4).toString('hex');
const [dev, stage, far, broken] = ['dev', 'stage', 'far', 'broken'].map(
  (name) => `${name}-${mark}`,
);
const names = { dev: dev ?? '', stage: stage ?? '', far: far ?? '', broken: broken ?? '' };
const queue = `environments-${mark}`;
const farQueue = `environments-far-${mark}`;

const folder = mkdtempSync(path.join(os.tmpdir(), 'environments-'));
const file = path.join(folder, 'provisioner.yaml');
const secretsOf = (name: string, secrets: Record<string, string>) => {
  const directory = path.join(folder, name);
  mkdirSync(directory);
  for (const [secret, value] of Object.entries(secrets))
    writeFileSync(path.join(directory, secret), value);
  return directory;
};

const FAR_WORKSPACE = 'b7d1c2e4-0f7a-4a52-9d5c-3f2a8c6e1b90';

const connection = Connection.lazy({ address: process.env.TEST_TEMPORAL_ADDRESS ?? '' });
const client = new Client({ connection });
let gateway: Program;
let workers: Program[] = [];
let near: Awaited<ReturnType<typeof startSimulator>>;
let away: Awaited<ReturnType<typeof startSimulator>>;
let env: Record<string, string>;

const airbyte = (url: string, secretRef: string, taskQueue?: string) => ({
  airbyte: {
    url,
    workspaceId: taskQueue === undefined ? DEFAULT_WORKSPACE_ID : FAR_WORKSPACE,
    auth: { clientId: 'simulator', clientSecret: { secretRef } },
    ...(taskQueue !== undefined && { api: 'auto' }),
  },
  ...(taskQueue !== undefined && { taskQueue }),
});

const snowflake = (team: string, secretRef: string) => ({
  type: 'snowflake',
  team,
  environments: Object.values(names),
  host: `${team}.snowflakecomputing.com`,
  warehouse: 'LOAD_WH',
  user: 'AIRBYTE',
  role: 'LOADER',
  credentials: { password: { secretRef } },
});

const team = (name: string) => ({
  domains: [name],
  environments: Object.values(names),
  defaultFabric: Object.fromEntries(Object.values(names).map((each) => [each, name])),
});

const settings = () => ({
  environments: {
    // First, and looked for: by nobody but its own worker.
    [names.far]: airbyte(away.url, 'AIRBYTE_FAR', farQueue),
    [names.dev]: airbyte(near.url, 'AIRBYTE_NEAR'),
    [names.stage]: airbyte(near.url, 'AIRBYTE_NEAR'),
    [names.broken]: airbyte(near.url, 'AIRBYTE_NOWHERE'),
  },
  teams: { finance: team('finance'), marketing: team('marketing') },
  fabrics: {
    finance: snowflake('finance', 'FINANCE'),
    marketing: snowflake('marketing', 'MARKETING'),
  },
});
const write = (content: object) => {
  writeFileSync(file, stringify(content));
};

beforeAll(async () => {
  [near, away] = await Promise.all([
    startSimulator({ port: 0 }),
    startSimulator({ port: 0, workspaceId: FAR_WORKSPACE }),
  ]);
  write(settings());
  env = {
    TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS ?? '',
    TEMPORAL_TASK_QUEUE: queue,
    PROVISIONER_CONFIG: file,
    PORT: '0',
    WORKER_PORT: '0',
    FINGERPRINT_KEY: 'of these tests',
    RECONCILE_EVERY: '1h',
    AIRBYTE_RETRY_INITIAL: '50ms',
    AIRBYTE_RETRY_MAX_INTERVAL: '400ms',
    AIRBYTE_GIVE_UP_AFTER: '10s',
    AIRBYTE_SETTLE_TIME: '1s',
  };
  const shared = { FINANCE: 'canary-finance', MARKETING: 'canary-marketing' };
  const nearDir = secretsOf('near', { AIRBYTE_NEAR: 'simulator-secret', ...shared });
  const farDir = secretsOf('far', { AIRBYTE_FAR: 'simulator-secret', ...shared });
  [gateway, ...workers] = await Promise.all([
    startProgram('server', { env }),
    startProgram('worker', { env: { ...env, SECRETS_DIR: nearDir } }),
    startProgram('worker', {
      env: { ...env, SECRETS_DIR: farDir, TEMPORAL_TASK_QUEUE: farQueue },
    }),
  ]);
});
afterAll(async () => {
  await Promise.all([gateway, ...workers].map((program) => program.end('SIGKILL')));
  await Promise.all([near.close(), away.close(), connection.close()]);
  rmSync(folder, { recursive: true });
});

const post = async (at: string, body: object) => {
  const response = await fetch(`${gateway.found}${at}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
};

interface Place {
  environment: string;
  domain?: string;
  major?: number;
  component?: string;
}

const textOf = ({ domain = 'finance', major = 0, ...changes }: Place) =>
  descriptor(changes)
    .replaceAll(':finance:', `:${domain}:`)
    .replace('domain: finance', `domain: ${domain}`)
    .replaceAll(':cashflow:0', `:cashflow:${String(major)}`)
    .replace(/version: 0\./, `version: ${String(major)}.`);

const start = async (operation: string, place: Place, more = {}) => {
  const { status, text } = await post(`/v1/${operation}`, request(textOf(place), more));
  expect({ status, text }).toMatchObject({ status: 202 });
  return text;
};
const statusOf = async (token: string) => {
  const answer = await fetch(`${gateway.found}/v1/provision/${token}/status`);
  return ProvisioningStatus.parse(await answer.json());
};
const finished = (token: string) =>
  eventually(async () => {
    const status = await statusOf(token);
    return status.status === 'RUNNING' ? undefined : status;
  }, `the end of ${token}`);
const run = async (...given: Parameters<typeof start>) => finished(await start(...given));

const Entity = z.looseObject({ name: z.string(), sourceId: z.string().optional() });
const State = z.record(z.string(), z.unknown());
const stateOf = async ({ url }: { url: string }) =>
  State.parse(await (await fetch(`${url}/_simulator/entities?secrets=true`)).json());
const listIn = (state: z.infer<typeof State>, kind: string) => z.array(Entity).parse(state[kind]);

/** All that is there of the components of which this holds, secrets included. */
const partOf = async (isMeant: (key: string) => boolean) => {
  const state = await stateOf(near);
  const keyIn = (name: string) => / \[(\S+)(?: #\w+)?\]$/.exec(name)?.[1] ?? '';
  const sources = listIn(state, 'sources').filter(({ name }) => isMeant(keyIn(name)));
  const ids = new Set(sources.map(({ sourceId }) => sourceId));
  return {
    sources,
    destinations: listIn(state, 'destinations').filter(({ name }) => isMeant(keyIn(name))),
    connections: listIn(state, 'connections').filter(({ sourceId }) => ids.has(sourceId)),
  };
};
const cli = (...args: string[]) => runCli(args, env);

test('an environment with a task queue of its own is served by the worker there, and by no other', async () => {
  const token = await start('provision', { environment: names.far });
  expect((await finished(token)).status).toBe('COMPLETED');
  expect(listIn(await stateOf(away), 'connections')).toHaveLength(1);
  const { taskQueue } = await client.workflow.getHandle(token).describe();
  expect(taskQueue).toBe(farQueue);
  const list = await cli('runs', 'list', '--environment', names.far);
  expect([list.code, list.stdout.includes(token)]).toEqual([0, true]);
  const shown = await cli('runs', 'show', token);
  expect(shown.stdout).toContain(token);
  const drift = await cli('drift', '--environment', names.far);
  expect([drift.code, drift.stdout]).toEqual([0, expect.stringContaining('no drift')]);
  const last = await cli('drift', '--last', '--environment', names.far);
  expect(last.stdout).toBe(drift.stdout);
  const replay = await cli('runs', 'replay', token, '--force', '--wait');
  expect([replay.code, replay.stderr]).toEqual([0, expect.any(String)]);
  expect(workers[0]?.output()).not.toContain('AIRBYTE_FAR');
});

const isScheduled = (taskQueue: string, environment: string) =>
  client.schedule
    .getHandle(checkId(taskQueue, environment))
    .describe()
    .then(
      () => true,
      () => false,
    );

test('each worker keeps the schedules of its environments, also when the file changes', async () => {
  const { [names.stage]: _, ...rest } = settings().environments;
  const all = () =>
    Promise.all(
      [queue, farQueue].map((each) =>
        Promise.all([names.dev, names.stage, names.far].map((name) => isScheduled(each, name))),
      ),
    );
  const areNow = (wanted: boolean[][]) =>
    eventually(
      async () => (JSON.stringify(await all()) === JSON.stringify(wanted) ? true : undefined),
      `the schedules ${JSON.stringify(wanted)}`,
    );
  await areNow([
    [true, true, false],
    [false, false, true],
  ]);
  const without = <Team extends { environments: string[]; defaultFabric: object }>(
    given: Team,
  ) => ({
    ...given,
    environments: given.environments.filter((name) => name !== names.stage),
    defaultFabric: Object.fromEntries(
      Object.entries(given.defaultFabric).filter(([name]) => name !== names.stage),
    ),
  });
  const { teams, fabrics } = settings();
  const anywhere = ({ environments: _all, ...fabric }: ReturnType<typeof snowflake>) => fabric;
  write({
    environments: rest,
    teams: { finance: without(teams.finance), marketing: without(teams.marketing) },
    fabrics: { finance: anywhere(fabrics.finance), marketing: anywhere(fabrics.marketing) },
  });
  await areNow([
    [true, false, false],
    [false, false, true],
  ]);
  write(settings());
  await areNow([
    [true, true, false],
    [false, false, true],
  ]);
});

test('two environments, two majors and two teams of one workspace never touch what is the others’', async () => {
  const places: Place[] = [names.dev, names.stage].flatMap((environment) =>
    ['finance', 'marketing'].flatMap((domain) =>
      [0, 1].map((major) => ({ environment, domain, major, component: 'apart' })),
    ),
  );
  const ends = await Promise.all(places.map((place) => run('provision', place)));
  expect(ends.map(({ status, result }) => (status === 'COMPLETED' ? status : result))).toEqual(
    places.map(() => 'COMPLETED'),
  );
  const own: Place = { environment: names.dev, domain: 'finance', major: 0, component: 'apart' };
  const key = `${names.dev}/finance.cashflow.0.apart`;
  const others = () => partOf((each) => each !== key && each !== '');
  const before = await others();
  expect(before.connections).toHaveLength(7);
  await run('provision', { ...own });
  await run('unprovision', own, { removeData: true });
  expect((await partOf((each) => each === key)).connections).toEqual([]);
  expect(await others()).toEqual(before);
  await run('provision', own);
  expect(await others()).toEqual(before);
});

test('a repair of one environment leaves the drift of the other', async () => {
  const remove = async (environment: string) => {
    const token = await fetch(`${near.url}/api/public/v1/applications/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_id: 'simulator', client_secret: 'simulator-secret' }),
    });
    const { access_token: bearer } = z
      .object({ access_token: z.string() })
      .parse(await token.json());
    const { connections } = await partOf((key) => key === `${environment}/finance.cashflow.0.fix`);
    for (const { connectionId } of connections)
      await fetch(`${near.url}/api/public/v1/connections/${String(connectionId)}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${bearer}` },
      });
  };
  for (const environment of [names.dev, names.stage]) {
    expect((await run('provision', { environment, component: 'fix' })).status).toBe('COMPLETED');
    await remove(environment);
  }
  const connectionsOf = async (environment: string) =>
    (await partOf((key) => key === `${environment}/finance.cashflow.0.fix`)).connections.length;
  const repair = await cli('drift', '--repair', '--environment', names.dev);
  expect([repair.code, repair.stdout]).toEqual([0, expect.stringContaining('COMPLETED')]);
  expect([await connectionsOf(names.dev), await connectionsOf(names.stage)]).toEqual([1, 0]);
  const all = await cli('drift', '--json');
  // Of the environment whose credentials nobody has nothing can be told; of the others all is.
  expect(all.code).toBe(1);
  expect(all.stderr).toContain('AIRBYTE_NOWHERE');
  const { findings } = z
    .object({ findings: z.array(z.object({ kind: z.string(), component: z.string() })) })
    .parse(JSON.parse(all.stdout));
  expect(findings.filter(({ kind }) => kind === 'missing')).toEqual([
    { kind: 'missing', component: `${names.stage}/finance.cashflow.0.fix` },
  ]);
  const nowhere = await cli('drift', '--environment', 'nowhere');
  expect([nowhere.code, nowhere.stderr]).toEqual([
    1,
    expect.stringContaining('nowhere is not in the configuration file; there are'),
  ]);
});

test('where Airbyte’s own credential is not there its runs fail and name it, and those of others go on', async () => {
  const [without, others] = await Promise.all([
    run('provision', { environment: names.broken, component: 'poor' }),
    run('provision', { environment: names.dev, component: 'rich' }),
  ]);
  expect(without.status).toBe('FAILED');
  expect(without.result).toContain(
    `Of Airbyte's credentials in ${names.broken} the secret "AIRBYTE_NOWHERE" is not there.`,
  );
  expect(others.status).toBe('COMPLETED');
  expect([gateway, ...workers].map((program) => program.output()).join('')).not.toContain(
    'simulator-secret',
  );
});
