import { randomBytes } from 'node:crypto';
import { parse } from 'yaml';
import type { Api } from './support/airbyte-operations';
import { descriptor, request } from './support/fixtures';
import { counts, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { writtenBy } from './support/sizes';

/** Bytes, compressed, that any of a run's payloads may have here; Temporal takes 2 MiB. */
const MOST = 512 * 1024;
/** Bytes of what does not depend on how many streams there are. */
const LITTLE = 16 * 1024;
/** Besides the plan where it names streams, what an undo needs is all that may be large. */
const SNAPSHOTS = ['inspect result', 'restoreConnection input', 'restoreSource input'];

const PATIENT = {
  AIRBYTE_REQUEST_TIMEOUT: '60s',
  AIRBYTE_GIVE_UP_AFTER: '5m',
  SECRETS_ALLOWED: 'AWS_SECRET',
  AWS_SECRET: 'canary-of-a-lake',
};

/** The fixture's. */
const COMPONENT = 'urn:dmb:cmp:finance:cashflow:0:payments';

let harness: Harness;
afterEach(() => harness.stop());

const begin = async (api: Api) => {
  harness = await startHarness({ api, env: PATIENT });
};

/** Sends the wish as JSON, which is read sooner than YAML; the token, and how the run ended. */
const run = async (verb: 'provision' | 'unprovision', specific: object) => {
  const document: unknown = parse(descriptor({ environment: harness.environment }));
  const text = JSON.stringify(document, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'id' in value && value.id === COMPONENT
      ? { ...value, specific }
      : value,
  );
  const { status, text: token } = await harness.post(`/v1/${verb}`, request(text));
  if (status !== 202) throw new Error(`${String(status)} ${token}`);
  const { client } = harness;
  await client.workflow
    .getHandle(token)
    .result()
    .catch(() => undefined);
  return { token, told: await harness.finished(token) };
};

const tooLarge = async (token: string, most: number, except: string[] = []) =>
  (await writtenBy(harness, token)).filter(
    ({ what, bytes }) => bytes > most && !except.includes(what),
  );

const expectSmall = async (token: string) => {
  expect(await tooLarge(token, MOST)).toEqual([]);
  expect(await tooLarge(token, LITTLE, SNAPSHOTS)).toEqual([]);
};

const database = (connection: object = {}) => ({
  source: {
    connector: 'postgres',
    name: 'ERP',
    connectionConfiguration: { host: 'db.example.com', database: 'erp', username: 'reader' },
  },
  destination: { name: 'Warehouse', connectionConfiguration: { database: 'X', schema: 'Y' } },
  connection: { name: 'ERP to warehouse', ...connection },
});

const connectionsNow = async () => JSON.stringify((await harness.entities()).connections);

// The Config API sends every table's schema to and fro.
test.each([
  ['public', 20_000],
  ['config', 5_000],
] as const)(
  'through the %s API a source with %d tables is deployed, left alone, changed, put back and removed',
  async (api, tables) => {
    await begin(api);
    await harness.control('POST', '/seed', { tables });
    const first = await run('provision', database());
    expect(first.told.status).toBe('COMPLETED');
    const listed: unknown = expect.stringMatching(
      new RegExp(`^customers, .*, and ${String(tables - 46)} more$`),
    );
    expect(first.told.info?.publicInfo.streams).toMatchObject({ value: listed });
    await expectSmall(first.token);
    const [made] = (await harness.entities()).connections;
    expect(made?.configurations).toMatchObject({ streams: { length: tables + 4 } });

    await harness.forgetCalls();
    const second = await run('provision', database());
    expect(second.told.status).toBe('COMPLETED');
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
    await expectSmall(second.token);

    const changed = await run('provision', database({ prefix: 'erp_' }));
    expect(changed.told.status).toBe('COMPLETED');
    await expectSmall(changed.token);

    const before = await connectionsNow();
    await harness.fault({ operation: 'patchConnection', status: 422, commit: true });
    const failed = await run('provision', database({ prefix: 'refused_' }));
    expect(failed.told.status).toBe('FAILED');
    expect(failed.told.result).toContain('(put back as it was)');
    expect(failed.told.result).not.toContain('Left behind');
    expect((await connectionsNow()) === before).toBe(true);
    await expectSmall(failed.token);

    const removed = await run('unprovision', database());
    expect(removed.told.status).toBe('COMPLETED');
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
    expect(await tooLarge(removed.token, LITTLE)).toEqual([]);
  },
  600_000,
);

const secret = { secretRef: 'AWS_SECRET' };

const lake = (names: string[], stream: (name: string) => object, connection: object) => ({
  source: {
    connector: 's3',
    name: 'Lake',
    connectionConfiguration: {
      bucket: 'lake',
      region_name: 'eu-west-1',
      aws_access_key_id: secret,
      aws_secret_access_key: secret,
      streams: names.map((name) => ({ name, format: { filetype: 'csv' }, ...stream(name) })),
    },
  },
  destination: { name: 'Warehouse', connectionConfiguration: { database: 'X', schema: 'Y' } },
  connection: { name: 'Lake to warehouse', ...connection },
});

const numbered = (howMany: number, length = 0) =>
  Array.from({ length: howMany }, (_, index) =>
    `stream_${String(index).padStart(5, '0')}`.padEnd(length, 'x'),
  );

const COLUMNS = ['id', 'name', 'category', 'amount', 'currency', 'created_at'];

const twiceAndAway = async (wish: object) => {
  const first = await run('provision', wish);
  expect(first.told.status).toBe('COMPLETED');
  await harness.forgetCalls();
  const second = await run('provision', wish);
  expect(second.told.status).toBe('COMPLETED');
  expect((await harness.calls()).filter(isWrite)).toEqual([]);
  const removed = await run('unprovision', wish);
  expect(removed.told.status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  for (const { token } of [first, second, removed]) expect(await tooLarge(token, MOST)).toEqual([]);
};

test('a lake of 4,500 streams with long names is deployed twice and removed', async () => {
  await begin('public');
  const names = numbered(4500, 170);
  await twiceAndAway(lake(names, (name) => ({ globs: [`${name}/**`] }), {}));
}, 600_000);

test('4,000 streams with their columns are deployed twice and removed', async () => {
  await begin('public');
  const names = numbered(4000);
  const streams = names.map((name) => ({
    name,
    syncMode: 'full_refresh_append',
    selectedFields: COLUMNS,
  }));
  await twiceAndAway(lake(names, () => ({}), { streams }));
}, 600_000);

test('what could not be put back is not changed, and can be removed', async () => {
  await begin('public');
  await harness.run('provision');
  const [source] = (await harness.entities('?secrets=true')).sources;
  const long = randomBytes(3 * 1024 * 1024).toString('base64');
  const { name, configuration, sourceId } = source ?? { sourceId: '', name: '', configuration: {} };
  await harness.airbyte('PUT', `/sources/${sourceId}`, {
    name,
    configuration: { ...configuration, url: `https://files.example.invalid/${long}` },
  });
  await harness.forgetCalls();
  const refused = await harness.run('provision', { database: 'another' });
  expect(refused.result).toMatch(
    /^The component was not provisioned\. The source ".*" \(.*\) is too large in Airbyte to be put back if the run failed: 4\.00 MiB, and \d\.\d\d MiB compressed.*; 1\.50 MiB are possible\./,
  );
  expect((await harness.calls()).filter(isWrite)).toEqual([]);
  expect((await harness.run('unprovision')).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
}, 240_000);
