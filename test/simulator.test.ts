import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID, type Simulator, startSimulator } from '../simulator/simulator';
import { createClient } from './support/simulator-client';

const aNumber: unknown = expect.any(Number);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ auth: 'none' });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { call, create, request } = createClient(() => simulator.url);

const FILE = '778daa7c-feaf-4db6-96f3-70fd645acc77';
const workspaceId = DEFAULT_WORKSPACE_ID;
const sftp = { storage: 'SFTP', user: 'reader', host: 'files.example.com', password: 'hush' };
const fileConfiguration = {
  dataset_name: 'orders',
  format: 'csv',
  url: 'sftp://files.example.com/orders.csv',
  provider: sftp,
};
const fileSource = {
  name: 'orders',
  workspaceId,
  definitionId: FILE,
  configuration: fileConfiguration,
};
const snowflake = {
  name: 'warehouse',
  workspaceId,
  configuration: {
    destinationType: 'snowflake',
    host: 'acme.snowflakecomputing.com',
    role: 'LOADER',
    warehouse: 'WH',
    database: 'DB',
    schema: 'PUBLIC',
    username: 'AIRBYTE',
    credentials: { auth_type: 'Username and Password', password: 'hush' },
  },
};

const createSource = async (change = {}) =>
  (await create('/sources', { ...fileSource, ...change })).sourceId;

const Entities = z.object({
  sources: z.array(z.looseObject({ configuration: z.unknown() })),
  destinations: z.array(z.unknown()),
  connections: z.array(z.unknown()),
});
const entities = async (query = '') => {
  const { body } = await request('GET', `/_simulator/entities${query}`);
  return Entities.parse(body);
};

const Page = z.object({
  previous: z.string(),
  next: z.string(),
  data: z.array(z.looseObject({ name: z.string() })),
});
const list = async (path: string) => Page.parse((await call('GET', path)).body);

describe('sources and destinations', () => {
  test('a created source reads back masked, without its type, and stores the secret', async () => {
    const configuration = { ...fileConfiguration, sourceType: 'file' };
    const created = await call('POST', '/sources', { name: 'orders', workspaceId, configuration });
    const { sourceId } = z.object({ sourceId: z.string() }).parse(created.body);
    expect(created).toEqual({
      status: 200,
      body: {
        sourceId,
        name: 'orders',
        sourceType: 'file',
        definitionId: FILE,
        workspaceId,
        configuration: { ...fileConfiguration, provider: { ...sftp, password: '**********' } },
        createdAt: aNumber,
      },
    });
    expect(await call('GET', `/sources/${sourceId}`)).toEqual(created);
    const { sources } = await entities('?secrets=true');
    expect(sources).toMatchObject([{ configuration: fileConfiguration }]);
  });

  test('names are not unique', async () => {
    expect(await createSource()).not.toBe(await createSource());
  });

  test.each([
    ['a missing field', { configuration: { format: 'csv' } }, 422, 'unprocessable-entity'],
    ['neither definition nor type', { definitionId: null }, 422, 'unprocessable-entity'],
    [
      'an unknown type',
      { definitionId: null, configuration: { sourceType: 'abacus' } },
      400,
      'value-not-found',
    ],
    ['an unknown definition', { definitionId: randomUUID() }, 404, 'resource-not-found'],
    ['an unknown workspace', { workspaceId: randomUUID() }, 404, 'resource-not-found'],
    ['no name', { name: undefined }, 400, 'bad-request'],
  ])('a source with %s is refused', async (_case, change, status, title) => {
    const answer = await call('POST', '/sources', { ...fileSource, ...change });
    expect(answer).toMatchObject({ status, body: { status, title, documentationUrl: null } });
    expect(await entities()).toMatchObject({ sources: [] });
  });

  test('a configuration that breaks the connector schema names the field', async () => {
    const configuration = { ...snowflake.configuration, host: 'example.com', role: 3 };
    const answer = await call('POST', '/destinations', { ...snowflake, configuration });
    expect(answer).toMatchObject({
      status: 422,
      body: { data: { message: matching(/\$\.host: .*\$\.role: must be string/s) } },
    });
  });

  test.each(['PUT', 'PATCH'])('%s with the mask keeps the stored secret', async (method) => {
    const sourceId = await createSource();
    const configuration = {
      ...fileConfiguration,
      url: 'sftp://files.example.com/new.csv',
      provider: { ...sftp, password: '**********' },
    };
    const answer = await call(method, `/sources/${sourceId}`, { name: 'renamed', configuration });
    expect(answer).toMatchObject({ status: 200, body: { name: 'renamed', configuration } });
    const { sources } = await entities('?secrets=true');
    expect(sources[0]?.configuration).toEqual({ ...configuration, provider: sftp });
  });

  test('PATCH merges deeply and keeps the keys of an abandoned variant', async () => {
    const sourceId = await createSource();
    const provider = { storage: 'S3', aws_access_key_id: 'id' };
    const answer = await call('PATCH', `/sources/${sourceId}`, { configuration: { provider } });
    expect(answer).toMatchObject({ status: 200, body: { name: 'orders' } });
    const { sources } = await entities('?secrets=true');
    expect(sources[0]?.configuration).toEqual({
      ...fileConfiguration,
      provider: { ...sftp, ...provider },
    });
  });

  test('PUT replaces the configuration and a PUT the schema refuses changes nothing', async () => {
    const sourceId = await createSource();
    const configuration = { ...fileConfiguration, provider: { storage: 'HTTPS' } };
    const put = (given: unknown) =>
      call('PUT', `/sources/${sourceId}`, { name: 'orders', configuration: given });
    expect(await put(configuration)).toMatchObject({ status: 200, body: { configuration } });
    expect(await put({})).toMatchObject({ status: 422 });
    expect(await entities()).toMatchObject({ sources: [{ configuration }] });
  });

  test('a resource allocation reads back, and none at all stays away', async () => {
    const requirements = { cpu_limit: '1', memory_limit: '1Gi' };
    const resourceAllocation = {
      default: requirements,
      jobSpecific: [{ jobType: 'sync', resourceRequirements: requirements }],
    };
    const sourceId = await createSource({ resourceAllocation });
    expect(await call('GET', `/sources/${sourceId}`)).toMatchObject({
      body: { resourceAllocation },
    });
    const { body } = await call(
      'GET',
      `/sources/${await createSource({ resourceAllocation: null })}`,
    );
    expect(body).not.toHaveProperty('resourceAllocation');
  });

  test.each([
    ['text', 'much'],
    ['a requirement that is no object', { default: 'much' }],
    ['an unknown job type', { jobSpecific: [{ jobType: 'tea', resourceRequirements: {} }] }],
  ])('a resource allocation of %s is refused', async (_case, resourceAllocation) => {
    const refused = { status: 400, body: { data: { message: matching(/^resourceAllocation/) } } };
    const sourceId = await createSource();
    expect(await call('POST', '/sources', { ...fileSource, resourceAllocation })).toMatchObject(
      refused,
    );
    expect(await call('PATCH', `/sources/${sourceId}`, { resourceAllocation })).toMatchObject(
      refused,
    );
  });

  test('a destination mirrors a source', async () => {
    const { destinationId } = await create('/destinations', snowflake);
    expect(await call('GET', `/destinations/${destinationId}`)).toMatchObject({
      status: 200,
      body: {
        destinationType: 'snowflake',
        configuration: { credentials: { password: '**********' } },
      },
    });
  });
});

describe('deletion', () => {
  test('is soft: the source reads back without configuration and is no longer listed', async () => {
    const sourceId = await createSource();
    const path = `/sources/${sourceId}`;
    expect(await call('DELETE', path)).toEqual({ status: 204, body: '' });
    expect(await call('DELETE', path)).toEqual({ status: 204, body: '' });
    const deleted = { sourceId, configuration: null };
    expect(await call('GET', path)).toMatchObject({ status: 200, body: deleted });
    expect(await list('/sources')).toMatchObject({ data: [] });
    expect(await list('/sources?includeDeleted=true')).toMatchObject({ data: [deleted] });
    expect(await entities('?includeDeleted=true')).toMatchObject({ sources: [{ deleted: true }] });
  });

  test.each(['source', 'destination'])('of a %s deprecates its connections', async (kind) => {
    const sourceId = await createSource();
    const { destinationId } = await create('/destinations', snowflake);
    const { connectionId } = await create('/connections', { sourceId, destinationId });
    await call(
      'DELETE',
      kind === 'source' ? `/sources/${sourceId}` : `/destinations/${destinationId}`,
    );
    expect(await call('GET', `/connections/${connectionId}`)).toMatchObject({
      status: 200,
      body: { status: 'deprecated' },
    });
    expect(await entities()).toMatchObject({ connections: [] });
    expect(await call('DELETE', `/connections/${connectionId}`)).toMatchObject({ status: 204 });
  });

  test('of a workspace takes everything with it and hides the workspace', async () => {
    const { workspaceId: id } = await create('/workspaces', { name: 'temporary' });
    await createSource({ workspaceId: id });
    expect(await call('DELETE', `/workspaces/${id}`)).toMatchObject({ status: 204 });
    expect(await call('GET', `/workspaces/${id}`)).toMatchObject({ status: 404 });
    expect(await entities()).toMatchObject({ sources: [] });
  });

  test.each([
    ['/sources', 'SOURCE_CONNECTION'],
    ['/destinations', 'DESTINATION_CONNECTION'],
    ['/connections', 'STANDARD_SYNC'],
    ['/workspaces', 'STANDARD_WORKSPACE'],
  ])('of an unknown id below %s is a 404 problem', async (path, resourceType) => {
    const resourceId = randomUUID();
    expect(await call('DELETE', `${path}/${resourceId}`)).toEqual({
      status: 404,
      body: {
        status: 404,
        type: 'https://reference.airbyte.com/reference/errors#resource-not-found',
        title: 'resource-not-found',
        detail: 'The requested resource could not be found.',
        documentationUrl: null,
        data: { resourceType, resourceId },
      },
    });
  });
});

describe('lists', () => {
  test('are paged, and only an empty page has no next one', async () => {
    for (const name of ['a', 'b', 'c']) await createSource({ name });
    const first = await list('/sources?limit=2');
    expect(first).toMatchObject({ previous: '', data: [{ name: 'a' }, { name: 'b' }] });
    expect(first.next).toMatch(/\/sources\?limit=2&offset=2$/);
    const last = await list('/sources?limit=2&offset=2');
    expect(last).toMatchObject({ data: [{ name: 'c' }] });
    expect(last.next).toMatch(/offset=4$/);
    expect(last.previous).toMatch(/offset=0$/);
    expect(await list('/sources?limit=2&offset=4')).toMatchObject({ next: '', data: [] });
  });

  test.each([
    ['repeated', (a: string, b: string) => `workspaceIds=${a}&workspaceIds=${b}`, 2],
    ['joined by commas', (a: string, b: string) => `workspaceIds=${a},${b}`, 2],
    ['of one', (a: string) => `workspaceIds=${a}`, 1],
    ['left out', () => '', 2],
  ])('take workspace ids %s', async (_case, query, count) => {
    const { workspaceId: other } = await create('/workspaces', { name: 'other' });
    await createSource();
    await createSource({ workspaceId: other });
    expect((await list(`/sources?${query(workspaceId, other)}`)).data).toHaveLength(count);
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'offset=-1'])('refuse %s', async (query) => {
    expect(await call('GET', `/sources?${query}`)).toMatchObject({ status: 400 });
  });
});

describe('workspaces', () => {
  test('can be created, renamed and listed', async () => {
    const { workspaceId: id } = await create('/workspaces', { name: 'mesh' });
    expect(await call('PATCH', `/workspaces/${id}`, { name: 'grid' })).toMatchObject({
      status: 200,
      body: {
        name: 'grid',
        dataResidency: 'auto',
        notifications: { success: { email: { enabled: false } } },
      },
    });
    expect(await list('/workspaces')).toMatchObject({
      data: [{ name: 'Default Workspace' }, { name: 'grid' }],
    });
  });

  test.each([
    ['no object', 'never'],
    ['no channel', { email: 'never' }],
    ['a switch that is no boolean', { email: { enabled: 'never' } }],
  ])('refuse a notification with %s', async (_case, failure) => {
    const given = { name: 'mesh', notifications: { failure } };
    const refused = {
      status: 400,
      body: { data: { message: matching(/^notifications\.failure/) } },
    };
    expect(await call('POST', '/workspaces', given)).toMatchObject(refused);
    expect(await call('PATCH', `/workspaces/${workspaceId}`, given)).toMatchObject(refused);
    expect(await list('/workspaces')).toMatchObject({ data: [{ name: 'Default Workspace' }] });
  });

  test('offer connector definitions', async () => {
    const path = `/workspaces/${workspaceId}/definitions/sources`;
    const { data } = await list(path);
    expect(data.map(({ dockerRepository }) => dockerRepository)).toContain('airbyte/source-file');
    expect(await call('GET', `${path}/${FILE}`)).toMatchObject({ status: 200, body: { id: FILE } });
    expect(await call('GET', `${path}/${randomUUID()}`)).toMatchObject({ status: 404 });
  });
});
