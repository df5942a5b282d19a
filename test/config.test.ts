import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../scripts/child';
import { simulatorConfig } from '../simulator/config';
import { cliConfig, gatewayConfig, workerConfig } from '../src/config/config';
import { temporalConfig } from '../src/config/temporal';
import { forTimer, inWords } from '../src/contract/durations';

const required = {
  AIRBYTE_WORKSPACE_ID: '5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6',
  SNOWFLAKE_HOST: 'h.snowflakecomputing.com',
  SNOWFLAKE_ROLE: 'r',
  SNOWFLAKE_WAREHOUSE: 'w',
  SNOWFLAKE_USER: 'u',
  SNOWFLAKE_PASSWORD: 'p',
};

test('the defaults are those that docs/configuration.md names', () => {
  expect(gatewayConfig({})).toEqual({
    host: '127.0.0.1',
    port: 8093,
    basePath: '',
    taskQueue: 'airbyte-provisioner',
    temporalUiUrl: undefined,
    retry: { initial: 1000, maxInterval: 30_000, giveUpAfter: 900_000, settleTime: 60_000 },
    operations: false,
    drainFor: 0,
    keepAlive: 75_000,
    misfits: [],
    infrastructureTemplates: [],
    minSyncInterval: 3600,
    logLevel: 'info',
  });
  expect(workerConfig(required)).toMatchObject({
    port: 8094,
    airbyte: {
      url: 'http://127.0.0.1:8000',
      uiUrl: 'http://127.0.0.1:8000',
      auth: { kind: 'none' },
      requestTimeout: 30_000,
      maxInFlight: 3,
    },
    activitySlots: 100,
  });
  expect(simulatorConfig({})).toMatchObject({ port: 8000 });
});

test('a worker has as many slots as it is given, within bounds', () => {
  const slotsOf = (slots: string) =>
    workerConfig({ ...required, WORKER_ACTIVITY_SLOTS: slots }).activitySlots;
  expect([slotsOf('1'), slotsOf('1000')]).toEqual([1, 1000]);
  expect(() => slotsOf('0')).toThrow(/WORKER_ACTIVITY_SLOTS must be at least 1/);
  expect(() => slotsOf('1001')).toThrow(/WORKER_ACTIVITY_SLOTS must be at most 1000/);
  expect(() => slotsOf('2.5')).toThrow(/WORKER_ACTIVITY_SLOTS must be a whole number/);
});

test('durations and slashes are read as people write them', () => {
  const config = gatewayConfig({ AIRBYTE_RETRY_INITIAL: '200ms', BASE_PATH: '/a/b/' });
  expect(config).toMatchObject({ basePath: '/a/b', retry: { initial: 200 } });
  const { airbyte } = workerConfig({ ...required, AIRBYTE_URL: 'https://airbyte.example.com/' });
  expect(airbyte.url).toBe('https://airbyte.example.com');
});

test('an empty variable counts as absent', () => {
  expect(gatewayConfig({ PORT: '', BASE_PATH: '' })).toEqual(gatewayConfig({}));
});

test.each([
  [{ AIRBYTE_CLIENT_ID: 'i', AIRBYTE_CLIENT_SECRET: 's' }, 'oauth'],
  [{ AIRBYTE_USERNAME: 'u', AIRBYTE_PASSWORD: 'p' }, 'basic'],
  [{}, 'none'],
])('the credentials %p mean %s', (given, kind) => {
  expect(workerConfig({ ...required, ...given }).airbyte.auth.kind).toBe(kind);
});

test.each([
  [{ PORT: '99999' }, /PORT must be a port number/],
  [{ PORT: 'http' }, /PORT must be a port number/],
  [{ AIRBYTE_GIVE_UP_AFTER: '15' }, /AIRBYTE_GIVE_UP_AFTER must be a duration with its unit/],
  [{ AIRBYTE_GIVE_UP_AFTER: '0s' }, /AIRBYTE_GIVE_UP_AFTER must be longer than zero/],
  [{ BASE_PATH: 'a b' }, /BASE_PATH must be a path/],
  [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL/],
])('the gateway refuses %p', (given, message) => {
  expect(() => gatewayConfig(given)).toThrow(message);
});

test.each([
  [{ AIRBYTE_CLIENT_ID: 'i' }, /AIRBYTE_CLIENT_SECRET and AIRBYTE_CLIENT_ID go together/],
  [{ AIRBYTE_PASSWORD: 'p' }, /AIRBYTE_PASSWORD and AIRBYTE_USERNAME go together/],
  [{ SNOWFLAKE_PRIVATE_KEY_FILE: 'f' }, /only one of them/],
  [{ AIRBYTE_API: 'private' }, /AIRBYTE_API must be public, config or auto/],
  [{ ACCESS_PERMISSION: 'admin' }, /ACCESS_PERMISSION must be workspace_reader/],
  [{ SNOWFLAKE_USER: '' }, /SNOWFLAKE_USER is required with the other/],
  [{ AIRBYTE_URL: 'airbyte:8000' }, /AIRBYTE_URL must be an http\(s\) URL/],
])('the worker refuses %p', (given, message) => {
  expect(() => workerConfig({ ...required, ...given })).toThrow(message);
});

test.each([
  ['AIRBYTE_URL', workerConfig],
  ['AIRBYTE_UI_URL', workerConfig],
  ['TEMPORAL_UI_URL', gatewayConfig],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', gatewayConfig],
  ['PROVISIONER_URL', cliConfig],
])('%s has no password in it, and none is told', (name, configOf) => {
  for (const user of ['user:geheim@', 'geheim@', ':geheim@']) {
    const given = () => configOf({ ...required, [name]: `http://${user}127.0.0.1:8000` });
    expect(given).toThrow(`need mending: ${name} must have neither a user nor a password in it.`);
    expect(given).not.toThrow('geheim');
  }
});

test('a worker may know no Snowflake', () => {
  const { snowflake } = workerConfig({ AIRBYTE_WORKSPACE_ID: required.AIRBYTE_WORKSPACE_ID });
  expect(snowflake).toBeUndefined();
});

const start = async (program: string, env: Record<string, string>) => {
  const file = path.join(ROOT, 'dist', 'src', program);
  const run = promisify(execFile)(process.execPath, [file], { env });
  const failure: unknown = await run.catch((err: unknown) => err);
  return failure;
};

test('a program names all that is wrong at once, no value of it, and ends with 1', async () => {
  const env = {
    AIRBYTE_WORKSPACE_ID: 'nonsense',
    SNOWFLAKE_ROLE: 'r',
    AIRBYTE_PASSWORD: 'geheim',
    AIRBYTE_GIVE_UP_AFTER: '30',
  };
  const failure = await start('worker.js', env);
  expect(failure).toMatchObject({ code: 1 });
  const stderr = String(Reflect.get(Object(failure), 'stderr'));
  for (const name of [
    'AIRBYTE_WORKSPACE_ID',
    'AIRBYTE_GIVE_UP_AFTER',
    'SNOWFLAKE_HOST',
    'SNOWFLAKE_USER',
    'AIRBYTE_USERNAME',
  ])
    expect(stderr).toContain(name);
  expect(stderr).not.toMatch(/geheim|nonsense|\bat /);
});

test('a port that is taken is named with its variable', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? String(address.port) : '';
  const failure = await start('server.js', { PORT: port });
  server.close();
  expect(failure).toMatchObject({
    code: 1,
    stderr: `Port ${port} is taken by another program: set PORT to a free one.\n`,
  });
});

/* Timers of Node take what is longer than 24.8 days for a millisecond. */
test.each([
  'AIRBYTE_GIVE_UP_AFTER',
  'AIRBYTE_SETTLE_TIME',
  'AIRBYTE_RETRY_INITIAL',
  'AIRBYTE_RETRY_MAX_INTERVAL',
  'AIRBYTE_REQUEST_TIMEOUT',
  'DRAIN_FOR',
  'KEEP_ALIVE',
])('%s may be 24 days and no longer', (name) => {
  expect(() => gatewayConfig({ [name]: '24d' })).not.toThrow();
  expect(() => gatewayConfig({ [name]: '2073600001ms' })).toThrow(
    `${name} must not be longer than 24 d`,
  );
});

test('so may be what the worker alone knows', () => {
  const withEvery = (RECONCILE_EVERY: string) => workerConfig({ ...required, RECONCILE_EVERY });
  expect(withEvery('24d').reconcileEvery).toBe(24 * 86_400_000);
  expect(() => withEvery('2073600001ms')).toThrow('RECONCILE_EVERY must not be longer than 24 d');
});

test.each([
  ['AIRBYTE_MIN_SYNC_INTERVAL', gatewayConfig],
  ['RECONCILE_EVERY', workerConfig],
])('%s is a minute at least', (name, configOf) => {
  expect(() => configOf({ ...required, [name]: '60000ms' })).not.toThrow();
  expect(() => configOf({ ...required, [name]: '59999ms' })).toThrow(
    `${name} must be a minute or longer`,
  );
});

test('a task queue has 200 characters at most', () => {
  const named = (length: number) => () =>
    gatewayConfig({ TEMPORAL_TASK_QUEUE: 'q'.repeat(length) }).taskQueue.length;
  expect(named(200)()).toBe(200);
  expect(named(201)).toThrow('TEMPORAL_TASK_QUEUE must not be longer than 200 characters');
});

test('a version of a worker is made of 100 characters twice at most', () => {
  const versioned = (name: number, build: number) => () =>
    workerConfig({
      ...required,
      WORKER_DEPLOYMENT_NAME: 'n'.repeat(name),
      WORKER_BUILD_ID: 'b'.repeat(build),
    }).versioning?.buildId.length;
  expect(versioned(100, 100)()).toBe(100);
  expect(versioned(101, 100)).toThrow('WORKER_DEPLOYMENT_NAME must not be longer than 100');
  expect(versioned(100, 101)).toThrow('WORKER_BUILD_ID must not be longer than 100 characters');
});

test.each(['a.b', 'a:b'])('Temporal takes no worker deployment of the name %s', (name) => {
  const config = { ...required, WORKER_DEPLOYMENT_NAME: name, WORKER_BUILD_ID: '1.2' };
  expect(() => workerConfig(config)).toThrow(
    'WORKER_DEPLOYMENT_NAME must have no dot and no colon: Temporal takes none in it',
  );
});

test.each([
  [{}, []],
  [{ AIRBYTE_SETTLE_TIME: '15m' }, []],
  [
    { AIRBYTE_SETTLE_TIME: '901s' },
    [
      'AIRBYTE_SETTLE_TIME (901 s) is longer than AIRBYTE_GIVE_UP_AFTER (15 min): a step whose answer was unclear gives up before it may create again',
    ],
  ],
  [
    { AIRBYTE_GIVE_UP_AFTER: '10s', AIRBYTE_SETTLE_TIME: '5s' },
    [
      'AIRBYTE_REQUEST_TIMEOUT (30 s) is longer than AIRBYTE_GIVE_UP_AFTER (10 s): one slow call takes all the time of its step, which is not tried again',
    ],
  ],
  [
    { AIRBYTE_RETRY_INITIAL: '16m', AIRBYTE_RETRY_MAX_INTERVAL: '20m' },
    [
      'AIRBYTE_RETRY_INITIAL (16 min) is longer than AIRBYTE_GIVE_UP_AFTER (15 min): no step is tried again',
    ],
  ],
  [
    { AIRBYTE_RETRY_INITIAL: '1m' },
    [
      'AIRBYTE_RETRY_INITIAL (1 min) is longer than AIRBYTE_RETRY_MAX_INTERVAL (30 s): every wait is as long as AIRBYTE_RETRY_INITIAL',
    ],
  ],
])('both programs tell what does not fit together in %p', (given, misfits) => {
  expect(gatewayConfig(given).misfits).toEqual(misfits);
  expect(workerConfig({ ...required, ...given }).misfits).toEqual(misfits);
});

test.each([
  [0, 0],
  [1000, 1000],
  [2 ** 31 - 1, 2 ** 31 - 1],
  [2 ** 31, 2 ** 31 - 1],
  [-5, 0],
  [298_724.5, 298_725],
])('a timer takes %p ms for %p ms', (given, held) => {
  expect(forTimer(given)).toBe(held);
});

test.each([
  [0, '0 ms'],
  [500, '500 ms'],
  [1000, '1 s'],
  [1540, '1.5 s'],
  [30_000, '30 s'],
  [90_000, '90 s'],
  [900_000, '15 min'],
  [86_400_000, '1 d'],
])('%p ms are %s for people', (given, words) => {
  expect(inWords(given)).toBe(words);
});

/* Secrets in files. */

describe('a secret in a file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'provisioner-config-'));
  const file = path.join(folder, 'secret');
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const client = { ...required, AIRBYTE_CLIENT_ID: 'client' };

  test('counts as the variable; the line it ends with is no part of it', () => {
    writeFileSync(file, ' from a file\n');
    const config = workerConfig({ ...client, AIRBYTE_CLIENT_SECRET_FILE: file });
    expect(config.airbyte.auth).toMatchObject({ clientSecret: ' from a file' });
    expect(config.fingerprintKey).toBe(' from a file');
  });

  test('excludes the variable, must be there and not be empty; all problems are told', () => {
    writeFileSync(file, '\n');
    const wrong = {
      ...client,
      AIRBYTE_CLIENT_SECRET_FILE: path.join(folder, 'none'),
      SNOWFLAKE_PASSWORD_FILE: file,
      FINGERPRINT_KEY_FILE: file,
    };
    expect(() => workerConfig(wrong)).toThrow(
      /AIRBYTE_CLIENT_SECRET_FILE must name a file.*FINGERPRINT_KEY_FILE must name a file/,
    );
    expect(() => workerConfig(wrong)).toThrow(
      /SNOWFLAKE_PASSWORD and SNOWFLAKE_PASSWORD_FILE exclude each other/,
    );
  });

  test('is only looked for where the variable is a secret', () => {
    const config = workerConfig({ ...required, AIRBYTE_URL_FILE: path.join(folder, 'none') });
    expect(config.airbyte.url).toBe('http://127.0.0.1:8000');
  });
});

describe("Temporal's variables", () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'config-temporal-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const fileWith = (name: string, text: string) => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const none = path.join(folder, 'none');
  const noPem = fileWith('no.pem', 'SECRET');
  const profile = fileWith('temporal.toml', '[profile.default]\naddress = "http://a:1"\n');

  test.each([
    [{ TEMPORAL_ADDRESS: '' }, 'localhost:7233'],
    [{ TEMPORAL_ADDRESS: 'temporal.example.com' }, 'temporal.example.com'],
    [{ TEMPORAL_ADDRESS: '[::1]:7233' }, '[::1]:7233'],
    [{ TEMPORAL_ADDRESS: 'a:1', TEMPORAL_CONFIG_FILE: profile }, 'a:1'],
    [{ TEMPORAL_ADDRESS: 'b:1', TEMPORAL_CONFIG_FILE: 'none' }, 'b:1'],
  ])('%j name an address', (env, address) => {
    expect(temporalConfig({ HOME: folder, ...env }).connectionOptions.address).toBe(address);
  });

  test.each<[Record<string, string>, string]>([
    [{ TEMPORAL_ADDRESS: 'http://a:1' }, 'TEMPORAL_ADDRESS must be a host and its port'],
    [{ TEMPORAL_ADDRESS: 'a:65536' }, 'TEMPORAL_ADDRESS must be a host and its port'],
    [{ TEMPORAL_ADDRESS: 'a:1/' }, 'TEMPORAL_ADDRESS must be a host and its port'],
    [{ TEMPORAL_CONFIG_FILE: profile }, 'address in TEMPORAL_CONFIG_FILE must be a host'],
    [{ TEMPORAL_CONFIG_FILE: none }, 'TEMPORAL_CONFIG_FILE must name a file'],
    [
      { TEMPORAL_CONFIG_FILE: noPem },
      'TEMPORAL_CONFIG_FILE, or the file that is read without it, must be a TOML file',
    ],
    [{ TEMPORAL_PROFILE: 'nobody' }, 'the profile that TEMPORAL_PROFILE names'],
    [{ TEMPORAL_TLS: 'yes' }, 'TEMPORAL_TLS must be true or false'],
    [{ TEMPORAL_API_KEY: 'SECRET\n' }, 'TEMPORAL_API_KEY must be one line'],
    [{ TEMPORAL_TLS_CLIENT_CERT_PATH: none }, 'TEMPORAL_TLS_CLIENT_CERT_PATH must name a file'],
    [{ TEMPORAL_TLS_CLIENT_CERT_PATH: noPem }, 'TEMPORAL_TLS_CLIENT_KEY_PATH need each other'],
    [
      { TEMPORAL_TLS_CLIENT_CERT_PATH: noPem, TEMPORAL_TLS_CLIENT_KEY_PATH: noPem },
      'TEMPORAL_TLS_CLIENT_KEY_PATH must have a certificate and its key',
    ],
    [
      { TEMPORAL_TLS_SERVER_CA_CERT_PATH: noPem },
      'TEMPORAL_TLS_SERVER_CA_CERT_PATH must have certificates',
    ],
    [
      { TEMPORAL_TLS_CLIENT_KEY_PATH: noPem, TEMPORAL_TLS_CLIENT_KEY_DATA: 'SECRET' },
      'TEMPORAL_TLS_CLIENT_KEY_PATH and TEMPORAL_TLS_CLIENT_KEY_DATA exclude each other',
    ],
  ])('%j are refused by their names, without a value', (env, problem) => {
    const refused = () => temporalConfig({ HOME: folder, ...env });
    expect(refused).toThrow(problem);
    expect(refused).not.toThrow(/SECRET/);
  });
});

test('a part of a millisecond is a whole one, as timers take no others', () => {
  const given = { ...required, AIRBYTE_REQUEST_TIMEOUT: '0.0333s' };
  expect(workerConfig(given)).toMatchObject({ requestTimeout: 34 });
});
