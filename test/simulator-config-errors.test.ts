import { z } from 'zod';
import {
  DEFAULT_WORKSPACE_ID,
  type SimulatorOptions,
  startSimulator,
} from '../simulator/simulator';
import { POSTGRES, postgres } from './support/simulator-bodies';
import { API, CONFIG_API, createClient, json } from './support/simulator-client';

const NOBODY = '11111111-2222-4333-8444-555555555555';
const workspaceId = DEFAULT_WORKSPACE_ID;
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const errorId = matching(/^[0-9a-f-]{36}$/);

type Client = ReturnType<typeof createClient>;

const withSimulator = async (
  options: SimulatorOptions,
  work: (client: Client) => Promise<void>,
) => {
  const simulator = await startSimulator({ auth: 'none', ...options });
  try {
    await work(createClient(() => simulator.url));
  } finally {
    await simulator.close();
  }
};

const text = (body: string) => ({ body, headers: { 'Content-Type': 'application/json' } });

/** What went wrong, the status, the explanation, and whether 2.0 still gives it. */
const refusals: [what: string, path: string, body: object, number, RegExp, explained: boolean][] = [
  [
    'an id nobody has',
    '/connections/get',
    { connectionId: NOBODY },
    404,
    new RegExp(`^Could not find configuration for STANDARD_SYNC: ${NOBODY}\\.$`),
    false,
  ],
  [
    'a configuration its connector does not take',
    '/sources/create',
    { ...postgres, connectionConfiguration: {} },
    422,
    /^The provided configuration does not fulfill the specification\. Errors: .*host/s,
    true,
  ],
  ['a missing property', '/sources/get', {}, 400, /invalid input/, false],
  ['an id that is none', '/sources/get', { sourceId: 'x' }, 422, /Invalid json/, false],
  [
    'an unknown connector',
    '/sources/create',
    { ...postgres, sourceDefinitionId: NOBODY },
    404,
    /STANDARD_SOURCE_DEFINITION/,
    false,
  ],
  [
    'a deleted workspace',
    '/workspaces/get',
    { workspaceId: NOBODY },
    404,
    /STANDARD_WORKSPACE/,
    false,
  ],
];

describe.each([
  ['up to 1.8', { version: '1.8.5' }, false],
  ['since 2.0', { version: '2.0.0' }, true],
])('errors %s', (_version, options, since2) => {
  test.each(refusals)('%s', (_what, path, body, status, message, explained) =>
    withSimulator(options, async ({ config }) => {
      const known = { message: matching(message), exceptionStack: [] };
      const answer = await config(path, body);
      if (!since2) expect(answer).toMatchObject({ status, body: known });
      else if (explained) expect(answer).toMatchObject({ status, body: { ...known, errorId } });
      else expect(answer).toEqual({ status, body: { errorId } });
    }),
  );

  test('a second sync is a conflict, a sync of an inactive connection an unexpected error', () =>
    withSimulator({ ...options, jobDuration: 60_000 }, async ({ config, createConfig, create }) => {
      const { sourceId } = await createConfig('/sources/create', postgres);
      const { destinationId } = await create('/destinations', {
        name: 'warehouse',
        workspaceId,
        configuration: {
          destinationType: 'snowflake',
          host: 'acme.snowflakecomputing.com',
          role: 'r',
          warehouse: 'w',
          database: 'd',
          schema: 's',
          username: 'u',
        },
      });
      const given = { sourceId, destinationId, status: 'active' };
      const { connectionId } = await createConfig('/connections/create', given);
      await config('/connections/sync', { connectionId });
      expect(await config('/connections/sync', { connectionId })).toMatchObject({
        status: 409,
        body: { message: `A sync is already running for: ${connectionId}` },
      });
      await config('/connections/update', { connectionId, status: 'inactive' });
      const { status, body } = await config('/connections/sync', { connectionId });
      expect(status).toBe(500);
      if (since2) expect(body).toEqual({ errorId });
      else expect(body).toMatchObject({ message: matching(/Can only sync an active connection/) });
    }));

  test('text that is not JSON', () =>
    withSimulator(options, async ({ request }) => {
      const answer = await request('POST', `${CONFIG_API}/sources/get`, text('{"sourceId":'));
      expect(answer.status).toBe(422);
      if (since2) expect(answer.body).toEqual({ errorId });
      else expect(answer.body).toMatchObject({ message: matching(/^Invalid json/) });
    }));
});

describe('faults', () => {
  test.each([
    ['1.8.5', 404, { message: 'Injected by the simulator.' }],
    ['2.0.0', 404, { errorId }],
    ['2.0.0', 409, { message: 'Injected by the simulator.', errorId }],
    ['2.0.0', 500, { errorId }],
    ['2.0.0', 429, { message: 'You are being rate limited.' }],
    ['2.0.0', 503, { errorId }],
    ['2.0.0', 401, ''],
    ['2.0.0', 504, matching(/^<html>/)],
  ])('an error injected into %s, %i, has its usual body', (version, status, body) =>
    withSimulator({ version }, async ({ config, request }) => {
      const fault = { operation: 'listSourcesForWorkspace', status };
      await request('POST', '/_simulator/faults', json(fault));
      const answer = await config('/sources/list', { workspaceId });
      expect(answer.status).toBe(status);
      if (typeof body === 'object' && body !== null && !('asymmetricMatch' in body))
        expect(answer.body).toMatchObject(body);
      else expect(answer.body).toEqual(body);
    }),
  );

  test('one of an operation that both APIs have hits either, or only the API it names', () =>
    withSimulator({}, async ({ call, config, request }) => {
      const inject = (more: object) =>
        request(
          'POST',
          '/_simulator/faults',
          json({ operation: 'getSource', status: 503, ...more }),
        );
      const statuses = async () => [
        (await call('GET', `/sources/${NOBODY}`)).status,
        (await config('/sources/get', { sourceId: NOBODY })).status,
      ];
      await inject({ times: 2 });
      expect(await statuses()).toEqual([503, 503]);
      await inject({ api: 'config', times: 2 });
      expect(await statuses()).toEqual([404, 503]);
    }));
});

const Requests = z.object({
  requests: z.array(
    z.object({ operation: z.string().nullable(), api: z.string(), changes: z.boolean() }),
  ),
});

test('each call is recorded with its API, and whether it changes something', () =>
  withSimulator({}, async ({ call, config, createConfig, request }) => {
    const { sourceId } = await createConfig('/sources/create', postgres);
    await config('/sources/check_connection', { sourceId });
    await config('/sources/discover_schema', { sourceId });
    await config('/sources/search', {});
    await config('/applications/token', {});
    await call('POST', '/applications/token', {});
    await call('GET', '/sources');
    await call('PATCH', `/sources/${sourceId}`, {});
    await config('/connections/sync', { connectionId: NOBODY });
    await config('/sources/delete', { sourceId });
    await config('/nothing');
    const { requests } = Requests.parse((await request('GET', '/_simulator/requests')).body);
    expect(requests.map(({ operation, api, changes }) => [operation, api, changes])).toEqual([
      ['createSource', 'config', true],
      ['checkConnectionToSource', 'config', false],
      ['discoverSchemaForSource', 'config', false],
      ['searchSources', 'config', false],
      ['applicationTokenRequest', 'config', false],
      ['createAccessToken', 'public', false],
      ['listSources', 'public', false],
      ['patchSource', 'public', true],
      ['syncConnection', 'config', true],
      ['deleteSource', 'config', true],
      [null, 'config', false],
    ]);
  }));

describe('what an Airbyte tells of itself', () => {
  const instance = ({ request }: Client) => request('GET', `${CONFIG_API}/instance_configuration`);

  test.each([
    ['none', {}, 'none'],
    ['oauth', {}, 'simple'],
    ['basic', {}, 'none'],
    ['oauth', { authMode: 'oidc' as const }, 'oidc'],
  ] as const)('its authentication %s %j is told as %s, to anybody', (auth, options, mode) =>
    withSimulator({ auth, ...options }, async (client) => {
      const body = { auth: { mode }, defaultWorkspaceId: workspaceId };
      expect(await instance(client)).toMatchObject({ status: 200, body });
    }),
  );

  test('its edition and version', () =>
    withSimulator({ edition: 'pro', version: '1.6.2' }, async (client) => {
      const body = { edition: 'pro', version: '1.6.2' };
      expect(await instance(client)).toMatchObject({ status: 200, body });
    }));

  test.each([
    [['config'] as const, 'text/html; charset=utf-8', 'application/json'],
    [['public'] as const, 'text/plain', 'text/html; charset=utf-8'],
    [undefined, 'text/plain', 'application/json'],
  ])('with the APIs %j, a missing one is the web app', (given, publicType, configType) =>
    withSimulator(given ? { apis: [...given] } : {}, async ({ request }) => {
      expect(await request('GET', `${API}/health`)).toMatchObject({
        status: 200,
        type: publicType,
      });
      const config = await request('GET', `${CONFIG_API}/health`);
      expect(config).toMatchObject({ status: 200, type: configType });
      const list = await request('POST', `${CONFIG_API}/source_definitions/list`, json({}));
      expect(list).toMatchObject({ status: 200, type: configType });
      if (configType === 'application/json') expect(JSON.stringify(list.body)).toMatch(POSTGRES);
    }),
  );
});
