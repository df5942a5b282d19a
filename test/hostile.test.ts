import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import Ajv from 'ajv';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID, startSimulator } from '../simulator/simulator';
import type { Simulator } from '../simulator/simulator';
import { CONTRACT } from '../src/openapi/coordinator';
import { OPERATOR, PROBES } from '../src/openapi/operator';
import { PLANNING } from '../src/openapi/planning';
import { parseJson } from '../src/contract/json';
import { schemas } from './support/contract/schema';
import { descriptor, request } from './support/fixtures';
import { startProgram } from './support/harness';
import type { Program } from './support/harness';
import { hostileRequests } from './support/hostile-requests';
import type { Hostile } from './support/hostile-requests';
import { SMUGGLED } from './support/hostile-values';

/* What means no good does none: not to the gateway, not to its log, and not to who asks next. */

/** Others with HOSTILE_SEED and HOSTILE_RUNS; a failure prints the seed, with the requests made as few as it goes. */
const SEED = Number(process.env.HOSTILE_SEED ?? 20_261_127);
const RUNS = Number(process.env.HOSTILE_RUNS ?? 10_000);
/** Requests that are sent at once. */
const AT_ONCE = 10;
/** Bytes of an answer: 200 problems, told twice, of 1,500 characters each. */
const MAX_ANSWER = 2_000_000;
/** Bytes that a gateway has after all of them: a thread that reads may have 512 MiB. */
const MAX_MEMORY = 1_500_000_000;

const mark = randomBytes(4).toString('hex');
const environment = `hostile-${mark}`;
const KEYS = { everything: `all-${mark}`, deployer: `fin-${mark}`, other: `mkt-${mark}` };
const IN_SECRETS = `of-secrets-${mark}`;
const digestOf = (key: string) => createHash('sha256').update(key).digest('hex');

const settingsFor = (airbyteUrl: string) => ({
  environments: {
    [environment]: {
      airbyte: {
        url: airbyteUrl,
        workspaceId: DEFAULT_WORKSPACE_ID,
        auth: { clientId: 'simulator', clientSecret: { secretRef: 'AIRBYTE' } },
      },
    },
  },
  teams: {
    finance: {
      domains: ['finance'],
      environments: [environment],
      defaultFabric: { [environment]: 'lake' },
    },
    marketing: { domains: ['marketing'], environments: [environment] },
  },
  fabrics: {
    lake: {
      type: 'snowflake',
      team: 'finance',
      host: 'acme.snowflakecomputing.com',
      warehouse: 'LOAD_WH',
      user: 'AIRBYTE',
      role: 'LOADER',
      credentials: { password: { secretRef: 'SNOWFLAKE' } },
    },
  },
  gateway: {
    // As many as can be said: on a fast machine a minute sees more guesses at tokens than are usual.
    rateLimit: { perMinute: 1_000_000 },
    auth: {
      mode: 'tokens',
      tokens: [
        {
          name: 'all',
          sha256: digestOf(KEYS.everything),
          roles: ['operator'],
          platformOperator: true,
        },
        { name: 'fin', sha256: digestOf(KEYS.deployer), teams: ['finance'], roles: ['deployer'] },
        { name: 'mkt', sha256: digestOf(KEYS.other), teams: ['marketing'], roles: ['reader'] },
      ],
    },
  },
  audit: { log: 'stdout' },
});

const folder = mkdtempSync(path.join(os.tmpdir(), 'hostile-'));
let simulator: Simulator;
let gateway: Program;
let worker: Program;
beforeAll(async () => {
  const file = path.join(folder, 'provisioner.yaml');
  simulator = await startSimulator({ port: 0 });
  writeFileSync(file, stringify(settingsFor(simulator.url)));
  writeFileSync(path.join(folder, 'AIRBYTE'), 'simulator-secret');
  writeFileSync(path.join(folder, 'SNOWFLAKE'), IN_SECRETS);
  const env = {
    TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS ?? '',
    TEMPORAL_TASK_QUEUE: environment,
    PROVISIONER_CONFIG: file,
    SECRETS_DIR: folder,
    FINGERPRINT_KEY: 'of these tests',
    PORT: '0',
    WORKER_PORT: '0',
    AIRBYTE_RETRY_INITIAL: '50ms',
    AIRBYTE_GIVE_UP_AFTER: '10s',
  };
  [gateway, worker] = await Promise.all([
    startProgram('server', { env }),
    startProgram('worker', { env }),
  ]);
});
afterAll(async () => {
  const ends = await Promise.all([gateway.end(), worker.end()]);
  await simulator.close();
  rmSync(folder, { recursive: true });
  // Neither had ended before.
  for (const end of ends) expect(end).toMatch(/^\w+ ended with exit code 0\./);
});

const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
afterAll(() => {
  agent.destroy();
});

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

/** Bytes as they are: `fetch` would mend paths and headers. */
const send = ({ method, path: at, headers, body }: Hostile) =>
  new Promise<Answer>((resolve, reject) => {
    const { hostname, port } = new URL(gateway.found);
    const sending = http.request({ hostname, port, method, path: at, headers, agent }, (answer) => {
      const said: Buffer[] = [];
      answer.on('data', (data: Buffer) => said.push(data));
      answer.on('end', () => {
        const text = Buffer.concat(said).toString();
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
      });
      answer.on('error', reject);
    });
    sending.on('error', reject);
    sending.end(body);
  });

const ALLOWED = [200, 202, 400, 401, 403, 404, 409, 413, 415];
const STACK = /\bat .*\.(js|ts):\d+|node_modules|file:\/\/\/|\bError: /;
const SECRETS = [...Object.values(KEYS), ...Object.values(KEYS).map(digestOf), IN_SECRETS];

const ajv = new Ajv();

const isAnsweredWell = (asked: Hostile, { status, headers, text }: Answer) => {
  const told = {
    method: asked.method,
    path: asked.path.slice(0, 200),
    sent: JSON.stringify(asked.headers).slice(0, 1500),
    status,
    headers,
    text: text.slice(0, 2000),
  };
  expect({ ...told, isAllowed: ALLOWED.includes(status) }).toEqual({ ...told, isAllowed: true });
  expect(text).not.toMatch(STACK);
  for (const secret of SECRETS) expect(text).not.toContain(secret);
  expect(text.length).toBeLessThan(MAX_ANSWER);
  expect(headers).not.toHaveProperty('x-injected');
  expect(headers['content-type'] ?? '').toMatch(/^(application\/json|text\/plain|$)/);
  if (status < 400 || asked.method === 'HEAD') return;
  ajv.validate(schemas.RequestValidationError, parseJson(text));
  expect({ ...told, errors: ajv.errors }).toEqual({ ...told, errors: null });
};

const asOwner = (method: string, at: string, body?: object): Promise<Answer> =>
  send({
    method,
    path: at,
    headers: {
      authorization: `Bearer ${KEYS.everything}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    body: body && Buffer.from(JSON.stringify(body)),
  });

const good = () => request(descriptor({ environment, component: 'good' }));

/** Runs that were, of each family that changes something or looks. */
const startAll = async () => {
  const paths = ['/v1/provision', '/v1/unprovision', '/v2/validate'];
  const answers = [];
  for (const at of paths) answers.push(await asOwner('POST', at, good()));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  return answers.map(({ text }) => text);
};

/** What must be the same before and after. */
const served = async () => ({
  document: (await asOwner('GET', '/openapi.json')).text,
  verdict: (await asOwner('POST', '/v1/validate', good())).text,
});

const residentBytes = async () => {
  const { text } = await asOwner('GET', '/metrics');
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]);
};

const Line = z.looseObject({
  level: z.number().optional(),
  audit: z.boolean().optional(),
  path: z.string().default(''),
});

test(`${String(RUNS)} hostile requests do no harm (seed ${String(SEED)})`, async () => {
  const before = await served();
  expect(JSON.parse(before.verdict)).toEqual({ valid: true });
  const endpoints = Object.values({ ...CONTRACT, ...PLANNING, ...OPERATOR, ...PROBES });
  const requests = hostileRequests({
    endpoints,
    environment,
    tokens: await startAll(),
    credentials: [KEYS.everything, KEYS.deployer, KEYS.other].map((key) => `Bearer ${key}`),
  });
  const statuses = new Map<number, number>();
  const all = fc.array(requests, { minLength: AT_ONCE, maxLength: AT_ONCE });
  await fc.assert(
    fc.asyncProperty(all, async (some) => {
      const answers = await Promise.all(some.map(send));
      for (const [index, answer] of answers.entries()) {
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        const asked = some[index];
        if (asked) isAnsweredWell(asked, answer);
      }
    }),
    { seed: SEED, numRuns: Math.ceil(RUNS / AT_ONCE), endOnFailure: true },
  );
  for (const status of ALLOWED.filter((each) => each !== 409))
    expect(statuses.get(status)).toBeGreaterThan(RUNS / 1000);
  expect(await served()).toEqual(before);
  expect(await residentBytes()).toBeLessThan(MAX_MEMORY);
});

test('the log has a line for each of its lines, none of a fault, and no secret', () => {
  const output = gateway.output() + worker.output();
  const telling = output
    .split('\n')
    .filter((line) => [...SECRETS, SMUGGLED].some((secret) => line.includes(secret)));
  expect(telling.map((line) => line.slice(0, 3000))).toEqual([]);
  const texts = output.trim().split('\n');
  expect(texts.filter((line) => parseJson(line) === undefined)).toEqual([]);
  const lines = texts.map((line) => Line.parse(parseJson(line)));
  expect(lines.filter(({ path: at }) => at.length > 500)).toEqual([]);
  expect(lines.filter(({ level = 0 }) => level > 40)).toEqual([]);
  expect(lines.filter(({ audit }) => audit).length).toBeGreaterThan(RUNS / 2);
});
