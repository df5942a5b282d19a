import { simulatorConfig } from '../simulator/config';
import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import { cliConfig, gatewayConfig, workerConfig } from '../src/config/config';
import { startHarness } from './support/harness';
import type { Harness } from './support/harness';

/* What is wrong is told in our words: those of the libraries that find it reach nobody. */

const LIBRARIES =
  /invalid input|invalid option|invalid key|too small|too big|expected |received|unrecognized|nan\b|undefined|parseAllDocuments|unresolved|implicit key|flow (map|collection|sequence)|plain (value|scalar)|must be (object|array|string|boolean|record|int)\b|SyntaxError/i;

const operations: unknown = expect.arrayContaining(['*', 'createSource']);

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ worker: false, env: { OPERATIONS: 'on' } });
});
afterAll(() => harness.stop());

const KIND = { descriptorKind: 'COMPONENT_DESCRIPTOR' };
const expectOurs = (text: string, words: string) => {
  expect(text).not.toMatch(LIBRARIES);
  expect(text).toContain(words);
};

const BODIES: [path: string, body: unknown, words: string][] = [
  ['/v1/provision', {}, 'descriptorKind: is required'],
  ['/v1/provision', [], 'body: must be a map of keys and values'],
  ['/v1/provision', { ...KIND, descriptor: '' }, 'descriptor: must not be empty'],
  ['/v1/provision', { ...KIND, descriptor: 7 }, 'descriptor: must be text, not number'],
  ['/v1/provision', { ...KIND, descriptor: 'a: b', removeData: 'no' }, 'must be true or false'],
  ['/v1/unprovision', { descriptorKind: 'POEM', descriptor: 'a: b' }, 'must be one of DATAPRODUCT'],
  ['/v1/validate', { ...KIND, descriptor: '7' }, 'must be a map of keys and values'],
  ['/v1/updateacl', { refs: 'me', provisionInfo: {} }, 'refs: must be a list'],
  ['/v1/updateacl', { refs: [7], provisionInfo: 7 }, 'refs[0]: must be text'],
  ['/v1/reverse-provisioning', { useCaseTemplateId: '', params: 7 }, 'params: must be a map'],
  ['/operations/runs/replay', { failed: 1 }, 'failed: must be true'],
  ['/operations/runs/replay', { failed: true, poem: 1 }, 'has what is not known: poem'],
  ['/operations/runs/replay', { failed: true, operation: 'poem' }, 'must be one of provision'],
  ['/operations/runs/x/replay', { force: 'yes' }, 'force: must be true or false'],
  ['/operations/runs/x/cancel', { now: true }, 'has what is not known: now'],
];

test.each(BODIES)('%s answers %j in our words', async (path, body, words) => {
  const answer = await harness.call('POST', path, JSON.stringify(body));
  expect(answer.status === 400 || path === '/v1/validate').toBe(true);
  expectOurs(answer.text, words);
});

test.each([
  ['two documents', 'a: b\n---\nc: d\n', 'more than one document'],
  ['an open list', 'a: [', 'bracket'],
  ['an open quote', 'a: "b', 'quote'],
  ['an indented tab', 'a:\n\t- b', 'a tab cannot indent'],
  ['a map in a line', 'a: b: c', 'a text with a colon must be in quotes'],
  ['an unknown escape', 'a: "\\q"', 'a backslash that means nothing'],
  ['an alias of nothing', 'a: *b', 'has a YAML alias that stands for nothing'],
  ['a wrong start', 'a: @b', 'must be in quotes'],
  ['a key over two lines', 'a: 1\nb\nc: 2', 'colon'],
])('YAML with %s is told in our words', async (_case, text, words) => {
  const body = { ...KIND, descriptor: text };
  const answer = await harness.call('POST', '/v1/provision', JSON.stringify(body));
  expect(answer.status).toBe(400);
  expectOurs(answer.text, words);
});

test.each([
  ['limit=0', 'limit: must be at least 1'],
  ['limit=1001', 'limit: must be at most 1000'],
  ['limit=1.5', 'limit: must be a whole number'],
  ['limit=x', 'limit: must be a number'],
  ['failed=x', 'failed: must be true or false'],
  ['running=x', 'running: must be true or false'],
  ['running=true&failed=true', 'running: and failed do not go together'],
  ['operation=x', 'operation: must be one of provision'],
  ['since=x', 'since: must be a duration with its unit, for example 30m, 24h or 7d"'],
  ['environment=a/b', 'environment: may have only letters'],
  ['poem=x', 'has what is not known: poem'],
])('GET /operations/runs?%s is told in our words', async (query, words) => {
  const answer = await harness.call('GET', `/operations/runs?${query}`);
  expect(answer.status).toBe(400);
  expectOurs(answer.text, words);
});

test.each([
  [['runs', 'list', '--limit', '0'], '--limit must be at least 1\n'],
  [['runs', 'list', '--limit', 'abc'], '--limit must be a number\n'],
  [['runs', 'list', '--limit', '1.5'], '--limit must be a whole number\n'],
  [
    ['runs', 'list', '--since', 'abc'],
    'error: --since must be a duration with its unit, for example 30m, 24h or 7d\n',
  ],
  [['runs', 'list', '--since', '3651d'], '--since must not be longer than 3650d\n'],
  [
    ['runs', 'list', '--environment', 'a/b'],
    '--environment may have only letters, digits, dots, dashes and underscores\n',
  ],
  [
    ['adopt', '--dry-run', '--environment', 'a/b'],
    '--environment may have only letters, digits, dots, dashes and underscores\n',
  ],
  [['adopt', '--dry-run', '--environment', 'a'.repeat(101)], 'may have 100 characters at most\n'],
  [['runs', 'replay', '--failed', '--operation', 'poem'], 'Allowed choices are provision'],
])('%j is told in our words', async (args, words) => {
  const { code, stderr } = await harness.cli(...args);
  expect(code).toBe(2);
  expectOurs(stderr, words);
});

const WORKER = { AIRBYTE_WORKSPACE_ID: DEFAULT_WORKSPACE_ID };

test.each<[Record<string, string>, (env: Record<string, string>) => unknown, string]>([
  [{ LOG_LEVEL: 'x' }, gatewayConfig, 'LOG_LEVEL must be one of trace, debug'],
  [{ PORT: 'x' }, gatewayConfig, 'PORT must be a port number'],
  [{ PORT: '1.5' }, gatewayConfig, 'PORT must be a port number'],
  [{ OPERATIONS: 'x' }, gatewayConfig, 'OPERATIONS must be'],
  [{ TEMPORAL_UI_URL: 'x' }, cliConfig, 'TEMPORAL_UI_URL must be'],
  [{ AIRBYTE_MIN_SYNC_INTERVAL: 'x' }, cliConfig, 'AIRBYTE_MIN_SYNC_INTERVAL must be a duration'],
  [{}, workerConfig, 'AIRBYTE_WORKSPACE_ID is required'],
  [{ ...WORKER, LOG_LEVEL: 'x' }, workerConfig, 'LOG_LEVEL must be one of trace'],
  [{ ...WORKER, AIRBYTE_URL: 'x' }, workerConfig, 'AIRBYTE_URL must be'],
  [{ ...WORKER, WORKER_ACTIVITY_SLOTS: '0' }, workerConfig, 'WORKER_ACTIVITY_SLOTS must be at'],
  [{ LOG_LEVEL: 'x' }, simulatorConfig, 'LOG_LEVEL must be one of trace'],
  [{ SIMULATOR_PORT: 'x' }, simulatorConfig, 'SIMULATOR_PORT must be a number'],
  [{ SIMULATOR_PORT: '65536' }, simulatorConfig, 'SIMULATOR_PORT must be at most 65535'],
  [{ SIMULATOR_AUTH: 'x' }, simulatorConfig, 'SIMULATOR_AUTH must be one of oauth'],
])('the variables %j are told in our words', (env, read, words) => {
  let told = '';
  try {
    read(env);
  } catch (err) {
    told = String(err);
  }
  expectOurs(told, words);
});

test.each([
  ['nonsense', 'body: must be JSON'],
  ['{"operation": 7}', 'operation: must be text'],
  ['{"operation": "*", "status": 42}', 'status: must be at least 200'],
  ['{"operation": "*", "hang": "x"}', 'hang: must be one of before, after'],
  ['{"operation": "*", "delay": 1, "poem": 1}', 'has what is not known: poem'],
])(
  'the simulator refuses the fault %s in its own words, with all operations',
  async (body, words) => {
    const url = `${harness.env.AIRBYTE_URL ?? ''}/_simulator/faults`;
    const answer = await fetch(url, { method: 'POST', body });
    expect(answer.status).toBe(400);
    const text = await answer.text();
    expectOurs(text, words);
    expect(JSON.parse(text)).toMatchObject({ operations });
  },
);
