import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID, startSimulator } from '../../simulator/simulator';
import type { Simulator } from '../../simulator/simulator';
import { ProvisioningStatus } from '../../src/contract/coordinator';
import { descriptor, request } from './fixtures';
import type { Changes } from './fixtures';
import { eventually, runCli, startProgram } from './harness';

/*
 * Two environments in one workspace of one Airbyte; a third with an Airbyte and a task queue of its own,
 * whose worker alone has its credentials; a fourth whose credentials nobody has. Two teams.
 */

const FAR_WORKSPACE = 'b7d1c2e4-0f7a-4a52-9d5c-3f2a8c6e1b90';

interface Queued {
  url: string;
  secretRef: string;
  taskQueue?: string;
}

const environmentOf = ({ url, secretRef, taskQueue }: Queued) => ({
  airbyte: {
    url,
    workspaceId: taskQueue === undefined ? DEFAULT_WORKSPACE_ID : FAR_WORKSPACE,
    auth: { clientId: 'simulator', clientSecret: { secretRef } },
    ...(taskQueue !== undefined && { api: 'auto' }),
  },
  workspaceAccess: 'workspace_reader',
  ...(taskQueue !== undefined && { taskQueue }),
});

const snowflake = (team: string, environments: string[]) => ({
  type: 'snowflake',
  team,
  environments,
  host: `${team}.snowflakecomputing.com`,
  warehouse: 'LOAD_WH',
  user: 'AIRBYTE',
  role: 'LOADER',
  credentials: { password: { secretRef: team.toUpperCase() } },
});

const team = (name: string, environments: string[]) => ({
  domains: [name],
  environments,
  defaultFabric: Object.fromEntries(environments.map((each) => [each, name])),
});

/** The descriptor's domain and major, and what else is another than in the fixture. */
export interface Place extends Changes {
  environment: string;
  domain?: string;
  major?: number;
}

export const textOf = ({ domain = 'finance', major = 0, ...changes }: Place) =>
  descriptor(changes)
    .replaceAll(':finance:', `:${domain}:`)
    .replace('domain: finance', `domain: ${domain}`)
    .replaceAll(':cashflow:0', `:cashflow:${String(major)}`)
    .replace(/version: 0\./, `version: ${String(major)}.`);

const Entity = z.looseObject({
  name: z.string(),
  sourceId: z.string().optional(),
  destinationId: z.string().optional(),
  configuration: z.record(z.string(), z.unknown()).optional(),
});
const State = z.record(z.string(), z.unknown());

/** All that an Airbyte has, secrets included. */
export const stateOf = async ({ url }: Pick<Simulator, 'url'>) =>
  State.parse(await (await fetch(`${url}/_simulator/entities?secrets=true`)).json());

export const listIn = (state: z.infer<typeof State>, kind: string) =>
  z.array(Entity).parse(state[kind]);

/** Steers an Airbyte, by the simulator's own routes. */
export const control = async (
  { url }: Pick<Simulator, 'url'>,
  { method = 'POST', at, body }: { method?: string; at: string; body?: object },
) => {
  const response = await fetch(`${url}/_simulator${at}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  if (!response.ok) throw new Error(`${at}: ${await response.text()}`);
};

const Permission = z.looseObject({
  of: z.string(),
  permissionType: z.string(),
  permissionId: z.string(),
});

/** Who may use the workspace of an Airbyte. */
export const permissionsOf = async ({ url }: Pick<Simulator, 'url'>) => {
  const answer: unknown = await (await fetch(`${url}/_simulator/people`)).json();
  return z.object({ permissions: z.array(Permission) }).parse(answer).permissions;
};

export type Environments = Awaited<ReturnType<typeof startEnvironments>>;

export const startEnvironments = async (more: Record<string, string> = {}) => {
  const mark = randomBytes(4).toString('hex');
  const names = {
    dev: `dev-${mark}`,
    stage: `stage-${mark}`,
    far: `far-${mark}`,
    broken: `broken-${mark}`,
  };
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
  const connection = Connection.lazy({ address: process.env.TEST_TEMPORAL_ADDRESS ?? '' });
  const [near, away] = await Promise.all([
    startSimulator({ port: 0, edition: 'enterprise' }),
    startSimulator({ port: 0, edition: 'enterprise', workspaceId: FAR_WORKSPACE }),
  ]);
  const all = Object.values(names);
  const settings = {
    gateway: { auth: { mode: 'none' } },
    environments: {
      // First, and looked for: by nobody but its own worker.
      [names.far]: environmentOf({
        url: away.url,
        secretRef: 'AIRBYTE_FAR',
        taskQueue: farQueue,
      }),
      [names.dev]: environmentOf({ url: near.url, secretRef: 'AIRBYTE_NEAR' }),
      [names.stage]: environmentOf({ url: near.url, secretRef: 'AIRBYTE_NEAR' }),
      [names.broken]: environmentOf({ url: near.url, secretRef: 'AIRBYTE_NOWHERE' }),
    },
    teams: { finance: team('finance', all), marketing: team('marketing', all) },
    fabrics: { finance: snowflake('finance', all), marketing: snowflake('marketing', all) },
  };
  const write = (content: object = settings) => {
    writeFileSync(file, stringify(content));
  };
  write();
  const env = {
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
    ...more,
  };
  const shared = { FINANCE: 'canary-finance', MARKETING: 'canary-marketing' };
  const nearDir = secretsOf('near', { AIRBYTE_NEAR: 'simulator-secret', ...shared });
  const farDir = secretsOf('far', { AIRBYTE_FAR: 'simulator-secret', ...shared });
  const programs = await Promise.all([
    startProgram('server', { env }),
    startProgram('worker', { env: { ...env, SECRETS_DIR: nearDir } }),
    startProgram('worker', {
      env: { ...env, SECRETS_DIR: farDir, TEMPORAL_TASK_QUEUE: farQueue },
    }),
  ]);
  const [gateway, worker, farWorker] = programs;

  const call = async (method: string, at: string, body?: object) => {
    const response = await fetch(`${gateway.found}${at}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  const start = async (operation: string, place: Place, more = {}) => {
    const body = request(textOf(place), more);
    const { status, text } = await call('POST', `/v1/${operation}`, body);
    expect({ status, text }).toMatchObject({ status: 202 });
    return text;
  };
  const finished = (token: string) =>
    eventually(async () => {
      const { text } = await call('GET', `/v1/provision/${token}/status`);
      const status = ProvisioningStatus.parse(JSON.parse(text));
      return ['RUNNING', 'TERMINATING'].includes(status.status) ? undefined : status;
    }, `the end of ${token}`);

  /** Gives access through a component to these and nobody else, and waits for the end. */
  const giveAccess = async (place: Place, refs: string[]) => {
    const { status, text } = await call('POST', '/v1/updateacl', {
      refs,
      provisionInfo: { request: textOf(place), result: '' },
    });
    expect({ status, text }).toMatchObject({ status: 202 });
    return finished(text);
  };

  /** All that is in the workspace of two of the components of which this holds, secrets included. */
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

  return {
    names,
    queue,
    farQueue,
    settings,
    write,
    env,
    near,
    away,
    client: new Client({ connection }),
    gateway,
    worker,
    farWorker,
    call,
    start,
    finished,
    run: async (...given: Parameters<typeof start>) => finished(await start(...given)),
    giveAccess,
    partOf,
    cli: (...args: string[]) => runCli(args, env),
    /** A secret of the environment with a task queue of its own, which its worker alone has. */
    rotateFar: (value: string) => writeFileSync(path.join(farDir, 'AIRBYTE_FAR'), value),
    output: () => programs.map((program) => program.output()).join(''),
    stop: async () => {
      await Promise.all(programs.map((program) => program.end('SIGKILL')));
      await Promise.all([near.close(), away.close(), connection.close()]);
      rmSync(folder, { recursive: true });
    },
  };
};
