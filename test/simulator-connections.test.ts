import { createServer, type Server } from 'node:http';
import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID, type Simulator, startSimulator } from '../simulator/simulator';
import { createClient } from './support/simulator-client';

const aNumber: unknown = expect.any(Number);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

const workspaceId = DEFAULT_WORKSPACE_ID;
const header = 'id,"name, full",amount,amount\n1,a,2,3\n';
const files: Record<string, [number, string]> = {
  '/orders.csv': [200, header],
  '/semicolons.csv': [200, '\uFEFFid;total\r\n1;2\r\n'],
  '/empty.csv': [200, ''],
  '/large.csv': [200, `id,name\n${'1,x\n'.repeat(100_000)}`],
};

let simulator: Simulator;
let fileServer: Server;
let downloads: string[];
let filesUrl: string;

beforeAll(async () => {
  fileServer = createServer((req, res) => {
    downloads.push(req.url ?? '');
    const [status, content] = files[req.url ?? ''] ?? [404, 'gone'];
    res.writeHead(status).end(content);
  });
  await new Promise<void>((resolve) => void fileServer.listen(0, '127.0.0.1', resolve));
  filesUrl = `http://127.0.0.1:${String(z.object({ port: z.number() }).parse(fileServer.address()).port)}`;
  simulator = await startSimulator({ auth: 'none', jobDuration: 200 });
});
beforeEach(() => {
  downloads = [];
  simulator.reset();
});
afterAll(async () => {
  await simulator.close();
  fileServer.closeAllConnections();
  fileServer.close();
});

const { call, create } = createClient(() => simulator.url);

const fileSource = (url: string, change = {}) => ({
  sourceType: 'file',
  dataset_name: 'orders',
  format: 'csv',
  url,
  provider: { storage: 'HTTPS' },
  ...change,
});
const postgres = {
  sourceType: 'postgres',
  host: 'db',
  port: 5432,
  database: 'shop',
  username: 'reader',
};
const snowflake = {
  destinationType: 'snowflake',
  host: 'acme.snowflakecomputing.com',
  role: 'LOADER',
  warehouse: 'WH',
  database: 'DB',
  schema: 'PUBLIC',
  username: 'AIRBYTE',
};

const createSource = async (configuration: unknown) =>
  (await create('/sources', { name: 'shop', workspaceId, configuration })).sourceId;
const createDestination = async () =>
  (await create('/destinations', { name: 'lake', workspaceId, configuration: snowflake }))
    .destinationId;
const createPair = async (configuration: unknown) => ({
  sourceId: await createSource(configuration),
  destinationId: await createDestination(),
});

const Streams = z.array(
  z.looseObject({ streamName: z.string(), propertyFields: z.array(z.array(z.string())) }),
);
const streamsOf = async (sourceId: string, query = '') =>
  Streams.parse((await call('GET', `/streams?sourceId=${sourceId}${query}`)).body);

describe('discovery', () => {
  test.each([
    ['quoted and repeated names', '/orders.csv', {}, ['id', 'name, full', 'amount', 'amount.1']],
    ['a separator', '/semicolons.csv', { reader_options: '{"sep":";"}' }, ['id', 'total']],
    ['names of its own', '/orders.csv', { reader_options: '{"names":["a","b"]}' }, ['a', 'b']],
    ['a large file', '/large.csv', {}, ['id', 'name']],
  ])('reads the columns of a CSV with %s', async (_case, file, change, columns) => {
    const sourceId = await createSource(fileSource(`${filesUrl}${file}`, change));
    expect(await streamsOf(sourceId)).toEqual([
      {
        streamName: 'orders',
        defaultCursorField: [],
        sourceDefinedCursorField: false,
        sourceDefinedPrimaryKey: [],
        propertyFields: columns.map((column) => [column]),
      },
    ]);
  });

  test('makes columns up when nobody answers at the address', async () => {
    const sourceId = await createSource(fileSource('http://127.0.0.1:1/orders.csv'));
    expect((await streamsOf(sourceId))[0]?.propertyFields).toContainEqual(['id']);
  });

  test.each([
    ['a missing file', '/missing.csv', {}],
    ['an empty file', '/empty.csv', {}],
    ['unreadable reader options', '/orders.csv', { reader_options: '{' }],
  ])('fails as the connector does on %s', async (_case, file, change) => {
    const { sourceId, destinationId } = await createPair(fileSource(`${filesUrl}${file}`, change));
    const failure = {
      status: 500,
      body: {
        title: 'unexpected-problem',
        data: { message: matching(/^Something went wrong in the connector\. logs:/) },
      },
    };
    expect(await call('GET', `/streams?sourceId=${sourceId}`)).toMatchObject(failure);
    expect(await call('POST', '/connections', { sourceId, destinationId })).toMatchObject(failure);
  });

  test('runs again only for a changed configuration or when told so', async () => {
    const { sourceId, destinationId } = await createPair(fileSource(`${filesUrl}/orders.csv`));
    await streamsOf(sourceId);
    await create('/connections', { sourceId, destinationId });
    expect(downloads).toHaveLength(1);
    await streamsOf(sourceId, '&ignoreCache=true');
    expect(downloads).toHaveLength(2);
    const configuration = { url: `${filesUrl}/large.csv` };
    await call('PATCH', `/sources/${sourceId}`, { configuration });
    await streamsOf(sourceId);
    expect(downloads).toEqual(['/orders.csv', '/orders.csv', '/large.csv']);
  });

  test('tells sync modes only for a destination', async () => {
    const { sourceId, destinationId } = await createPair(postgres);
    const [customers] = await streamsOf(sourceId, `&destinationId=${destinationId}`);
    expect(customers).toMatchObject({
      streamName: 'customers',
      streamnamespace: 'public',
      sourceDefinedPrimaryKey: [['id']],
      syncModes: [
        'full_refresh_overwrite',
        'full_refresh_append',
        'incremental_append',
        'incremental_deduped_history',
      ],
    });
    expect(await call('GET', '/streams')).toMatchObject({ status: 400 });
  });
});

describe('connections', () => {
  test('read back with every default', async () => {
    const pair = await createPair(fileSource(`${filesUrl}/orders.csv`));
    const created = await call('POST', '/connections', pair);
    const { connectionId } = z.object({ connectionId: z.string() }).parse(created.body);
    expect(created).toEqual({
      status: 200,
      body: {
        connectionId,
        ...pair,
        name: 'shop <> lake',
        workspaceId,
        status: 'active',
        schedule: { scheduleType: 'manual' },
        configurations: {
          streams: [
            {
              name: 'orders',
              syncMode: 'full_refresh_overwrite',
              cursorField: [],
              primaryKey: [],
              mappers: [],
              selectedFields: [],
            },
          ],
        },
        createdAt: aNumber,
        tags: [],
        namespaceDefinition: 'destination',
        nonBreakingSchemaUpdatesBehavior: 'ignore',
        prefix: '',
      },
    });
    expect(await call('GET', `/connections/${connectionId}`)).toEqual(created);
  });

  test.each([
    ['no stream of a database', postgres, []],
    [
      'the suggested ones of a connector',
      { sourceType: 'faker' },
      ['users', 'products', 'purchases'],
    ],
  ])('without streams take %s', async (_case, configuration, names) => {
    const pair = await createPair(configuration);
    const { body } = await call('POST', '/connections', pair);
    const streams = names.map((name) => ({ name }));
    expect(body).toMatchObject({ configurations: { streams } });
  });

  test.each([
    ['0 0 6 * * ?', '0 0 6 * * ? UTC'],
    ['0 0 6 * * ? UTC', '0 0 6 * * ? UTC'],
    ['0 30 */2 ? * MON-FRI', '0 30 */2 ? * MON-FRI UTC'],
    ['0 0 6 L * ? 2030', '0 0 6 L * ? 2030 UTC'],
  ])('take the cron %s and read it back with UTC', async (cronExpression, readBack) => {
    const pair = await createPair(fileSource(`${filesUrl}/orders.csv`));
    const schedule = { scheduleType: 'cron', cronExpression };
    expect(await call('POST', '/connections', { ...pair, schedule })).toMatchObject({
      status: 200,
      body: { schedule: { scheduleType: 'cron', cronExpression: readBack } },
    });
  });

  test.each([
    ['five fields', '0 6 * * *'],
    ['any second', '* 0 6 * * ?'],
    ['any minute', '0 * * * * ?'],
    ['two days', '0 0 6 1 * MON'],
    ['an hour too many', '0 0 25 * * ?'],
    ['words', 'every day at six o clock'],
    ['nothing', undefined],
  ])('refuse a cron of %s', async (_case, cronExpression) => {
    const pair = await createPair(fileSource(`${filesUrl}/orders.csv`));
    const schedule = { scheduleType: 'cron', cronExpression };
    expect(await call('POST', '/connections', { ...pair, schedule })).toMatchObject({
      status: 400,
      body: { title: 'bad-request', data: { message: matching(/cron expression/) } },
    });
  });

  test.each([
    ['an unknown stream', { name: 'ghosts' }, /No streams found/],
    ['no cursor', { name: 'orders', syncMode: 'incremental_append' }, /No default cursor/],
    [
      'an unknown cursor',
      { name: 'orders', syncMode: 'incremental_append', cursorField: ['x'] },
      /Invalid cursor/,
    ],
    [
      'another key than its own',
      {
        name: 'orders',
        syncMode: 'incremental_deduped_history',
        cursorField: ['updated_at'],
        primaryKey: [['total']],
      },
      /already pre-defined/,
    ],
    [
      'no key at all',
      {
        name: 'audit_log',
        syncMode: 'incremental_deduped_history',
        cursorField: ['happened_at'],
      },
      /No default primary key/,
    ],
    ['an unsupported mode', { name: 'orders', syncMode: 'full_refresh_update' }, /Cannot set sync/],
    [
      'an unknown field',
      { name: 'orders', selectedFields: [{ fieldPath: ['x'] }] },
      /Invalid fields/,
    ],
    [
      'a nested field',
      { name: 'orders', selectedFields: [{ fieldPath: ['status', 'code'] }] },
      /Nested field/,
    ],
  ])('refuse a stream with %s', async (_case, stream, message) => {
    const pair = await createPair(postgres);
    const configurations = { streams: [stream] };
    expect(await call('POST', '/connections', { ...pair, configurations })).toMatchObject({
      status: 400,
      body: { title: 'bad-request', data: { message: matching(message) } },
    });
  });

  test.each([
    ['no configuration', { type: 'hashing' }, /mapperConfiguration/],
    ['an unknown type', { type: 'shouting', mapperConfiguration: {} }, /type/],
  ])('refuse a mapper with %s', async (_case, mapper, message) => {
    const pair = await createPair(postgres);
    const configurations = { streams: [{ name: 'orders', mappers: [mapper] }] };
    expect(await call('POST', '/connections', { ...pair, configurations })).toMatchObject({
      status: 400,
      body: { data: { message: matching(message) } },
    });
  });

  test('read a mapper back as it was given', async () => {
    const pair = await createPair(postgres);
    const mapperConfiguration = { originalFieldName: 'email', newFieldName: 'mail' };
    const mappers = [{ type: 'field-renaming', mapperConfiguration }];
    const configurations = { streams: [{ name: 'customers', mappers }] };
    expect(await call('POST', '/connections', { ...pair, configurations })).toMatchObject({
      status: 200,
      body: { configurations },
    });
  });

  test('refuse the same stream twice', async () => {
    const pair = await createPair(postgres);
    const configurations = { streams: [{ name: 'orders' }, { name: 'orders' }] };
    expect(await call('POST', '/connections', { ...pair, configurations })).toMatchObject({
      status: 400,
      body: { data: { message: matching(/^Duplicate stream/) } },
    });
  });

  test('patch only what is given, and replace the streams as a set', async () => {
    const pair = await createPair(postgres);
    const incremental = {
      name: 'orders',
      syncMode: 'incremental_deduped_history',
      cursorField: ['updated_at'],
    };
    const schedule = { scheduleType: 'cron', cronExpression: '0 0 6 * * ?' };
    const configurations = { streams: [incremental, { name: 'customers' }] };
    const given = { ...pair, schedule, configurations, prefix: 'p_' };
    const { connectionId } = await create('/connections', given);
    const path = `/connections/${connectionId}`;
    const before = await call('GET', path);
    expect(before.body).toMatchObject({
      prefix: 'p_',
      configurations: {
        streams: [{ ...incremental, primaryKey: [['id']] }, { name: 'customers' }],
      },
    });
    const nothing = { name: null, schedule: null, configurations: { streams: [] } };
    expect(await call('PATCH', path, nothing)).toEqual(before);
    const customers = { streams: [{ name: 'customers', syncMode: 'full_refresh_append' }] };
    const change = { name: 'renamed', status: 'inactive', configurations: customers };
    expect(await call('PATCH', path, change)).toMatchObject({
      status: 200,
      body: { name: 'renamed', status: 'inactive', prefix: 'p_', configurations: customers },
    });
  });

  test('stay deleted, whatever a patch says', async () => {
    const { connectionId } = await create('/connections', await createPair(postgres));
    await call('DELETE', `/connections/${connectionId}`);
    expect(await call('PATCH', `/connections/${connectionId}`, { status: 'active' })).toMatchObject(
      {
        status: 200,
        body: { status: 'deprecated' },
      },
    );
  });

  test('accept a source that was deleted', async () => {
    const pair = await createPair(fileSource(`${filesUrl}/orders.csv`));
    await call('DELETE', `/sources/${pair.sourceId}`);
    expect(await call('POST', '/connections', pair)).toMatchObject({ status: 200 });
  });
});

describe('jobs', () => {
  const start = (connectionId: string, jobType = 'sync') =>
    call('POST', '/jobs', { connectionId, jobType });

  const untilDone = async (jobId: number): Promise<unknown> => {
    const { body } = await call('GET', `/jobs/${String(jobId)}`);
    const { status } = z.object({ status: z.string() }).parse(body);
    return ['pending', 'running'].includes(status) ? untilDone(jobId) : body;
  };

  test('run one at a time and succeed', async () => {
    const { connectionId } = await create('/connections', await createPair(postgres));
    const started = await start(connectionId);
    expect(started).toMatchObject({ status: 200, body: { connectionId, jobType: 'sync' } });
    expect(await start(connectionId)).toMatchObject({
      status: 409,
      body: { title: 'try-again-later' },
    });
    const { jobId } = z.object({ jobId: z.number() }).parse(started.body);
    expect(await untilDone(jobId)).toMatchObject({
      status: 'succeeded',
      duration: matching(/^PT\d+S$/),
      rowsSynced: aNumber,
    });
    expect(await start(connectionId, 'clear')).toMatchObject({ status: 200 });
    expect(await call('GET', `/jobs?connectionId=${connectionId}&jobType=sync`)).toMatchObject({
      body: { data: [{ jobId }] },
    });
  });

  test('can be cancelled once', async () => {
    const { connectionId } = await create('/connections', await createPair(postgres));
    const { jobId } = await create('/jobs', { connectionId, jobType: 'sync' });
    const path = `/jobs/${String(jobId)}`;
    expect(await call('DELETE', path)).toMatchObject({
      status: 200,
      body: { status: 'cancelled' },
    });
    expect(await call('DELETE', path)).toMatchObject({
      status: 409,
      body: { title: 'state-conflict' },
    });
  });

  test.each(['inactive', 'deprecated'])(
    'are refused for a connection that is %s',
    async (status) => {
      const { connectionId } = await create('/connections', await createPair(postgres));
      await call('PATCH', `/connections/${connectionId}`, { status });
      expect(await start(connectionId)).toMatchObject({
        status: 409,
        body: { title: 'state-conflict' },
      });
    },
  );

  test('cannot refresh', async () => {
    const { connectionId } = await create('/connections', await createPair(postgres));
    expect(await start(connectionId, 'refresh')).toMatchObject({ status: 422 });
  });
});
