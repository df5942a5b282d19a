import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID, type Simulator, startSimulator } from '../simulator/simulator';
import { customers, postgres, snowflake } from './support/simulator-bodies';
import { createClient } from './support/simulator-client';

const workspaceId = DEFAULT_WORKSPACE_ID;

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ auth: 'none', jobDuration: 60_000 });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { call, config, create, createConfig, request } = createClient(() => simulator.url);

const createBoth = async () => {
  const { sourceId } = await createConfig('/sources/create', postgres);
  const { destinationId } = await createConfig('/destinations/create', snowflake);
  return { sourceId, destinationId };
};
const createConnection = async (change: object = {}) => {
  const given = { ...(await createBoth()), status: 'active', ...change };
  const { connectionId } = await createConfig('/connections/create', given);
  return { ...given, connectionId };
};

const secretOf = async () => {
  const { body } = await request('GET', '/_simulator/entities?secrets=true');
  const Entities = z.object({
    sources: z.tuple([z.object({ configuration: z.object({ password: z.string() }) })]),
  });
  return Entities.parse(body).sources[0].configuration.password;
};

describe('one state, seen through both APIs', () => {
  test('a source made by one is the other’s too, masked alike', async () => {
    const { sourceId } = await createBoth();
    const { connectionConfiguration, sourceDefinitionId } = postgres;
    const masked = { ...connectionConfiguration, password: '**********' };
    expect(await call('GET', `/sources/${sourceId}`)).toMatchObject({
      status: 200,
      body: { name: 'shop', definitionId: sourceDefinitionId, configuration: masked },
    });
    await call('PATCH', `/sources/${sourceId}`, { name: 'renamed' });
    expect(await config('/sources/get', { sourceId })).toMatchObject({
      status: 200,
      body: {
        sourceId,
        name: 'renamed',
        sourceDefinitionId,
        sourceName: 'Postgres',
        workspaceId,
        connectionConfiguration: masked,
      },
    });
  });

  test.each([
    ['update', '/sources/update', postgres],
    ['partial_update', '/sources/partial_update', {}],
  ])('%s with the mask keeps the stored secret', async (_name, path, change) => {
    const { sourceId } = await createBoth();
    const { connectionConfiguration } = postgres;
    const masked = { ...connectionConfiguration, host: 'other', password: '**********' };
    await config(path, { ...change, sourceId, connectionConfiguration: masked });
    expect(await config('/sources/get', { sourceId })).toMatchObject({
      body: { connectionConfiguration: { host: 'other' } },
    });
    expect(await secretOf()).toBe('hush');
  });

  test('an update replaces the configuration, a partial update merges it', async () => {
    const { sourceId } = await createBoth();
    const patch = { connectionConfiguration: { jdbc_url_params: 'a=b' } };
    await config('/sources/partial_update', { sourceId, ...patch });
    const kept = { host: 'db.example.com', jdbc_url_params: 'a=b' };
    const read = () => config('/sources/get', { sourceId });
    expect(await read()).toMatchObject({ body: { connectionConfiguration: kept } });
    await config('/sources/update', { sourceId, ...postgres });
    expect(await read()).not.toMatchObject({ body: { connectionConfiguration: kept } });
  });

  test('a connection of the Config API reads in the public one’s words', async () => {
    const { connectionId, sourceId, destinationId } = await createConnection({
      syncCatalog: { streams: [customers] },
      namespaceDefinition: 'customformat',
      namespaceFormat: 'shop',
      nonBreakingChangesPreference: 'disable',
      scheduleType: 'cron',
      scheduleData: { cron: { cronExpression: '0 0 6 * * ?', cronTimeZone: 'Europe/Rome' } },
    });
    expect(await call('GET', `/connections/${connectionId}`)).toMatchObject({
      status: 200,
      body: {
        name: 'shop <> warehouse',
        sourceId,
        destinationId,
        workspaceId,
        namespaceDefinition: 'custom_format',
        namespaceFormat: 'shop',
        nonBreakingSchemaUpdatesBehavior: 'disable_connection',
        schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ? Europe/Rome' },
        configurations: {
          streams: [
            {
              name: 'customers',
              namespace: 'public',
              syncMode: 'incremental_deduped_history',
              cursorField: ['updated_at'],
              primaryKey: [['id']],
              selectedFields: [
                { fieldPath: ['id'] },
                { fieldPath: ['name'] },
                { fieldPath: ['updated_at'] },
              ],
            },
          ],
        },
      },
    });
  });

  test('a connection of the public API reads in the Config API’s words', async () => {
    const given = await createBoth();
    const { connectionId } = await create('/connections', {
      ...given,
      name: 'shop',
      namespaceDefinition: 'custom_format',
      namespaceFormat: 'raw',
      nonBreakingSchemaUpdatesBehavior: 'disable_connection',
      schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ?' },
      configurations: {
        streams: [
          {
            name: 'customers',
            syncMode: 'incremental_deduped_history',
            cursorField: ['updated_at'],
            selectedFields: [{ fieldPath: ['id'] }, { fieldPath: ['updated_at'] }],
          },
          { name: 'orders' },
        ],
      },
    });
    expect(await config('/connections/get', { connectionId })).toMatchObject({
      status: 200,
      body: {
        ...given,
        name: 'shop',
        namespaceDefinition: 'customformat',
        namespaceFormat: 'raw',
        prefix: '',
        status: 'active',
        nonBreakingChangesPreference: 'disable',
        scheduleType: 'cron',
        scheduleData: { cron: { cronExpression: '0 0 6 * * ?', cronTimeZone: 'UTC' } },
        syncCatalog: {
          streams: [
            {
              stream: {
                name: 'customers',
                namespace: 'public',
                jsonSchema: { properties: { id: {}, updated_at: {} } },
                sourceDefinedPrimaryKey: [['id']],
              },
              config: {
                syncMode: 'incremental',
                destinationSyncMode: 'append_dedup',
                cursorField: ['updated_at'],
                primaryKey: [['id']],
                selected: true,
                suggested: false,
                fieldSelectionEnabled: true,
                selectedFields: [{ fieldPath: ['id'] }, { fieldPath: ['updated_at'] }],
              },
            },
            {
              stream: { name: 'orders' },
              config: {
                syncMode: 'full_refresh',
                destinationSyncMode: 'overwrite',
                fieldSelectionEnabled: false,
                selectedFields: [],
              },
            },
          ],
        },
      },
    });
  });

  test('what was saved is there again after a restore, and nothing else', async () => {
    const { connectionId } = await createConnection();
    await request('POST', '/_simulator/save');
    await config('/connections/delete', { connectionId });
    await createConnection();
    await request('POST', '/_simulator/restore');
    for (const path of ['/connections/list', '/connections/list_all'])
      expect(await config(path, { workspaceId })).toMatchObject({
        body: { connections: [{ connectionId, status: 'active' }] },
      });
  });

  test('a job started by one runs, and is cancelled, in the other', async () => {
    const { connectionId } = await createConnection();
    const started = await config('/connections/sync', { connectionId });
    const { job } = z.object({ job: z.object({ id: z.number() }) }).parse(started.body);
    const running = { status: 409, body: { title: 'try-again-later' } };
    expect(await call('POST', '/jobs', { connectionId, jobType: 'sync' })).toMatchObject(running);
    await call('DELETE', `/jobs/${String(job.id)}`);
    expect(await config('/jobs/get_light', job)).toMatchObject({
      status: 200,
      body: { job: { configType: 'sync', configId: connectionId, status: 'cancelled' } },
    });
  });
});

const cron = (cronExpression: string, cronTimeZone: string) => ({
  scheduleType: 'cron',
  scheduleData: { cron: { cronExpression, cronTimeZone } },
});

describe('connections', () => {
  const stream = (name: string, selected: unknown) => ({
    stream: { name },
    config: { syncMode: 'full_refresh', destinationSyncMode: 'overwrite', selected },
  });
  const namesOf = async (connectionId: string) => {
    const { body } = await config('/connections/get', { connectionId });
    const Read = z.object({
      syncCatalog: z.object({
        streams: z.array(z.object({ stream: z.object({ name: z.string() }) })),
      }),
    });
    return Read.parse(body).syncCatalog.streams.map((each) => each.stream.name);
  };

  test('without a catalog it has no stream, and its names come from the source', async () => {
    const { connectionId } = await createConnection();
    expect(await namesOf(connectionId)).toEqual([]);
    expect(await config('/connections/get', { connectionId })).toMatchObject({
      body: { namespaceDefinition: 'source', scheduleType: 'manual', syncCatalog: { streams: [] } },
    });
  });

  test('only selected streams stay, and an update’s catalog replaces them all', async () => {
    const streams = [stream('customers', true), stream('orders', false)];
    const { connectionId } = await createConnection({ syncCatalog: { streams } });
    expect(await namesOf(connectionId)).toEqual(['customers']);
    const syncCatalog = { streams: [stream('orders', true)] };
    await config('/connections/update', { connectionId, syncCatalog });
    expect(await namesOf(connectionId)).toEqual(['orders']);
  });

  test('an update keeps what is absent or null', async () => {
    const { connectionId } = await createConnection({
      syncCatalog: { streams: [customers] },
      prefix: 'raw_',
    });
    const before = await config('/connections/get', { connectionId });
    const change = { connectionId, name: null, prefix: null, syncCatalog: null };
    expect(await config('/connections/update', change)).toEqual(before);
  });

  test.each([
    ['a stream without `selected`', { streams: [stream('customers', undefined)] }, 500],
    ['one stream twice', { streams: [stream('a', true), stream('a', true)] }, 422],
    [
      'a cursor that is not selected',
      {
        streams: [
          {
            ...customers,
            config: { ...customers.config, selectedFields: [{ fieldPath: ['id'] }] },
          },
        ],
      },
      422,
    ],
  ])('%s is refused', async (_case, syncCatalog, status) => {
    const given = { ...(await createBoth()), status: 'active', syncCatalog };
    expect(await config('/connections/create', given)).toMatchObject({ status });
    expect(await config('/connections/list', { workspaceId })).toMatchObject({
      body: { connections: [] },
    });
  });

  test.each([
    ['no cron', { scheduleType: 'cron', scheduleData: {} }, 'missing-cron'],
    ['five fields', cron('0 6 * * *', 'UTC'), 'invalid-expression'],
    ['every minute', cron('0 * * * * ?', 'UTC'), 'under-one-hour-not-allowed'],
    ['a zone nobody knows', cron('0 0 6 * * ?', 'Europe/Atlantis'), 'invalid-timezone'],
  ])('a schedule with %s is refused as problem JSON', async (_case, schedule, fault) => {
    const given = { ...(await createBoth()), status: 'active', ...schedule };
    expect(await config('/connections/create', given)).toMatchObject({
      status: 400,
      body: { status: 400, type: `error:cron-validation/${fault}` },
    });
  });
});
