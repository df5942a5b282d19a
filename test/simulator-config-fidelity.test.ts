import Ajv, { type AnySchema } from 'ajv';
import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID, type Simulator, startSimulator } from '../simulator/simulator';
import contract from './fixtures/airbyte-config-api.json';
import { customers, POSTGRES, postgres, SNOWFLAKE, snowflake } from './support/simulator-bodies';
import { CONFIG_API, createClient, json } from './support/simulator-client';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ auth: 'none', search: 'works', jobDuration: 60_000 });
});
afterAll(() => simulator.close());

const { request } = createClient(() => simulator.url);

const Operation = z.object({
  method: z.string(),
  path: z.string(),
  status: z.number(),
  answer: z.record(z.string(), z.unknown()).optional(),
});
const operations = new Map(
  Object.entries(z.record(z.string(), Operation).parse(contract.operations)),
);

const Schema = z.record(z.string(), z.unknown());

/** Nothing may be said that the contract does not name. */
const close = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== 'object' || value === null) return value;
  const closed = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, close(each)]));
  return 'properties' in value ? { additionalProperties: false, ...closed } : closed;
};
const definitions = Schema.parse(close(contract.definitions));
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });

/** What the contract has against the value; undefined when nothing. */
const faults = (schema: Record<string, unknown>, value: unknown) => {
  const whole: AnySchema = { ...schema, definitions };
  return ajv.validate(whole, value) ? undefined : ajv.errorsText();
};

const called = new Set<string>();

const Answer = z.looseObject({});

/** The operation's answer, which must be what the contract says of it. */
const call = async (id: string, body: unknown = {}) => {
  const operation = operations.get(id);
  if (!operation) throw new Error(`${id} is not in the contract`);
  const { method, path, status, answer } = operation;
  const given = method === 'get' ? {} : json(body);
  const got = await request(method.toUpperCase(), `${CONFIG_API}${path}`, given);
  expect({ id, status: got.status }).toEqual({ id, status });
  if (answer) expect({ id, faults: faults(answer, got.body) }).toEqual({ id, faults: undefined });
  called.add(id);
  return answer ? Answer.parse(got.body) : {};
};

test('the check of the contract sees a missing, an unknown and a wrong property', () => {
  const read = { $ref: '#/definitions/ConnectionReadList' };
  expect(faults(read, { connections: [] })).toBeUndefined();
  expect(faults(read, {})).toMatch('connections');
  expect(faults(read, { connections: [], more: 1 })).toMatch('additional');
  expect(faults(read, { connections: [{ status: 'asleep' }] })).toMatch('allowed values');
});

test('each answer of the Config API has the form Airbyte gives it', async () => {
  const workspaceId = DEFAULT_WORKSPACE_ID;
  await call('getHealthCheck');
  await call('getInstanceConfiguration');
  await call('getWorkspace', { workspaceId });
  const pagination = { pageSize: 10, rowOffset: 0 };
  const paginated = { workspaceIds: [workspaceId], pagination };
  await call('listWorkspacesPaginated', paginated);
  const { defaultOrganizationId: organizationId } = await call('getInstanceConfiguration');
  await call('listWorkspacesInOrganization', { organizationId });

  for (const [one, key, definitionId] of [
    ['Source', 'sourceDefinitionId', POSTGRES],
    ['Destination', 'destinationDefinitionId', SNOWFLAKE],
  ] as const) {
    await call(`list${one}Definitions`);
    await call(`list${one}DefinitionsForWorkspace`, { workspaceId });
    await call(`get${one}Definition`, { [key]: definitionId });
    await call(`get${one}DefinitionSpecification`, { [key]: definitionId, workspaceId });
  }

  const { sourceId } = await call('createSource', postgres);
  const { destinationId } = await call('createDestination', snowflake);
  const { catalog, catalogId } = await call('discoverSchemaForSource', { sourceId });
  expect(catalog).toMatchObject({ streams: [{}, {}, {}, {}] });
  const { connectionId } = await call('createConnection', {
    sourceId,
    destinationId,
    status: 'active',
    syncCatalog: { streams: [customers] },
    sourceCatalogId: catalogId,
    namespaceDefinition: 'customformat',
    namespaceFormat: 'shop',
    prefix: 'raw_',
    nonBreakingChangesPreference: 'disable',
    scheduleType: 'cron',
    scheduleData: { cron: { cronExpression: '0 0 6 * * ?', cronTimeZone: 'Europe/Rome' } },
  });

  for (const [one, id, entity] of [
    ['Source', { sourceId }, postgres],
    ['Destination', { destinationId }, snowflake],
  ] as const) {
    await call(`get${one}`, id);
    await call(`update${one}`, { ...entity, ...id, name: 'renamed' });
    await call(`partialUpdate${one}`, { ...id, name: entity.name });
    await call(`list${one}sForWorkspace`, { workspaceId });
    await call(`search${one}s`, { name: entity.name });
    await call(`checkConnectionTo${one}`, id);
    await call(`execute${one}CheckConnection`, entity);
    await call(`execute${one}CheckConnection`, { ...entity, connectionConfiguration: {} });
  }
  await call('listSourcesForWorkspacePaginated', paginated);
  await call('listDestinationsForWorkspacesPaginated', paginated);

  await call('getConnection', { connectionId });
  await call('updateConnection', { connectionId, schedule: { timeUnit: 'hours', units: 24 } });
  await call('listConnectionsForWorkspace', { workspaceId });
  await call('listAllConnectionsForWorkspace', { workspaceId });
  await call('searchConnections', { sourceId });

  const cancel = async ({ job }: Record<string, unknown>) => {
    const { id } = z.object({ id: z.number() }).parse(job);
    await call('cancelJob', { id });
    return { id };
  };
  const job = await cancel(await call('syncConnection', { connectionId }));
  await cancel(await call('clearConnection', { connectionId }));
  await call('resetConnection', { connectionId });
  await call('getJobInfo', job);
  await call('getJobInfoLight', job);
  await call('listJobsFor', { configTypes: ['sync', 'reset_connection'] });
  await call('getLastReplicationJob', { connectionId });

  const failure = { definitionId: POSTGRES, times: null };
  await request('POST', '/_simulator/checks', json(failure));
  await call('discoverSchemaForSource', { sourceId });
  await call('checkConnectionToSource', { sourceId });
  await request('DELETE', '/_simulator/checks');

  await call('deleteConnection', { connectionId });
  await call('deleteSource', { sourceId });
  await call('deleteDestination', { destinationId });
  expect([...operations.keys()].filter((id) => !called.has(id))).toEqual([
    'applicationTokenRequest',
  ]);
});

test('a token of the Config API has the form Airbyte gives it, and opens both APIs', async () => {
  const guarded = await startSimulator();
  const client = createClient(() => guarded.url);
  try {
    const credentials = { client_id: 'simulator', client_secret: 'simulator-secret' };
    const { body } = await client.config('/applications/token', credentials);
    expect(faults({ $ref: '#/definitions/AccessToken' }, body)).toBeUndefined();
    const { access_token } = z.object({ access_token: z.string() }).parse(body);
    const headers = { Authorization: `Bearer ${access_token}` };
    const statusOf = async (method: string, path: string, init: RequestInit) =>
      (await client.request(method, path, init)).status;
    expect(await statusOf('GET', '/api/public/v1/sources', { headers })).toBe(200);
    const list = { ...json({}), headers };
    expect(await statusOf('POST', `${CONFIG_API}/source_definitions/list`, list)).toBe(200);
    expect((await client.config('/source_definitions/list')).status).toBe(401);
  } finally {
    await guarded.close();
  }
});
