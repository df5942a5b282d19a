import type { SourceStream } from '../src/airbyte/workspace';
import { Connection } from '../src/descriptor/connection';
import { streamProblems } from '../activities/problems/streams';
import { counts, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';

const FULL = ['full_refresh_overwrite', 'full_refresh_append'];
const MODES = [...FULL, 'incremental_append', 'incremental_deduped_history'];

const offered = (name: string, more: Partial<SourceStream> = {}): SourceStream => ({
  name,
  namespace: 'public',
  syncModes: MODES,
  propertyFields: ['id', 'at', 'total', 'address'].map((column) => [column]),
  ...more,
});

const OFFERED = [
  offered('orders', { sourceDefinedPrimaryKey: [['id']] }),
  offered('log', { syncModes: FULL }),
  offered('users', { sourceDefinedCursorField: true, defaultCursorField: ['at'] }),
  offered('lines'),
  offered('lines', { namespace: 'archive' }),
  offered('anything', { syncModes: undefined, propertyFields: undefined }),
];

const problemsOf = (...streams: object[]) =>
  streamProblems(Connection.parse({ name: 'x', streams }).streams ?? [], OFFERED).map(
    ({ path, message }) => `${path.replace('specific.connection.', '')}: ${message}`,
  );

test.each([
  [{ name: 'orders' }],
  [{ name: 'orders', namespace: 'public', syncMode: 'incremental_append', cursorField: 'at' }],
  [{ name: 'orders', syncMode: 'incremental_deduped_history', cursorField: 'at' }],
  [
    {
      name: 'orders',
      syncMode: 'incremental_deduped_history',
      cursorField: 'at',
      primaryKey: 'id',
    },
  ],
  [{ name: 'users', syncMode: 'incremental_append' }],
  [{ name: 'users', syncMode: 'incremental_append', cursorField: 'at' }],
  [{ name: 'lines', namespace: 'archive' }],
  [{ name: 'anything', syncMode: 'incremental_append', cursorField: 'whatever' }],
  [
    {
      name: 'orders',
      syncMode: 'incremental_deduped_history',
      cursorField: 'at',
      selectedFields: ['id', 'at'],
    },
  ],
])('%j is as the source offers it', (stream) => {
  expect(problemsOf(stream)).toEqual([]);
});

test.each([
  [{ name: 'ordrs' }, 'name: the source has no stream ordrs; did you mean orders?'],
  [
    { name: 'refunds' },
    'name: the source has no stream refunds; it has orders, log, users, lines, lines, anything',
  ],
  [
    { name: 'orders', namespace: 'pubic' },
    'namespace: the source has no orders in pubic; did you mean public?',
  ],
  [{ name: 'lines' }, 'namespace: is required: lines is in public, archive'],
  [
    { name: 'log', syncMode: 'incremental_append', cursorField: 'at' },
    'syncMode: source and destination do not offer it for log; they offer full_refresh_overwrite, full_refresh_append',
  ],
  [
    { name: 'orders', syncMode: 'incremental_append' },
    'cursorField: is required for incremental_append: the source has no cursor of its own',
  ],
  [
    { name: 'orders', syncMode: 'incremental_append', cursorField: 'totl' },
    'cursorField: orders has no column totl; did you mean total?',
  ],
  [
    { name: 'users', syncMode: 'incremental_append', cursorField: 'id' },
    'cursorField: is the source’s to choose: remove it, or write at',
  ],
  [
    { name: 'users', syncMode: 'incremental_deduped_history' },
    'primaryKey: is required for incremental_deduped_history: the source has no key of its own',
  ],
  [
    { name: 'users', syncMode: 'incremental_deduped_history', primaryKey: 'uuid' },
    'primaryKey: users has no column uuid; it has id, at, total, address',
  ],
  [
    {
      name: 'orders',
      syncMode: 'incremental_deduped_history',
      cursorField: 'at',
      primaryKey: ['id', 'at'],
    },
    'primaryKey: is the source’s to choose: remove it, or write id',
  ],
  [
    { name: 'orders', selectedFields: ['id', 'adress'] },
    'selectedFields: orders has no column adress; did you mean address?',
  ],
  [
    {
      name: 'orders',
      syncMode: 'incremental_deduped_history',
      cursorField: 'at',
      selectedFields: ['total'],
    },
    'selectedFields: must have id, at: incremental_deduped_history goes by it',
  ],
])('%j is not', (stream, problem) => {
  expect(problemsOf(stream)).toEqual([`streams[0].${problem}`]);
});

test.each([
  [[['id']], 'id'],
  [[['order_id'], ['line']], '[order_id, line]'],
  [[['address', 'zip']], '[[address, zip]]'],
  [[['address', 'zip'], ['id']], '[[address, zip], [id]]'],
])('the source’s own key %j is told as a descriptor has it', (sourceDefinedPrimaryKey, written) => {
  const stream = { name: 'orders', syncMode: 'incremental_deduped_history', cursorField: 'at' };
  const { streams = [] } = Connection.parse({
    name: 'x',
    streams: [{ ...stream, primaryKey: 'total' }],
  });
  expect(streamProblems(streams, [offered('orders', { sourceDefinedPrimaryKey })])).toEqual([
    {
      path: 'specific.connection.streams[0].primaryKey',
      message: `is the source’s to choose: remove it, or write ${written}`,
    },
  ]);
});

test('all that is wrong is told at once, and a stream chosen twice too', () => {
  const incremental = { syncMode: 'incremental_append' };
  expect(
    problemsOf({ name: 'orders' }, { name: 'userz' }, { name: 'orders', ...incremental }),
  ).toEqual([
    'streams[1].name: the source has no stream userz; did you mean users?',
    'streams[2].name: orders is chosen twice',
    'streams[2].cursorField: is required for incremental_append: the source has no cursor of its own',
  ]);
});

describe('in Airbyte', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.stop());
  afterEach(() => harness.resetAirbyte());

  const source = {
    connector: 'postgres',
    name: 'ERP',
    connectionConfiguration: { host: 'db.example.com', database: 'erp', username: 'reader' },
  };

  test('a selection of streams is synced as chosen, and left alone the second time', async () => {
    const streams = [
      {
        name: 'orders',
        syncMode: 'incremental_deduped_history',
        cursorField: 'updated_at',
        selectedFields: ['id', 'updated_at', 'total'],
      },
      { name: 'audit_log', syncMode: 'full_refresh_append' },
    ];
    const changes = { source, connection: { streams } };
    expect(await harness.run('provision', changes)).toMatchObject({ status: 'COMPLETED' });
    const { connections } = await harness.entities();
    expect(connections[0]?.configurations).toMatchObject({
      streams: [
        { name: 'orders', cursorField: ['updated_at'], primaryKey: [['id']] },
        { name: 'audit_log', syncMode: 'full_refresh_append' },
      ],
    });
    await harness.forgetCalls();
    expect(await harness.run('provision', changes)).toMatchObject({ status: 'COMPLETED' });
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
  });

  test('a misspelt one fails the run with every problem, and leaves nothing', async () => {
    const streams = [{ name: 'oders' }, { name: 'customers', syncMode: 'incremental_append' }];
    const status = await harness.run('provision', { source, connection: { streams } });
    expect(status.result.split('\n')[0]).toBe(
      'The component was not provisioned. specific.connection.streams[0].name: the source has no stream oders; did you mean orders? specific.connection.streams[1].cursorField: is required for incremental_append: the source has no cursor of its own.',
    );
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  });

  const jobs = async () => (await harness.entities()).jobs.map(({ jobType }) => jobType);

  test('the first sync is started once, and only on wish', async () => {
    await harness.run('provision');
    expect(await jobs()).toEqual([]);
    const connection = { syncOnProvision: true };
    const first = await harness.run('provision', { connection });
    expect(first.info?.publicInfo.sync).toMatchObject({
      label: 'First sync',
      value: 'started (job 1)',
    });
    expect(await jobs()).toEqual(['sync']);
    await harness.forgetCalls();
    const waited = await harness.run('provision', {
      connection: { ...connection, waitForSync: true },
    });
    expect(waited.status).toBe('COMPLETED');
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
    expect(await jobs()).toEqual(['sync']);
  });

  const WAIT = { syncOnProvision: true, waitForSync: true };

  test('it is followed to its end on wish', async () => {
    const status = await harness.run('provision', { connection: WAIT });
    expect(status.info?.publicInfo.sync).toMatchObject({ value: 'succeeded (job 1)' });
    expect((await harness.entities()).jobs).toMatchObject([{ status: 'succeeded' }]);
  });

  test('one that fails, fails the run that waits for it: nothing is left', async () => {
    await harness.fault({
      operation: 'getJob',
      status: 200,
      body: { jobId: 1, status: 'failed', jobType: 'sync' },
    });
    const status = await harness.run('provision', { connection: WAIT });
    expect(status.result).toContain("The first sync, Airbyte's job 1, ended failed.");
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  });

  test('one that is running already counts as started', async () => {
    await harness.fault({ operation: 'createJob', status: 409 });
    const status = await harness.run('provision', { connection: { syncOnProvision: true } });
    expect(status.info?.publicInfo.sync).toMatchObject({ value: 'started' });
  });
});
