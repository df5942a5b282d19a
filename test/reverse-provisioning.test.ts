import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { ReverseProvisioningStatus } from '../src/contract/coordinator';
import { isRecord } from '../src/contract/json';
import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import { descriptor, request } from './support/fixtures';
import { CANARY, eventually, isWrite, startHarness } from './support/harness';
import type { Harness, HarnessOptions } from './support/harness';

const POSTGRES = 'decd338e-5647-4c0b-adf4-da0e75f5a750';
const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';
const SNOWFLAKE = '424892c4-daac-4491-b35d-c6688ba547ba';
const SPECIFIC = 'spec.mesh.specific.';

const asked = (harness: Harness, params?: object, more: object = {}) => ({
  useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0',
  environment: harness.environment,
  ...(params && { params }),
  ...more,
});

const statusOf = async (harness: Harness, token: string) => {
  const answer = await harness.call('GET', `/v1/reverse-provisioning/${token}/status`);
  expect(answer.status).toBe(200);
  return ReverseProvisioningStatus.parse(answer.json());
};

const finished = (harness: Harness, token: string) =>
  eventually(async () => {
    const seen = await statusOf(harness, token);
    return seen.status === 'RUNNING' ? undefined : seen;
  }, `the end of ${token}`);

const start = async (harness: Harness, body: object) => {
  const answer = await harness.post('/v1/reverse-provisioning', body);
  expect(answer.status).toBe(202);
  expect(answer.type).toMatch(/^text\/plain/);
  return answer.text;
};

/** Reads a connection, and sees to it that nothing was written. */
const reverse = async (harness: Harness, params?: object, more: object = {}) => {
  await harness.forgetCalls();
  const status = await finished(harness, await start(harness, asked(harness, params, more)));
  expect((await harness.calls()).filter(isWrite)).toEqual([]);
  return status;
};

const told = ({ logs = [] }: ReverseProvisioningStatus, level: string) =>
  logs.filter((log) => log.level === level).map(({ message }) => message);

/** What Witboost does with the updates: each value goes to its dotted path. */
const applied = (document: unknown, updates: Record<string, unknown>): unknown =>
  Object.entries(updates).reduce<unknown>(
    (changed, [path, value]) => withValue(changed, path.split('.'), value),
    document,
  );

const withValue = (document: unknown, [key = '', ...rest]: string[], value: unknown): unknown => {
  const record = isRecord(document) ? document : {};
  return { ...record, [key]: rest.length === 0 ? value : withValue(record[key], rest, value) };
};

const valueAt = (value: unknown, path: string[]): unknown =>
  path.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), value);

/** The descriptor of a component of which nothing is known but what the updates say. */
const descriptorFrom = (harness: Harness, updates: Record<string, unknown>) => {
  const specific = valueAt(applied({}, updates), ['spec', 'mesh', 'specific']);
  const document: unknown = parse(descriptor({ environment: harness.environment }));
  const component: unknown = valueAt(document, ['dataProduct', 'components', '1']);
  Reflect.set(Object(component), 'specific', specific);
  return stringify(document);
};

const validityOf = async (harness: Harness, text: string) =>
  (await harness.post('/v1/validate', request(text))).json();

const provision = async (harness: Harness, text: string) => {
  const answer = await harness.post('/v1/provision', request(text));
  return harness.finished(answer.text);
};

const idOf = (made: unknown, kind: string) => String(Reflect.get(Object(made), `${kind}Id`));

const make = async (harness: Harness, kind: 'source' | 'destination', actor: object) =>
  idOf(
    await harness.airbyte('POST', `/${kind}s`, { workspaceId: DEFAULT_WORKSPACE_ID, ...actor }),
    kind,
  );

const SNOWFLAKE_BY_HAND = {
  name: 'Warehouse',
  definitionId: SNOWFLAKE,
  configuration: {
    host: 'tests.snowflakecomputing.com',
    role: 'SOMEBODY',
    warehouse: 'LOADING',
    username: 'airbyte',
    database: 'SALES',
    schema: 'ORDERS',
    credentials: { auth_type: 'Username and Password', password: CANARY },
  },
};

/** A pipeline that somebody made in Airbyte's user interface. */
const makeByHand = async (harness: Harness, source: object, connection: object) => {
  const sourceId = await make(harness, 'source', source);
  const destinationId = await make(harness, 'destination', SNOWFLAKE_BY_HAND);
  const made = await harness.airbyte('POST', '/connections', {
    sourceId,
    destinationId,
    ...connection,
  });
  return idOf(made, 'connection');
};

const withHarness = async (options: HarnessOptions, act: (harness: Harness) => Promise<void>) => {
  const harness = await startHarness(options);
  try {
    await act(harness);
  } finally {
    await harness.stop();
  }
};

describe.each(['public', 'config'] as const)('with the %s API of Airbyte', (api) => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({ api });
  });
  afterAll(() => harness.stop());
  afterEach(async () => {
    await harness.clearFaults();
    await harness.resetAirbyte();
  });

  interface Wishes {
    streams?: { name: string; syncMode: string }[];
    [field: string]: unknown;
  }
  test.each<[string, Wishes, { reader_options?: string }]>([
    ['as simple as can be', {}, {}],
    [
      'with every field',
      {
        streams: [
          {
            name: 'payments',
            syncMode: 'full_refresh_append',
          },
        ],
        schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ?' },
        prefix: 'p_',
        namespaceDefinition: 'custom_format',
        namespaceFormat: '${SOURCE_NAMESPACE}_x',
        nonBreakingSchemaUpdatesBehavior: 'propagate_columns',
      },
      { reader_options: '{"sep": ";", "keep_default_na": true}' },
    ],
  ])(
    'a pipeline of ours, %s, comes back as the descriptor that leaves it as it is',
    async (...given) => {
      const [, connection, configuration] = given;
      const source = {
        name: 'Payments CSV',
        connectionConfiguration: {
          url: 'https://files.example.invalid/payments.csv',
          dataset_name: 'payments',
          ...configuration,
        },
      };
      const made = await harness.run('provision', { source, connection });
      const connectionId = String(made.info?.privateInfo.connectionId);
      const { status, updates, ...rest } = await reverse(harness, { connectionId });
      expect(status).toBe('COMPLETED');
      expect(updates).toMatchObject({
        [`${SPECIFIC}source.connector`]: 'file',
        [`${SPECIFIC}source.name`]: 'Payments CSV',
        [`${SPECIFIC}source.connectionConfiguration`]: {
          url: 'https://files.example.invalid/payments.csv',
          format: 'csv',
          dataset_name: 'payments',
          provider: { storage: 'HTTPS', user_agent: false },
        },
        [`${SPECIFIC}destination.connector`]: 'snowflake',
        [`${SPECIFIC}destination.connectionConfiguration`]: {
          database: 'MYDATABASE',
          schema: 'CASHFLOW_0',
        },
        [`${SPECIFIC}connection.name`]: 'Payments CSV <> Snowflake',
        [`${SPECIFIC}connection.streams`]: [
          { name: 'payments', syncMode: 'full_refresh_overwrite' },
        ].map((stream) => ({ ...stream, ...connection.streams?.[0] })),
        ...Object.fromEntries(
          Object.entries(connection).map(([key, value]) => [`${SPECIFIC}connection.${key}`, value]),
        ),
      });
      const configurationBack: unknown = updates[`${SPECIFIC}source.connectionConfiguration`];
      const options: unknown = Reflect.get(Object(configurationBack), 'reader_options');
      expect(options).toBe(configuration.reader_options && '{"keep_default_na":true,"sep":";"}');
      expect(told({ status, updates, ...rest }, 'INFO')).toContain(
        'Read the connection "Payments CSV <> Snowflake"',
      );
      expect(told({ status, updates, ...rest }, 'WARNING')).toEqual([]);

      const text = descriptorFrom(harness, updates);
      expect(await validityOf(harness, text)).toEqual({ valid: true });
      await harness.forgetCalls();
      expect(await provision(harness, text)).toMatchObject({ status: 'COMPLETED' });
      expect((await harness.calls()).filter(isWrite)).toEqual([]);
    },
  );

  test('a pipeline that was made by hand comes back as a descriptor that is valid', async () => {
    const connectionId = await makeByHand(
      harness,
      {
        name: 'Orders [of old]',
        definitionId: POSTGRES,
        configuration: {
          host: 'db.example.invalid',
          port: 5432,
          database: 'orders',
          username: 'reader',
          password: CANARY,
        },
      },
      { name: 'Orders' },
    );
    const status = await reverse(harness, { connectionId });
    expect(status.updates).toMatchObject({
      [`${SPECIFIC}source.connector`]: 'postgres',
      [`${SPECIFIC}source.name`]: 'Orders [of old]',
      [`${SPECIFIC}source.connectionConfiguration`]: {
        host: 'db.example.invalid',
        port: 5432,
        database: 'orders',
        username: 'reader',
      },
      [`${SPECIFIC}destination.connectionConfiguration`]: { database: 'SALES', schema: 'ORDERS' },
    });
    expect(JSON.stringify(status.updates)).not.toMatch(/password|\*\*\*|SOMEBODY|snowflakecomp/);
    expect(told(status, 'INFO')).toEqual(
      expect.arrayContaining([
        'source.connectionConfiguration.password is a secret, and left out: give it as { secretRef: NAME }',
        "destination.connectionConfiguration.credentials is the platform's to set, and left out",
      ]),
    );
    expect(told(status, 'WARNING')).toContain(
      'destination.connectionConfiguration.role is not as the platform has it: a provision will change it',
    );
    const text = descriptorFrom(harness, status.updates);
    expect(await validityOf(harness, text)).toEqual({ valid: true });
  });

  test('a source that no descriptor has a connector for comes back as a custom one', async () => {
    const source = { name: 'Samples', definitionId: FAKER, configuration: { count: 10 } };
    const connectionId = await makeByHand(harness, source, { name: 'Samples' });
    const { updates } = await reverse(harness, { connectionId });
    expect(updates).toMatchObject({
      [`${SPECIFIC}source.connector`]: 'custom',
      [`${SPECIFIC}source.definitionId`]: FAKER,
      [`${SPECIFIC}source.connectionConfiguration`]: { count: 10 },
    });
    const text = descriptorFrom(harness, updates);
    expect(await validityOf(harness, text)).toEqual({ valid: true });
  });

  test.each([
    ['params.connectionName', { connectionName: 'Payments CSV <> Snowflake' }, undefined],
    ['params.name, with blanks around it', { name: ' Payments CSV <> Snowflake ' }, undefined],
    ['catalogInfo', { connectionId: '', connectionName: null }, 'Payments CSV <> Snowflake'],
  ])('a connection is found by the name in %s', async (_where, params, name) => {
    await harness.run('provision');
    const catalogInfo = { spec: { mesh: { specific: { connection: { name } } } } };
    const status = await reverse(harness, params, name ? { catalogInfo } : {});
    expect(status.status).toBe('COMPLETED');
    expect(status.updates[`${SPECIFIC}connection.name`]).toBe('Payments CSV <> Snowflake');
  });

  const UNKNOWN = '00000000-0000-4000-8000-00000000dead';
  test.each([
    ['an unknown id', { connectionId: UNKNOWN }, `Airbyte has no connection ${UNKNOWN} in`],
    ['an id that is none', { connectionId: 'Payments' }, 'params.connectionId is not the id of'],
    [
      'a misspelt name',
      { connectionName: 'Payments CSV <> Snowflke' },
      'Did you mean "Payments CSV <> Snowflake"?',
    ],
    ['a name like no other', { connectionName: 'x' }, 'Names are compared exactly'],
    ['nothing', undefined, 'Nothing says which connection to read'],
    ['a name that is a number', { connectionName: 7 }, 'Nothing says which connection to read'],
  ])('%s is a FAILED status with the reason, and no updates', async (_case, params, problem) => {
    await harness.run('provision');
    const status = await reverse(harness, params);
    expect(status).toMatchObject({ status: 'FAILED', updates: {} });
    expect(told(status, 'ERROR')).toEqual([expect.stringContaining(problem)]);
  });

  test('two connections of one name are an error that names both', async () => {
    await harness.run('provision');
    const { sources, destinations } = await harness.entities();
    await harness.airbyte('POST', '/connections', {
      name: 'Payments CSV <> Snowflake',
      sourceId: sources[0]?.sourceId,
      destinationId: destinations[0]?.destinationId,
    });
    const status = await reverse(harness, { connectionName: 'Payments CSV <> Snowflake' });
    expect(status).toMatchObject({ status: 'FAILED', updates: {} });
    const [error = ''] = told(status, 'ERROR');
    expect(error).toContain('params.connectionId');
    for (const { connectionId } of (await harness.entities()).connections)
      expect(error).toContain(connectionId);
  });

  test('a connection of another workspace is told as one that is not there', async () => {
    const made = await harness.run('provision');
    const { sources, destinations } = await harness.entities();
    const Id = z.looseObject({
      workspaceId: z.string().default(''),
      sourceId: z.string().default(''),
      destinationId: z.string().default(''),
      connectionId: z.string().default(''),
    });
    const create = async (path: string, body: object) =>
      Id.parse(await harness.airbyte('POST', path, body));
    const { workspaceId } = await create('/workspaces', { name: 'Elsewhere' });
    const copyOf = (actor: object | undefined) => ({ ...actor, name: 'Theirs', workspaceId });
    const [source, destination] = [
      await create('/sources', copyOf(sources[0])),
      await create('/destinations', copyOf(destinations[0])),
    ];
    const { connectionId } = await create('/connections', {
      name: 'A name of others',
      sourceId: source.sourceId,
      destinationId: destination.destinationId,
    });
    const missing = '00000000-0000-4000-8000-000000000000';
    const errorsOf = async (id: string) =>
      told(await reverse(harness, { connectionId: id }), 'ERROR').map((text) =>
        text.replaceAll(id, 'ID'),
      );
    const [theirs, none] = [await errorsOf(connectionId), await errorsOf(missing)];
    expect(theirs).toEqual([expect.stringContaining('has no connection ID in this workspace')]);
    expect(theirs).toEqual(none);
    const own = await reverse(harness, { connectionId: made.info?.privateInfo.connectionId });
    expect(own).toMatchObject({ status: 'COMPLETED' });
  });

  test('a deleted connection is not there', async () => {
    const made = await harness.run('provision');
    await harness.run('unprovision');
    const status = await reverse(harness, { connectionId: made.info?.privateInfo.connectionId });
    expect(status).toMatchObject({ status: 'FAILED', updates: {} });
  });

  test('an Airbyte that does not answer is told, and a passing fault is not', async () => {
    await harness.run('provision');
    const params = { connectionName: 'Payments CSV <> Snowflake' };
    await harness.fault({ operation: 'getSource', status: 503, times: 2 });
    expect(await reverse(harness, params)).toMatchObject({ status: 'COMPLETED' });
    await harness.fault({ operation: 'listConnections', status: 503, times: 0 });
    const status = await reverse(harness, params);
    expect(status).toMatchObject({ status: 'FAILED', updates: {} });
    expect(told(status, 'ERROR')).toEqual([expect.stringContaining('503')]);
  });
});

describe('over HTTP', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.stop());

  test.each([
    ['nothing', {}],
    ['no environment', { useCaseTemplateId: 'urn:x' }],
    ['no template', { environment: 'x' }],
    ['params that are no object', { useCaseTemplateId: 'x', environment: 'x', params: 'p' }],
    [
      'a catalog-info that is text',
      { useCaseTemplateId: 'x', environment: 'x', catalogInfo: 'a: 1' },
    ],
    ['a list', []],
  ])('a body with %s is refused', async (_case, body) => {
    const answer = await harness.post('/v1/reverse-provisioning', body);
    expect(answer.status).toBe(400);
    const errors: unknown = expect.arrayContaining([expect.any(String)]);
    expect(answer.json()).toMatchObject({ errors });
  });

  test('an environment of any letters has a token of its own, the same for the same request', async () => {
    const body = asked(harness, { connectionName: 'x' });
    const token = await start(harness, { ...body, environment: 'Prö d/1' });
    expect(token).toMatch(/^reverseProvision\.Pr--d-1\.[0-9a-f]{12}$/);
    expect(await start(harness, { ...body, environment: 'Prö d/1' })).toBe(token);
    expect(await start(harness, { ...body, environment: 'Prä d/1' })).not.toBe(token);
  });

  test('the token of one family is unknown to the others', async () => {
    const token = await start(harness, asked(harness, { connectionName: 'x' }));
    const at = (route: string, which: string) =>
      harness.call('GET', `${route}/${which}/status`).then(({ status }) => status);
    expect(await at('/v1/reverse-provisioning', token)).toBe(200);
    expect(await at('/v1/provision', token)).toBe(400);
    expect(await at('/v2/validate', token)).toBe(400);
    const unknown = token.replace(/[0-9a-f]{12}$/, '0123456789ab');
    for (const other of [unknown, 'nonsense', 'reverseProvision.0123456789ab'])
      expect(await at('/v1/reverse-provisioning', other)).toBe(400);
    expect((await harness.call('DELETE', `/v1/provision/${token}`)).status).toBe(400);
  });
});

test('in the other dialect the updates are parameters', () =>
  withHarness({ env: { REVERSE_PROVISIONING_UPDATES: 'parameters' } }, async (harness) => {
    await harness.run('provision');
    const { updates } = await reverse(harness, { name: 'Payments CSV <> Snowflake' });
    expect(Object.keys(updates)).toEqual(['parameters']);
    expect(updates).toMatchObject({
      parameters: {
        source: { connector: 'file', name: 'Payments CSV' },
        destination: { connector: 'snowflake', name: 'Snowflake' },
        connection: { name: 'Payments CSV <> Snowflake', schedule: { scheduleType: 'manual' } },
      },
    });
  }));

test.each(['public', 'config'] as const)(
  'selected streams, and secrets as the references that the component has (%s API)',
  (api) =>
    withHarness(
      {
        api,
        env: { SECRETS_ALLOWED: 'ORDERS_PASSWORD', ORDERS_PASSWORD: CANARY, LOG_LEVEL: 'trace' },
      },
      async (harness) => {
        const source = {
          connector: 'postgres',
          name: 'Orders',
          connectionConfiguration: {
            host: 'db.example.invalid',
            database: 'orders',
            username: 'reader',
            password: { secretRef: 'ORDERS_PASSWORD' },
          },
        };
        const streams = [
          {
            name: 'orders',
            namespace: 'public',
            syncMode: 'incremental_deduped_history',
            cursorField: ['updated_at'],
            primaryKey: [['id']],
            selectedFields: ['id', 'status', 'updated_at'],
          },
          { name: 'order_lines', namespace: 'public', syncMode: 'full_refresh_overwrite' },
        ];
        const made = await harness.run('provision', { source, connection: { streams } });
        expect(made).toMatchObject({ status: 'COMPLETED' });
        const params = { connectionId: made.info?.privateInfo.connectionId };
        // As a catalog may show it, with more beside the name.
        const password = { secretRef: 'ORDERS_PASSWORD', label: 'Password of the reader' };
        const connectionConfiguration = { ...source.connectionConfiguration, password };
        const specific = { source: { ...source, connectionConfiguration } };
        const catalogInfo = { spec: { mesh: { specific } } };
        const token = await start(harness, asked(harness, params, { catalogInfo }));
        const status = await finished(harness, token);
        expect(status.updates).toMatchObject({
          [`${SPECIFIC}connection.streams`]: streams,
          [`${SPECIFIC}source.connectionConfiguration`]: {
            password: { secretRef: 'ORDERS_PASSWORD' },
          },
        });
        const text = descriptorFrom(harness, status.updates);
        await harness.forgetCalls();
        expect(await provision(harness, text)).toMatchObject({ status: 'COMPLETED' });
        expect((await harness.calls()).filter(isWrite)).toEqual([]);

        const history = await harness.client.workflow.getHandle(token).fetchHistory();
        const everything = [...textsIn(history), JSON.stringify(status), harness.logs()];
        expect(everything.length).toBeGreaterThan(30);
        expect(everything.filter((one) => one.includes(CANARY))).toEqual([]);
      },
    ),
);

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString()];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

test('without a worker a task runs on; a closed one is told without', () =>
  withHarness({ worker: false }, async (harness) => {
    const token = await start(harness, asked(harness));
    expect(await statusOf(harness, token)).toEqual({ status: 'RUNNING', updates: {}, logs: [] });
    const worker = await harness.startWorker();
    const status = await finished(harness, token);
    expect(status.status).toBe('FAILED');
    await worker.end();
    expect(await statusOf(harness, token)).toEqual(status);
    const other = await start(harness, asked(harness, { name: 'x' }));
    await harness.client.workflow.getHandle(other).terminate();
    const ended = await statusOf(harness, other);
    expect(ended).toMatchObject({ status: 'FAILED', updates: {} });
    expect(told(ended, 'ERROR')).toEqual([expect.stringContaining('An operator terminated')]);
  }));
