import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { launch, ROOT, untilReady } from '../../scripts/child';
import { DEFAULT_WORKSPACE_ID, startSimulator } from '../../simulator/simulator';
import type { Simulator, SimulatorOptions } from '../../simulator/simulator';
import { ProvisioningStatus } from '../../src/contract/coordinator';
import { deploymentOf } from '../../src/contract/ids';
import { idIn } from '../../workflows/protocol/ids';
import { dataConverter } from '../../src/temporal/payload-codec';
import { API, nameIn } from './airbyte-operations';
import type { Api } from './airbyte-operations';
import { descriptor, request } from './fixtures';
import type { Changes } from './fixtures';

/** A password that must be seen nowhere but in Airbyte. */
export const CANARY = 'canary-4f1d8a-never-shown';

/** At most, so that what fails does so in an hour. */
const MOST = 6;

/** How many times longer than on a free machine things may take on this one, by its load of now. */
export const slowness = () => {
  const [load = 0] = os.loadavg();
  return Math.min(MOST, Math.max(1, load / os.availableParallelism() / 1.5));
};

/** Milliseconds on a free machine, as a variable for this one as it is now. */
const durationOf = (ms: number) => `${String(Math.ceil(ms * slowness()))}ms`;

const LOGS = path.join(os.tmpdir(), `provisioner-tests-${String(process.pid)}`);
/** Milliseconds, on a free machine, until a run that does not end fails the test that waits for it. */
const PATIENCE = 90_000;

type Variables = Record<string, string>;

export interface Program {
  pid: number;
  /** Everything it wrote to stdout and stderr. */
  output: () => string;
  /** Ends it, and resolves when it is gone with how it ended. */
  end: (signal?: NodeJS.Signals) => Promise<string>;
  /** What told that it was ready. */
  found: string;
}

const READY = {
  server: /"url":"([^"]+)","msg":"gateway listens"/,
  worker: /"state":"(RUNNING)"/,
  'codec-server': /"url":"([^"]+)","msg":"codec server listens"/,
};

/** Starts `dist/src/<name>.js` as users do; resolves when its log says that it is ready. */
export const startProgram = async (
  name: keyof typeof READY,
  { env, ready = READY[name] }: { env: Variables; ready?: RegExp },
): Promise<Program> => {
  const logFile = path.join(LOGS, `${name}-${randomBytes(5).toString('hex')}.log`);
  const child = launch({
    name,
    command: process.execPath,
    args: [path.join(ROOT, 'dist', 'src', `${name}.js`)],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    logFile,
  });
  process.once('exit', child.kill);
  const output = () => readFileSync(logFile, 'utf8');
  let found = '';
  const isReady = () => {
    found = ready.exec(output())?.[1] ?? '';
    return Promise.resolve(found !== '');
  };
  await untilReady(child, { isReady, timeout: PATIENCE * slowness() });
  const end = async (signal: NodeJS.Signals = 'SIGTERM') => {
    process.off('exit', child.kill);
    if (!child.hasEnded()) process.kill(child.pid, signal);
    return child.ended;
  };
  return { pid: child.pid, output, end, found };
};

export interface HarnessOptions {
  /** The one of Airbyte's APIs that the worker uses; else the one of the test file. */
  api?: Api;
  env?: Variables;
  simulator?: SimulatorOptions;
  /** host:port; else the server that all tests share. */
  temporal?: string;
  worker?: boolean;
}

export type Harness = Awaited<ReturnType<typeof startHarness>>;

const variables = (simulator: Simulator, taskQueue: string, temporal: string): Variables => ({
  TEMPORAL_ADDRESS: temporal,
  TEMPORAL_TASK_QUEUE: taskQueue,
  TEMPORAL_UI_URL: 'http://temporal.invalid',
  PORT: '0',
  WORKER_PORT: '0',
  AIRBYTE_URL: simulator.url,
  AIRBYTE_CLIENT_ID: 'simulator',
  AIRBYTE_CLIENT_SECRET: 'simulator-secret',
  AIRBYTE_WORKSPACE_ID: DEFAULT_WORKSPACE_ID,
  AIRBYTE_REQUEST_TIMEOUT: durationOf(500),
  AIRBYTE_RETRY_INITIAL: '50ms',
  AIRBYTE_RETRY_MAX_INTERVAL: '400ms',
  AIRBYTE_GIVE_UP_AFTER: durationOf(4000),
  AIRBYTE_SETTLE_TIME: '1s',
  SNOWFLAKE_HOST: 'tests.snowflakecomputing.com',
  SNOWFLAKE_ROLE: 'LOADER',
  SNOWFLAKE_WAREHOUSE: 'LOADING',
  SNOWFLAKE_USER: 'airbyte',
  SNOWFLAKE_PASSWORD: CANARY,
});

/** Runs the command line as users do, until it ends. */
export const runCli = (args: string[], env: Variables) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const program = path.join(ROOT, 'dist', 'src', 'provisioner.js');
    execFile(program, args, { env: { PATH: process.env.PATH, ...env } }, (err, stdout, stderr) =>
      resolve({ code: err ? err.code : 0, stdout, stderr }),
    );
  });

/** Repeats until there is an answer; fails with what was last seen. */
export const eventually = async <Value>(
  look: () => Promise<Value | undefined> | Value | undefined,
  what: string,
  patience = PATIENCE,
): Promise<Value> => {
  const deadline = Date.now() + patience * slowness();
  while (Date.now() < deadline) {
    const value = await look();
    if (value !== undefined) return value;
    await pause(40);
  }
  throw new Error(`Waited in vain for ${what}.`);
};

/**
 * Gateway and worker as the processes users run, an Airbyte simulator of their own, and the
 * Temporal server. `stop` ends all it started.
 */
export const startHarness = async (options: HarnessOptions = {}) => {
  const temporal = options.temporal ?? process.env.TEST_TEMPORAL_ADDRESS ?? '';
  // Temporal is shared, and tokens are workflow ids: each harness has an environment of its own.
  const environment = `test-${randomBytes(5).toString('hex')}`;
  const simulator = await startSimulator({ ...options.simulator, port: 0 });
  const { api = API } = options;
  const common = variables(simulator, environment, temporal);
  const env: Variables = { ...common, AIRBYTE_API: api, ...options.env };
  /** Operations are named as in the public API, whichever is used. */
  const inApi = (operation: string) => nameIn(api, operation);
  const programs: Program[] = [];
  const connection = Connection.lazy({ address: temporal });
  const stop = async () => {
    await Promise.all(programs.map((program) => program.end('SIGKILL')));
    await simulator.close();
    await connection.close();
  };
  const startOne = async (name: keyof typeof READY, more: Variables = {}) => {
    const program = await startProgram(name, { env: { ...env, ...more } });
    programs.push(program);
    return program;
  };
  let worker: Program | undefined;
  const startWorker = async (more: Variables = {}) => {
    worker = await startOne('worker', more);
    return worker;
  };
  const serving = startOne('server');
  const working = options.worker === false ? Promise.resolve(undefined) : startWorker();
  const [server] = await Promise.all([serving, working]).catch(async (err: unknown) => {
    await Promise.allSettled([serving, working]);
    await stop();
    throw err;
  });
  let gateway = server;

  const call = async (method: string, at: string, body?: string, type = 'application/json') => {
    const response = await fetch(`${gateway.found}${at}`, {
      method,
      ...(body !== undefined && { body, headers: { 'content-type': type } }),
    });
    const text = await response.text();
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      text,
      json: (): unknown => JSON.parse(text),
    };
  };
  const control = async (method: string, at: string, body?: object) => {
    const response = await fetch(`${simulator.url}/_simulator${at}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!response.ok) throw new Error(`${at}: ${await response.text()}`);
    const answer: unknown = await response.json();
    return answer;
  };

  const asPerson = async (method: string, at: string, body?: object): Promise<unknown> => {
    const json = { 'content-type': 'application/json' };
    const granted = await fetch(`${simulator.url}/api/public/v1/applications/token`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ client_id: 'simulator', client_secret: 'simulator-secret' }),
    });
    const { access_token: token } = TokenAnswer.parse(await granted.json());
    const response = await fetch(simulator.url + at, {
      method,
      headers: { ...json, authorization: `Bearer ${token}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${at}: ${await response.text()}`);
    return response.status === 204 ? undefined : await response.json();
  };

  const post = (at: string, body: object) => call('POST', at, JSON.stringify(body));
  const status = async (token: string) =>
    ProvisioningStatus.parse((await call('GET', `/v1/provision/${token}/status`)).json());

  /** Polls as the Coordinator does. */
  const finished = (token: string) =>
    eventually(async () => {
      const seen = await status(token);
      return seen.status === 'RUNNING' ? undefined : seen;
    }, `the end of ${token}`);

  const start = async (
    operation: 'provision' | 'unprovision',
    changes: Changes = {},
    more: Record<string, unknown> = {},
  ) => {
    const text = descriptor({ environment, ...changes });
    const answer = await post(`/v1/${operation}`, request(text, more));
    if (answer.status !== 202) throw new Error(`${String(answer.status)} ${answer.text}`);
    return answer.text;
  };

  return {
    environment,
    cli: (...args: string[]) => runCli(args, env),
    cliWith: (more: Variables, ...args: string[]) => runCli(args, { ...env, ...more }),
    simulator,
    env,
    api,
    /** Temporal, as an operator's tools see it. */
    client: new Client({ connection, dataConverter }),
    call,
    post,
    status,
    finished,
    start,
    startWorker,
    /** One more; the harness goes on calling the one it had. */
    startGateway: (more: Variables = {}) => startOne('server', more),
    worker: () => worker,
    gateway: () => gateway,
    restartGateway: async () => {
      await gateway.end();
      gateway = await startOne('server');
    },

    /** Provisions or unprovisions, and waits for the end. */
    run: async (...given: Parameters<typeof start>) => finished(await start(...given)),

    /** What exists in Airbyte. */
    entities: async (query = '') => Entities.parse(await control('GET', `/entities${query}`)),
    fault: ({ operation, after, ...fault }: Fault) =>
      control('POST', '/faults', {
        ...fault,
        operation: inApi(operation),
        ...(after !== undefined && { after: inApi(after) }),
      }),
    /** All, or those of one operation. */
    clearFaults: (operation?: string) =>
      control('DELETE', operation ? `/faults?operation=${inApi(operation)}` : '/faults'),
    forgetCalls: () => control('DELETE', '/requests'),
    control,
    /** The calls Airbyte got: those of one operation, or all but those for tokens. */
    calls: async (operation?: string) => {
      const { requests } = Requests.parse(await control('GET', '/requests'));
      const isMeant = (name: string | null) =>
        operation ? name === inApi(operation) : name !== inApi('createAccessToken');
      return requests.filter((call) => isMeant(call.operation));
    },
    resetAirbyte: () => control('POST', '/reset'),
    /** Airbyte's own API, as a person at its user interface uses it. */
    airbyte: (method: string, at: string, body?: object) =>
      asPerson(method, `/api/public/v1${at}`, body),
    /** The older API, which can do a few things more. */
    configApi: (at: string, body: object) => asPerson('POST', `/api/v1${at}`, body),

    /** What gateway and worker have written so far, those that have ended included. */
    logs: () => programs.map(({ output }) => output()).join(''),
    stop,
  };
};

/** What befalls a call: an effect of simulator/faults.ts. */
export interface Fault {
  [effect: string]: unknown;
  operation: string;
  after?: string;
}

const AirbyteCall = z.object({
  operation: z.string().nullable(),
  changes: z.boolean(),
  method: z.string(),
  path: z.string(),
  /** Null while it goes on, or when none was sent. */
  status: z.number().nullable(),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
  /** The secrets a write carried; for asterisks the digest of what they keep. */
  secrets: z
    .array(
      z.object({
        field: z.string(),
        sent: z.enum(['value', 'asterisks']),
        sha256: z.string().nullable(),
        host: z.string().nullable(),
      }),
    )
    .default([]),
});
export type AirbyteCall = z.infer<typeof AirbyteCall>;

const Requests = z.object({ requests: z.array(AirbyteCall) });
const TokenAnswer = z.object({ access_token: z.string() });

const actor = { name: z.string(), configuration: z.record(z.string(), z.unknown()) };

const Entities = z.object({
  sources: z.array(z.looseObject({ sourceId: z.string(), ...actor })),
  destinations: z.array(z.looseObject({ destinationId: z.string(), ...actor })),
  connections: z.array(
    z.looseObject({
      connectionId: z.string(),
      name: z.string(),
      sourceId: z.string(),
      schedule: z.looseObject({ scheduleType: z.string(), cronExpression: z.string().optional() }),
    }),
  ),
  jobs: z.array(z.looseObject({ jobType: z.string(), status: z.string() })),
});
export type Entities = z.infer<typeof Entities>;

/** Of a component of the descriptor that tests use, the workflow that tells who has it. */
export const leaseId = ({ environment, env }: Pick<Harness, 'environment' | 'env'>, name: string) =>
  idIn(
    deploymentOf(env.TEMPORAL_TASK_QUEUE ?? ''),
    `component.${environment}.finance.cashflow.0.${name}`,
  );

/** How many of each exist. */
export const counts = ({ sources, destinations, connections }: Entities) => [
  sources.length,
  destinations.length,
  connections.length,
];

export const isWrite = ({ changes }: AirbyteCall) => changes;
