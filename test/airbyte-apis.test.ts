import type { Airbyte, ConnectionWrite } from '../src/airbyte/workspace';
import { AirbyteError } from '../src/airbyte/errors';
import { APIS, nameIn, unreadable } from './support/airbyte-operations';
import { destination, source, startAirbyte } from './support/airbyte-clients';
import { FILE, POSTGRES, SNOWFLAKE } from './support/simulator-bodies';

const UNKNOWN = '00000000-1111-4222-8333-444444444444';

const plain: ConnectionWrite = {
  name: 'shop <> warehouse',
  status: 'active',
  schedule: { scheduleType: 'manual' },
  prefix: '',
  namespaceDefinition: 'destination',
  nonBreakingSchemaUpdatesBehavior: 'ignore',
  configurations: { streams: [{ name: 'orders', syncMode: 'full_refresh_overwrite' }] },
};
const stream = (given: ConnectionWrite['configurations']['streams'][number]) => ({
  configurations: { streams: [given] },
});

const WISHES: [string, Partial<ConnectionWrite>][] = [
  ['as little as can be', {}],
  ['a schedule', { schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ?' } }],
  ['being paused', { status: 'inactive' }],
  ['a prefix', { prefix: 'raw_' }],
  ["the source's namespaces", { namespaceDefinition: 'source' }],
  [
    'a namespace',
    { namespaceDefinition: 'custom_format', namespaceFormat: 'x_${SOURCE_NAMESPACE}' },
  ],
  ...['disable_connection', 'propagate_columns', 'propagate_fully'].map(
    (behavior): [string, Partial<ConnectionWrite>] => [
      behavior,
      { nonBreakingSchemaUpdatesBehavior: behavior },
    ],
  ),
  ['appending', stream({ name: 'orders', syncMode: 'full_refresh_append' })],
  [
    'a cursor',
    stream({ name: 'orders', syncMode: 'incremental_append', cursorField: ['updated_at'] }),
  ],
  [
    'a cursor and a key',
    stream({
      name: 'audit_log',
      syncMode: 'incremental_deduped_history',
      cursorField: ['happened_at'],
      primaryKey: [['actor'], ['action']],
    }),
  ],
  [
    'a key that a full refresh has no use for',
    stream({ name: 'orders', primaryKey: [['status']] }),
  ],
  [
    'some columns',
    stream({ name: 'customers', selectedFields: [{ fieldPath: ['id'] }, { fieldPath: ['name'] }] }),
  ],
  [
    'several streams, by namespace',
    {
      configurations: {
        streams: [
          { name: 'orders', namespace: 'public' },
          { name: 'customers', namespace: 'public' },
        ],
      },
    },
  ],
];

const makeActors = async (airbyte: Airbyte) => ({
  sourceId: (await airbyte.createActor('source', source)).id,
  destinationId: (await airbyte.createActor('destination', destination)).id,
});

/** Without what differs from one connection to the next. */
const told = async (airbyte: Airbyte, id: string) => {
  const found = await airbyte.getConnection(id);
  return { ...found, id: '', sourceId: '', destinationId: '' };
};

test.each(WISHES)('a connection with %s is the same through both APIs', async (_what, wish) => {
  const { both } = await startAirbyte();
  const ids = await makeActors(both.public);
  const wanted = { ...plain, ...wish, ...ids };
  const first = await both.public.createConnection(wanted);
  const second = await both.config.createConnection(wanted);
  const seen = await told(both.public, first.id);
  expect(seen.name).toBe(plain.name);
  expect(await told(both.public, second.id)).toEqual(seen);
  expect(await told(both.config, first.id)).toEqual(seen);

  // The same by an update of what is quite another one.
  const third = await both.config.createConnection({ ...plain, prefix: 'other_', ...ids });
  await both.config.patchConnection(third.id, { ...plain, ...wish });
  expect(await told(both.public, third.id)).toEqual(seen);
});

test('a source offers the same streams and modes through both APIs', async () => {
  const { both } = await startAirbyte();
  const ids = await makeActors(both.public);
  expect(await both.config.discover(ids)).toEqual(await both.public.discover(ids));
});

test('an update that names no streams leaves them, and what else it does not name', async () => {
  const { both } = await startAirbyte();
  const ids = await makeActors(both.config);
  const { id } = await both.config.createConnection({ ...plain, ...ids, prefix: 'raw_' });
  const before = await told(both.config, id);
  await both.config.patchConnection(id, { status: 'inactive' });
  expect(await told(both.config, id)).toEqual({ ...before, status: 'inactive' });
});

describe.each(APIS)('through the %s API', (api) => {
  const start = async (...given: Parameters<typeof startAirbyte>) => {
    const started = await startAirbyte(...given);
    const fault = (operation: string, effect: object) =>
      started.control('/faults', { operation: nameIn(api, operation), api, ...effect });
    return { ...started, airbyte: started.both[api], fault };
  };

  test('what is deleted, or never was, is absent, and can be deleted again', async () => {
    const { airbyte } = await start();
    const { sourceId, destinationId } = await makeActors(airbyte);
    const { id } = await airbyte.createConnection({ ...plain, sourceId, destinationId });
    for (let time = 0; time < 2; time += 1) {
      await airbyte.deleteConnection(id);
      expect(await airbyte.getConnection(id)).toBeUndefined();
      await airbyte.deleteActor('source', sourceId);
      await airbyte.deleteActor('destination', destinationId);
      expect(await airbyte.getActor('source', sourceId)).toBeUndefined();
      expect(await airbyte.getActor('destination', destinationId)).toBeUndefined();
    }
    await airbyte.deleteActor('source', UNKNOWN);
    await airbyte.deleteConnection(UNKNOWN);
    expect(await airbyte.getActor('source', UNKNOWN)).toBeUndefined();
    expect(await airbyte.getConnection(UNKNOWN)).toBeUndefined();
    const left = [await airbyte.listActors('source'), await airbyte.listConnections()];
    expect(left).toEqual([[], []]);
  });

  test('a connection goes with its source', async () => {
    const { airbyte } = await start();
    const { sourceId, destinationId } = await makeActors(airbyte);
    const { id } = await airbyte.createConnection({ ...plain, sourceId, destinationId });
    await airbyte.deleteActor('source', sourceId);
    expect(await airbyte.getConnection(id)).toBeUndefined();
  });

  test('finds all of several pages, and at least those whose name has a part', async () => {
    const { airbyte } = await start();
    const names = Array.from({ length: 101 }, (_, index) => `shop ${String(index)}`);
    for (const name of names) await airbyte.createActor('source', { ...source, name });
    const found = (await airbyte.listActors('source')).map(({ name }) => name);
    expect(found.toSorted()).toEqual(names.toSorted());
    const named = (await airbyte.listActors('source', { named: 'shop 10' })).map(
      ({ name }) => name,
    );
    expect(named).toEqual(expect.arrayContaining(['shop 10', 'shop 100']));
  });

  test("tells the workspace, its connectors and the form of a connector's configuration", async () => {
    const { airbyte, client } = await start();
    expect(await airbyte.getWorkspace()).toMatchObject({ id: airbyte.workspaceId });
    const elsewhere = await client({ api, workspaceId: UNKNOWN });
    expect(await elsewhere.getWorkspace()).toBeUndefined();
    const definitions = await airbyte.listDefinitions('source');
    expect(definitions.map(({ id }) => id)).toEqual(expect.arrayContaining([FILE, POSTGRES]));
    const specification = await airbyte.specificationOf('destination', SNOWFLAKE);
    expect(specification?.required).toEqual(expect.arrayContaining(['host', 'warehouse']));
    expect(await airbyte.specificationOf('source', UNKNOWN)).toBeUndefined();
  });

  test('offers the streams of a source with their columns, keys and modes', async () => {
    const { airbyte } = await start();
    const ids = await makeActors(airbyte);
    const streams = await airbyte.discover({ ...ids, ignoreCache: true });
    const orders = streams.find(({ name }) => name === 'orders');
    expect(orders).toMatchObject({ namespace: 'public', sourceDefinedPrimaryKey: [['id']] });
    expect(orders?.propertyFields).toEqual(expect.arrayContaining([['id'], ['status']]));
    expect(orders?.syncModes).toEqual(
      expect.arrayContaining(['full_refresh_overwrite', 'incremental_deduped_history']),
    );
  });

  test('runs jobs, and lists them, the newest first', async () => {
    const { airbyte } = await start({ jobDuration: 1 });
    const ids = await makeActors(airbyte);
    const { id } = await airbyte.createConnection({ ...plain, ...ids });
    const jobs = [];
    for (const jobType of ['sync', 'clear'] as const) {
      const { jobId } = await airbyte.startJob(id, jobType);
      // Some versions still call a clear a reset.
      const named: unknown = jobType === 'sync' ? jobType : expect.stringMatching(/clear|reset/);
      jobs.unshift({ jobId, jobType: named });
      while ((await airbyte.getJob(jobId)).status !== 'succeeded');
    }
    expect(await airbyte.listJobs(id)).toMatchObject(jobs);
  });

  test.each([
    ['400', { status: 400 }, { kind: 'refused', unclear: false }],
    ['403', { status: 403 }, { kind: 'refused', unclear: false }],
    ['429', { status: 429, retryAfter: 2 }, { kind: 'again', retryAfter: 2000 }],
    ['500', { status: 500 }, { kind: 'again', unclear: false }],
    ['a proxy that lost patience', { status: 504 }, { kind: 'again', unclear: true }],
    ['a broken connection', { reset: 'after' }, { kind: 'again', unclear: true }],
    ['a web page', { status: 200, html: true }, { kind: 'refused', unclear: false }],
    ['half an answer', { truncate: true }, { kind: 'again' }],
  ])('a creation that meets %s is told apart', async (_what, effect, expected) => {
    const { airbyte, fault } = await start();
    await fault('createSource', effect);
    await expect(airbyte.createActor('source', source)).rejects.toMatchObject(expected);
  });

  test('no failure of what only reads leaves anything unclear', async () => {
    const { airbyte, fault } = await start();
    await fault('listSources', { reset: 'after' });
    await expect(airbyte.listActors('source')).rejects.toMatchObject({ unclear: false });
    await fault('getStreamProperties', { status: 504 });
    const ids = await makeActors(airbyte);
    await expect(airbyte.discover(ids)).rejects.toMatchObject({ unclear: false });
  });

  test("a source that cannot be read is the connector's failure, in its words", async () => {
    const { airbyte, fault } = await start();
    const ids = await makeActors(airbyte);
    await fault('getStreamProperties', unreadable(api, 'no route to db, said hush'));
    const refusal = await airbyte.discover(ids).catch((err: unknown) => err);
    expect(refusal).toBeInstanceOf(AirbyteError);
    expect(refusal).toMatchObject({ kind: 'connector', unclear: false });
    expect(String(refusal)).toContain('no route to db, said **********');
  });
});

describe('only the Config API', () => {
  test.each([
    ['1.8.0', /fulfill the specification/],
    ['2.0.0', /fulfill the specification/],
  ])('refuses a wrong configuration in the words of %s', async (version, message) => {
    const { both } = await startAirbyte({ version });
    const wrong = { ...source, configuration: { host: 7 } };
    const refused = both.config.createActor('source', wrong);
    await expect(refused).rejects.toMatchObject({ kind: 'refused', status: 422 });
    await expect(refused).rejects.toThrow(message);
  });

  test.each([
    ['1.8.0', 500, 'Injected by the simulator.'],
    ['2.0.0', 500, 'error [0-9a-f-]{36} in its log'],
  ])('an error of %s tells what there is to tell', async (version, status, message) => {
    const { both, control } = await startAirbyte({ version });
    await control('/faults', { operation: 'listSourcesForWorkspace', status });
    await expect(both.config.listActors('source')).rejects.toThrow(new RegExp(message));
  });

  test.each([
    ['409, a sync is running', 409, 'A sync is already running for: 7', 'again'],
    ['409, the database is away', 409, 'Failed to access database', 'again'],
    ['409, a conflict that stays', 409, 'Another has that name', 'refused'],
    ['423, a sync is running', 423, 'State is locked', 'again'],
  ])('%s', async (_what, status, message, kind) => {
    const { both, control } = await startAirbyte();
    await control('/faults', { operation: 'createSource', status, body: { message } });
    await expect(both.config.createActor('source', source)).rejects.toMatchObject({ kind });
  });

  test('what a version says is deleted (410) is absent', async () => {
    const { both, control } = await startAirbyte();
    await control('/faults', { operation: 'getSource', status: 410, body: { message: 'gone' } });
    expect(await both.config.getActor('source', UNKNOWN)).toBeUndefined();
  });

  test('checks a configuration that is not saved; the public API has no check', async () => {
    const { both, control } = await startAirbyte();
    expect(await both.public.check('source', source)).toBeUndefined();
    expect(await both.config.check('source', source)).toMatchObject({ succeeded: true });
    await control('/checks', { definitionId: SNOWFLAKE, message: 'wrong password hush' });
    expect(await both.config.check('destination', destination)).toEqual({
      succeeded: false,
      message: 'wrong password **********',
    });
  });

  test('specifications are its own: without it the public API has none', async () => {
    const { both } = await startAirbyte({ apis: ['public'] });
    expect(await both.public.specificationOf('source', POSTGRES)).toBeUndefined();
  });

  test('lists whole where a version has no pages yet', async () => {
    const { both } = await startAirbyte({ version: '1.5.0' });
    for (let made = 0; made < 21; made += 1)
      await both.config.createActor('source', { ...source, name: `shop ${String(made)}` });
    expect(await both.config.listActors('source', { named: 'shop 2' })).toHaveLength(21);
  });
});
