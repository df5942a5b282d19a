import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_WORKSPACE_ID, startSimulator } from '../src/simulator/simulator';
import type { Simulator, SimulatorOptions } from '../src/simulator/simulator';
import type { ProvisioningStatus } from '../src/contract';
import { descriptor, request } from './fixtures';
import type { Changes } from './fixtures';

/** A password that must be seen nowhere but in Airbyte. */
export const CANARY = 'canary-4f1d8a-never-shown';

const ROOT = path.join(__dirname, '..');
/** Milliseconds until a run that does not end fails the test that waits for it. */
const PATIENCE = 90_000;

type Variables = Record<string, string>;

export interface Program {
  process: ChildProcess;
  /** Everything it wrote to stdout and stderr. */
  output(): string;
  /** Ends it, and resolves when it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts `dist/src/<name>.js`; resolves with what `ready` finds in its output. */
export const startProgram = async (
  name: 'server' | 'worker',
  env: Variables,
  ready: RegExp,
): Promise<Program & { found: string }> => {
  const child = spawn(process.execPath, [path.join(ROOT, 'dist', 'src', `${name}.js`)], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const found = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const match = ready.exec(output);
      if (match) resolve(match[1] ?? '');
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void gone.then(() => reject(new Error(`${name} ended before it was ready:\n${output}`)));
  });
  return {
    process: child,
    found,
    output: () => output,
    async end(signal = 'SIGTERM') {
      child.kill(signal);
      await gone;
    },
  };
};

export interface HarnessOptions {
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
  AIRBYTE_REQUEST_TIMEOUT: '500ms',
  AIRBYTE_RETRY_INITIAL: '50ms',
  AIRBYTE_RETRY_MAX_INTERVAL: '400ms',
  AIRBYTE_GIVE_UP_AFTER: '4s',
  SNOWFLAKE_HOST: 'tests.snowflakecomputing.com',
  SNOWFLAKE_ROLE: 'LOADER',
  SNOWFLAKE_WAREHOUSE: 'LOADING',
  SNOWFLAKE_USER: 'airbyte',
  SNOWFLAKE_PASSWORD: CANARY,
});

/** Repeats until there is an answer; fails with what was last seen. */
export const eventually = async <Value>(
  look: () => Promise<Value | undefined> | Value | undefined,
  what: string,
): Promise<Value> => {
  const deadline = Date.now() + PATIENCE;
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
  const env = { ...variables(simulator, environment, temporal), ...options.env };
  let worker: Program | undefined;

  const startWorker = async (more: Variables = {}) => {
    worker = await startProgram('worker', { ...env, ...more }, /"state":"(RUNNING)"/);
    return worker;
  };
  const [server] = await Promise.all([
    startProgram('server', env, /"url":"([^"]+)","msg":"gateway listens"/),
    options.worker === false ? undefined : startWorker(),
  ]).catch(async (err: unknown) => {
    await simulator.close();
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
    return (await response.json()) as unknown;
  };

  const post = (at: string, body: object) => call('POST', at, JSON.stringify(body));
  const status = async (token: string) =>
    (await call('GET', `/v1/provision/${token}/status`)).json() as ProvisioningStatus;

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
    simulator,
    env,
    call,
    post,
    status,
    finished,
    start,
    startWorker,
    worker: () => worker,
    gateway: () => gateway,
    restartGateway: async () => {
      await gateway.end();
      gateway = await startProgram('server', env, /"url":"([^"]+)","msg":"gateway listens"/);
    },

    /** Provisions or unprovisions, and waits for the end. */
    run: async (...given: Parameters<typeof start>) => finished(await start(...given)),

    /** What exists in Airbyte. */
    entities: async (query = '') => (await control('GET', `/entities${query}`)) as Entities,
    fault: (fault: object) => control('POST', '/faults', fault),
    clearFaults: () => control('DELETE', '/faults'),
    forgetCalls: () => control('DELETE', '/requests'),
    /** The calls Airbyte got, but for tokens. */
    calls: async () => {
      const { requests } = (await control('GET', '/requests')) as { requests: AirbyteCall[] };
      return requests.filter(({ operation }) => operation !== 'createAccessToken');
    },
    resetAirbyte: () => control('POST', '/reset'),
    /** Airbyte's own API, as a person at its user interface uses it. */
    airbyte: async (method: string, at: string, body?: object): Promise<unknown> => {
      const json = { 'content-type': 'application/json' };
      const granted = await fetch(`${simulator.url}/api/public/v1/applications/token`, {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ client_id: 'simulator', client_secret: 'simulator-secret' }),
      });
      const { access_token: token } = (await granted.json()) as { access_token: string };
      const response = await fetch(`${simulator.url}/api/public/v1${at}`, {
        method,
        headers: { ...json, authorization: `Bearer ${token}` },
        ...(body && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${at}: ${await response.text()}`);
      return response.status === 204 ? undefined : await response.json();
    },

    stop: async () => {
      await Promise.all([worker?.end('SIGKILL'), gateway.end('SIGKILL')]);
      await simulator.close();
    },
  };
};

export interface AirbyteCall {
  operation: string;
  method: string;
  path: string;
  status: number | null;
}
interface Actor {
  name: string;
  configuration: Record<string, unknown>;
}
export interface Entities {
  sources: (Actor & { sourceId: string })[];
  destinations: (Actor & { destinationId: string })[];
  connections: {
    connectionId: string;
    name: string;
    sourceId: string;
    destinationId: string;
    status: string;
    schedule: { scheduleType: string; cronExpression?: string };
    configurations: { streams: { name: string; syncMode: string }[] };
  }[];
  jobs: { jobId: number; jobType: string; status: string; connectionId: string }[];
}

/** How many of each exist. */
export const counts = ({ sources, destinations, connections }: Entities) => [
  sources.length,
  destinations.length,
  connections.length,
];

export const isWrite = ({ method }: AirbyteCall) => method !== 'GET';
