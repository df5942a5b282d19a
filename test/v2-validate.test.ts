import { stringify } from 'yaml';
import { ValidationStatus } from '../src/contract/coordinator';
import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import { CASHFLOW, descriptor, request } from './support/fixtures';
import type { Changes } from './support/fixtures';
import { CANARY, eventually, isWrite, startHarness, slowness } from './support/harness';
import type { Harness, HarnessOptions } from './support/harness';

const FILE = '778daa7c-feaf-4db6-96f3-70fd645acc77';
const POSTGRES = 'decd338e-5647-4c0b-adf4-da0e75f5a750';
const SOURCE = 'specific.source';
const DESTINATION = 'specific.destination';

const statusOf = async (harness: Harness, token: string) =>
  ValidationStatus.parse((await harness.call('GET', `/v2/validate/${token}/status`)).json());

const finished = (harness: Harness, token: string) =>
  eventually(async () => {
    const seen = await statusOf(harness, token);
    return seen.status === 'RUNNING' ? undefined : seen;
  }, `the end of ${token}`);

const start = async (harness: Harness, body: object) => {
  const answer = await harness.post('/v2/validate', body);
  expect(answer.status).toBe(202);
  expect(answer.type).toMatch(/^text\/plain/);
  return answer.text;
};

const verdictOn = async (harness: Harness, body: object) =>
  finished(harness, await start(harness, body));

const validate = (harness: Harness, changes: Changes = {}, more: object = {}) =>
  verdictOn(harness, {
    ...request(descriptor({ environment: harness.environment, ...changes })),
    ...more,
  });

const errorsOf = ({ info }: ValidationStatus) => info?.publicInfo.error?.errors ?? [];
const checksOf = ({ info }: ValidationStatus) => info?.privateInfo?.checks ?? [];

/** A harness for one test. */
const withHarness = async (options: HarnessOptions, act: (harness: Harness) => Promise<void>) => {
  const harness = await startHarness(options);
  try {
    await act(harness);
  } finally {
    await harness.stop();
  }
};

const makeSource = (harness: Harness, name: string) =>
  harness.airbyte('POST', '/sources', {
    name,
    workspaceId: DEFAULT_WORKSPACE_ID,
    definitionId: FILE,
    configuration: {
      dataset_name: 'x',
      format: 'csv',
      url: 'https://files.example.invalid/x.csv',
      provider: { storage: 'HTTPS' },
    },
  });

const makeDestination = async (harness: Harness) => {
  const [ours] = (await harness.entities('?secrets=true')).destinations;
  return harness.airbyte('POST', '/destinations', {
    name: ours?.name,
    definitionId: ours?.definitionId,
    configuration: ours?.configuration,
    workspaceId: DEFAULT_WORKSPACE_ID,
  });
};

const makeConnection = async (harness: Harness, name: string, sourceId?: string) => {
  const { sources, destinations } = await harness.entities();
  return harness.airbyte('POST', '/connections', {
    name,
    sourceId: sourceId ?? sources[0]?.sourceId,
    destinationId: destinations[0]?.destinationId,
  });
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

  const checked = (kind: 'source' | 'destination') =>
    api === 'config'
      ? `passed: specific.${kind}: Airbyte reaches the ${kind}`
      : `not possible: specific.${kind}: whether Airbyte reaches the ${kind} was not tried, as this API of Airbyte has no check for it`;

  test('a good descriptor is valid, each check is told, and nothing is written', async () => {
    await harness.forgetCalls();
    const status = await validate(harness);
    expect(status).toEqual({
      status: 'COMPLETED',
      info: {
        publicInfo: { valid: true },
        privateInfo: {
          checks: [
            'passed: Airbyte: answers, and takes the credentials of the provisioner',
            'passed: Airbyte: has the workspace "Default Workspace"',
            expect.stringMatching(/^passed: specific\.source: the connector File .* is available$/),
            expect.stringMatching(
              /^passed: specific\.destination: the connector Snowflake .* is available$/,
            ),
            'passed: specific.source: is new in Airbyte',
            'passed: specific.destination: is new in Airbyte',
            'passed: specific.connection.name: no other connection has this name',
            `passed: ${SOURCE}: the configuration is as the connector's specification wants it`,
            checked('source'),
            `passed: ${DESTINATION}: the configuration is as the connector's specification wants it`,
            checked('destination'),
            'not possible: specific.connection.streams: are looked at when it is deployed, as its source is not in Airbyte yet',
          ],
        },
      },
    });
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
  });

  test('what a descriptor says to no effect is told, and is no reason to refuse it', async () => {
    const status = await validate(harness, { connection: { dbtGitUrl: 'somewhere' } });
    expect(status.info?.publicInfo).toEqual({ valid: true });
    expect(checksOf(status)).toContainEqual(
      expect.stringMatching(/^warning: specific.*\.dbtGitUrl \(line \d+\): .*ignored/),
    );
  });

  test('what is provisioned already is valid, and stays as it is', async () => {
    await harness.run('provision');
    const before = await harness.entities();
    const status = await validate(harness);
    expect(errorsOf(status)).toEqual([]);
    expect(checksOf(status)).toContainEqual(
      expect.stringMatching(/^passed: specific\.source: is in Airbyte already: "Payments CSV \[/),
    );
    expect(await harness.entities()).toEqual(before);
  });

  test('everything that is in the way is told at once', async () => {
    await harness.run('provision');
    const { sources } = await harness.entities();
    await makeSource(harness, sources[0]?.name ?? '');
    await makeDestination(harness);
    await makeConnection(harness, 'Another');
    const errors = errorsOf(await validate(harness));
    expect(errors).toEqual([
      expect.stringMatching(
        /^specific\.source: Airbyte has 2 sources for this component: .*Delete/,
      ),
      expect.stringMatching(
        /^specific\.destination: Airbyte has 2 destinations for this component/,
      ),
      expect.stringMatching(/^specific\.connection: Airbyte has 2 connections for this component/),
    ]);
    const { sources: both } = await harness.entities();
    for (const { sourceId } of both) expect(errors[0]).toContain(sourceId);
  });

  const makeNamesake = async (sourceName: string) => {
    await harness.run('provision', { component: 'others', connection: { name: 'Others' } });
    const made = await makeSource(harness, sourceName);
    const sourceId = String(Reflect.get(Object(made), 'sourceId'));
    await makeConnection(harness, 'Payments CSV <> Snowflake', sourceId);
    const { connections } = await harness.entities();
    return connections.find((one) => one.sourceId === sourceId)?.connectionId ?? '';
  };

  test("a connection of nobody's with the same name is in the way, as it is for a provision", async () => {
    const id = await makeNamesake('By hand');
    const [error = '', ...more] = errorsOf(await validate(harness));
    expect(more).toEqual([]);
    expect(error).toContain(
      `specific.connection.name: is the name of a connection that is in Airbyte already, "Payments CSV <> Snowflake" (${id}), and none of this component's`,
    );
    expect(error).toContain(`specific.connection.adopt: ${id}`);
    const { status, result } = await harness.run('provision');
    expect(status).toBe('FAILED');
    for (const sentence of error.split('. ')) expect(result).toContain(sentence.replace(/\.$/, ''));
  });

  test("one of another component's is told only: each has its own", async () => {
    const id = await makeNamesake('Loads [other/a.b.0.c]');
    const status = await validate(harness);
    expect(errorsOf(status)).toEqual([]);
    const words = `specific.connection.name: is the name of another connection too, "Payments CSV <> Snowflake" (${id}), of other/a.b.0.c, and schedulers find connections by their names`;
    expect(checksOf(status)).toContain(`warning: ${words}`);
    const run = await harness.run('provision');
    expect(run.status).toBe('COMPLETED');
    expect(run.logs?.map(({ message }) => message)).toContain(words);
  });

  test('a connection that writes elsewhere is told', async () => {
    await harness.run('provision', { component: 'others', connection: { name: 'Others' } });
    const key = `${harness.environment}/finance.cashflow.0.payments`;
    const made = await makeSource(harness, `Payments CSV [${key}]`);
    await makeConnection(harness, 'Astray', String(Reflect.get(Object(made), 'sourceId')));
    expect(errorsOf(await validate(harness))).toEqual([
      expect.stringMatching(
        /^specific\.connection: "Astray" \(.*\) reads this component's source but writes to a destination that is not the component's/,
      ),
    ]);
  });

  test('a source of another connector is told', async () => {
    await harness.run('provision');
    const errors = errorsOf(
      await validate(harness, {
        source: {
          connector: 'custom',
          name: 'Payments CSV',
          definitionName: 'Sample Data',
          connectionConfiguration: {},
        },
      }),
    );
    expect(errors).toEqual([
      expect.stringMatching(
        /^specific\.source\.connector: is another one than that of the source "Payments CSV \[.*Undeploy/,
      ),
    ]);
  });

  test.each([
    [
      'an unknown id',
      { definitionId: DEFAULT_WORKSPACE_ID },
      /source\.connector: custom \(.*\) is not/,
    ],
    [
      'a misspelt name',
      { definitionName: 'Sampel Data' },
      /source\.definitionName: "Sampel Data" is not .*; did you mean Sample Data\?/,
    ],
  ])('a connector that Airbyte lacks is told, by %s', async (_case, which, problem) => {
    const source = { connector: 'custom', name: 'X', connectionConfiguration: {}, ...which };
    expect(errorsOf(await validate(harness, { source }))).toEqual([expect.stringMatching(problem)]);
  });

  test('a configuration is compared with the specification that Airbyte serves', async () => {
    const source = {
      connector: 'custom',
      name: 'Orders',
      definitionId: POSTGRES,
      connectionConfiguration: { host: 'db', port: 'x', username: 7 },
    };
    const status = await validate(harness, { source });
    expect(errorsOf(status).sort()).toEqual([
      'specific.source.connectionConfiguration.database: is required',
      'specific.source.connectionConfiguration.port: must be integer',
      'specific.source.connectionConfiguration.username: must be string',
    ]);
    expect(checksOf(status).filter((line) => line.includes('Airbyte reaches the source'))).toEqual(
      [],
    );
  });

  test('a secret that nobody has is told by its path', async () => {
    const source = {
      connector: 'custom',
      name: 'Orders',
      definitionId: POSTGRES,
      connectionConfiguration: { password: { secretRef: 'NOBODYS' } },
    };
    expect(errorsOf(await validate(harness, { source }))).toEqual([
      'specific.source.connectionConfiguration.password: the secret "NOBODYS" is not one that descriptors may use. Name another secret, or ask the platform operator to add NOBODYS to SECRETS_ALLOWED.',
    ]);
  });

  test.each([
    ['answers 503', { operation: 'getWorkspace', status: 503, times: 0 }, /503/],
    ['hangs up', { operation: 'getWorkspace', reset: 'before', times: 0 }, /hung up/],
    [
      'takes no credentials',
      { operation: 'getWorkspace', status: 403, times: 0 },
      /403 .* credentials/,
    ],
  ])('an Airbyte that %s is a finding', async (_what, fault, problem) => {
    await harness.fault(fault);
    const status = await validate(harness);
    expect(status.status).toBe('COMPLETED');
    expect(errorsOf(status)).toEqual([expect.stringMatching(/^Airbyte: /)]);
    expect(errorsOf(status)[0]).toMatch(problem);
    expect(checksOf(status).at(-1)).toBe('not possible: Airbyte: nothing else was checked there');
  });

  test('an Airbyte that goes down in the middle is one finding', async () => {
    for (const operation of ['listSources', 'listConnections'])
      await harness.fault({ operation, status: 503, times: 0 });
    const status = await validate(harness);
    expect(errorsOf(status)).toEqual([expect.stringMatching(/^Airbyte: .*503/)]);
  });

  test('a passing fault changes nothing of the verdict', async () => {
    await harness.fault({ operation: 'listConnections', status: 503, times: 2 });
    expect(errorsOf(await validate(harness))).toEqual([]);
  });

  test("another component's descriptor, in any state, is none of the run's business", async () => {
    await harness.run('provision', { component: 'others', connection: { name: 'Others' } });
    expect(errorsOf(await validate(harness))).toEqual([]);
  });

  test('all components of ours in a data product are validated in one run', async () => {
    const component = (name: string, url: string) => ({
      kind: 'workload',
      id: `urn:dmb:cmp:finance:cashflow:0:${name}`,
      technology: 'airbyte',
      specific: {
        source: { name, connectionConfiguration: { url, dataset_name: name } },
        destination: { name: 'Snowflake' },
        connection: { name: 'The same' },
      },
    });
    const product = {
      id: 'urn:dmb:dp:finance:cashflow:0',
      name: 'Cash Flow',
      domain: 'finance',
      version: '0.2.0',
      environment: harness.environment,
      components: [
        component('payments', 'https://files.example.invalid/p.csv'),
        component('refunds', 'https://files.example.invalid/r.csv'),
        { kind: 'storage', id: 'whatever' },
      ],
    };
    const token = await start(harness, { descriptor: stringify(product) });
    expect(token).toMatch(/^validateProduct\.test-.*\.finance\.cashflow\.0\.[0-9a-f]{12}$/);
    const status = await finished(harness, token);
    expect(errorsOf(status)).toEqual([]);
    const schedulers = 'and schedulers find connections by their names';
    expect(checksOf(status)).toEqual(
      expect.arrayContaining([
        `warning: payments.specific.connection.name: is that of refunds.specific too, ${schedulers}`,
        `warning: refunds.specific.connection.name: is that of payments.specific too, ${schedulers}`,
      ]),
    );
    const body = { descriptorKind: 'DATAPRODUCT_DESCRIPTOR', descriptor: stringify(product) };
    const deployed = await harness.post('/v1/provision', body);
    expect((await harness.finished(deployed.text)).status).toBe('COMPLETED');
  });
});

test("Airbyte's own check that fails makes a descriptor invalid, in Airbyte's words without secrets", () =>
  withHarness({ api: 'config' }, async (harness) => {
    await harness.control('POST', '/checks', {
      definitionId: FILE,
      message: `No such file, ${CANARY}.`,
    });
    const status = await validate(harness);
    expect(errorsOf(status)).toEqual([
      'specific.source: Airbyte does not reach the source: No such file, **********.',
    ]);
    await harness.control('POST', '/checks', { definitionId: FILE, job: true, times: null });
    const broken = await validate(harness);
    expect(errorsOf(broken)).toHaveLength(1);
  }));

test('an Airbyte that cannot run its own check leaves that open', () =>
  withHarness({ api: 'config' }, async (harness) => {
    await harness.fault({ operation: 'executeSourceCheckConnection', status: 502, times: 0 });
    const status = await validate(harness);
    expect(errorsOf(status)).toEqual([]);
    expect(checksOf(status)).toContainEqual(
      expect.stringMatching(/^not possible: specific\.source: Airbyte answered 502/),
    );
  }));

test('an Airbyte that does not list its connectors leaves that open', () =>
  withHarness({ api: 'public' }, async (harness) => {
    for (const operation of ['listSourceDefinitions', 'listDestinationDefinitions'])
      await harness.fault({ operation, status: 404 });
    const status = await validate(harness);
    expect(errorsOf(status)).toEqual([]);
    expect(checksOf(status).filter((line) => line.startsWith('not possible'))).toContain(
      'not possible: specific.source: this Airbyte does not tell which source connectors it has',
    );
  }));

test.each([
  [
    'without a Snowflake',
    {
      SNOWFLAKE_HOST: '',
      SNOWFLAKE_ROLE: '',
      SNOWFLAKE_WAREHOUSE: '',
      SNOWFLAKE_USER: '',
      SNOWFLAKE_PASSWORD: '',
    },
    /^specific\.destination: This provisioner knows no Snowflake to write to/,
  ],
  [
    'with a workspace that is not there',
    { AIRBYTE_WORKSPACE_ID: '00000000-0000-4000-8000-000000000000' },
    /^Airbyte: has no workspace 00000000-0000-4000-8000-000000000000\. .*AIRBYTE_WORKSPACE_ID/,
  ],
  [
    'with wrong credentials',
    { AIRBYTE_CLIENT_SECRET: `wrong-${CANARY}` },
    /^Airbyte: Airbyte answered 400 to POST \/applications\/token: .*credentials/,
  ],
  [
    'that reaches no Airbyte',
    { AIRBYTE_URL: 'http://127.0.0.1:9' },
    /^Airbyte: .*could not be reached/,
  ],
])('what a worker %s cannot provision is not valid', (_case, env, problem) =>
  withHarness({ env }, async (harness) => {
    const status = await validate(harness);
    expect(status.status).toBe('COMPLETED');
    expect(errorsOf(status)).toEqual([expect.stringMatching(problem)]);
  }),
);

describe('over HTTP', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.stop());

  test.each([
    ['a bad field', CASHFLOW.replace('format: csv', 'format: cvs')],
    ['a secret in clear', CASHFLOW.replace('user_agent: false', `password: ${CANARY}`)],
    ['no product id', CASHFLOW.replace(/^ {2}id: .*\n/m, '')],
    ['broken YAML', 'a: ['],
    ['nothing that is known', 'poem: roses'],
  ])('a descriptor with %s gets a token, and the problems of /v1/validate', async (_case, text) => {
    const body = request(text);
    const told = (await harness.post('/v1/validate', body)).json();
    const problems: unknown = Reflect.get(Object(Reflect.get(Object(told), 'error')), 'errors');
    const status = await verdictOn(harness, body);
    expect(status.status).toBe('COMPLETED');
    expect(errorsOf(status)).toEqual(problems);
    expect(checksOf(status).at(-1)).toBe(
      'not possible: Airbyte: nothing was checked there, as the descriptor cannot be read',
    );
  });

  test('thousands of problems are told in part', async () => {
    const keys = Array.from({ length: 3000 }, (_, n) => `k${String(n)}: { password: x }`).join(
      ', ',
    );
    const text = CASHFLOW.replace('dbtGitUrl: null', `odd: { ${keys} }`);
    const errors = errorsOf(await verdictOn(harness, request(text)));
    expect(errors).toHaveLength(201);
    expect(errors.at(-1)).toMatch(/^request: has \d+ more problems$/);
  });

  test('the token names the component where the descriptor tells it', async () => {
    const good = await start(harness, { descriptor: CASHFLOW });
    expect(good).toMatch(/^validate\.development\.finance\.cashflow\.0\.payments\.[0-9a-f]{12}$/);
    const bad = await start(harness, { descriptor: 'a: [' });
    expect(bad).toMatch(/^validate\.unreadable\.[0-9a-f]{12}$/);
    expect(await start(harness, { descriptor: CASHFLOW })).toBe(good);
    expect(await start(harness, { descriptor: `${CASHFLOW}\n` })).not.toBe(good);
  });

  test.each([
    ['no descriptor', {}],
    ['an empty one', { descriptor: '' }],
    ['a descriptor that is no text', { descriptor: { a: 1 } }],
    ['an unknown kind', { descriptor: CASHFLOW, descriptorKind: 'POEM' }],
    ['a list', []],
  ])('a body with %s is refused', async (_case, body) => {
    const answer = await harness.post('/v2/validate', body);
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ errors: [expect.any(String)] });
  });

  test('the token of one family is unknown to the others', async () => {
    const validation = await start(harness, { descriptor: CASHFLOW });
    const provisioning = await harness.start('provision');
    const at = (route: string, token: string) =>
      harness.call('GET', `${route}/${token}/status`).then(({ status }) => status);
    expect(await at('/v2/validate', validation)).toBe(200);
    expect(await at('/v1/provision', validation)).toBe(400);
    expect(await at('/v1/reverse-provisioning', validation)).toBe(400);
    expect(await at('/v2/validate', provisioning)).toBe(400);
    expect(await at('/v1/reverse-provisioning', provisioning)).toBe(400);
    const unknown = validation.replace(/[0-9a-f]{12}$/, '0123456789ab');
    for (const token of [unknown, 'nonsense', 'validate.0123456789ab']) {
      const answer = await harness.call('GET', `/v2/validate/${token}/status`);
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ inputErrorField: 'token' });
    }
    await harness.finished(provisioning);
  });

  test('the DELETE of a validation is refused: only provisioning ends like that', async () => {
    const token = await start(harness, { descriptor: CASHFLOW });
    expect((await harness.call('DELETE', `/v1/provision/${token}`)).status).toBe(400);
  });
});

test('without a worker a validation runs on; a closed one is told without', () =>
  withHarness({ worker: false }, async (harness) => {
    const token = await start(harness, request(descriptor({ environment: harness.environment })));
    expect(await statusOf(harness, token)).toEqual({ status: 'RUNNING' });
    const worker = await harness.startWorker();
    const status = await finished(harness, token);
    expect(status.info?.publicInfo).toEqual({ valid: true });
    await worker.end();
    expect(await statusOf(harness, token)).toEqual(status);

    const other = await start(harness, { descriptor: 'a: [' });
    await harness.client.workflow.getHandle(other).terminate();
    expect(await statusOf(harness, other)).toEqual({
      status: 'FAILED',
      info: {
        publicInfo: {
          valid: false,
          error: { errors: [expect.stringMatching(/^An operator terminated the run/)] },
        },
      },
    });
  }));

test('a check that breaks is left open, and says why', () =>
  withHarness(
    {
      env: {
        SNOWFLAKE_PASSWORD: '',
        SNOWFLAKE_PRIVATE_KEY_FILE: '/nowhere/key.p8',
        AIRBYTE_GIVE_UP_AFTER: '2s',
      },
    },
    async (harness) => {
      const status = await validate(harness);
      expect(status.status).toBe('COMPLETED');
      expect(errorsOf(status)).toEqual([]);
      expect(checksOf(status)).toContainEqual(
        expect.stringMatching(
          /^not possible: specific\.destination: The file SNOWFLAKE_PRIVATE_KEY_FILE names cannot be read/,
        ),
      );
    },
  ));

const component = (index: number, streams?: object[]) => {
  const name = `c${String(index)}`;
  return {
    kind: 'workload',
    id: `urn:dmb:cmp:finance:cashflow:0:${name}`,
    technology: 'airbyte',
    specific: {
      source: {
        name,
        connectionConfiguration: { url: 'https://files.example.invalid/p.csv', dataset_name: name },
      },
      destination: { name: 'Snowflake' },
      connection: { name: `Connection of ${name}`, ...(streams && { streams }) },
    },
  };
};

const productOf = ({ environment }: Harness, components: object[]) => ({
  descriptor: stringify({
    id: 'urn:dmb:dp:finance:cashflow:0',
    name: 'Cash Flow',
    domain: 'finance',
    version: '0.2.0',
    environment,
    components,
  }),
});

const verdictsOf = (status: ValidationStatus) => {
  const counted = new Map<string, number>();
  for (const line of checksOf(status)) {
    const verdict = line.split(':')[0] ?? '';
    counted.set(verdict, (counted.get(verdict) ?? 0) + 1);
  }
  return Object.fromEntries(counted);
};

/** Patience with one step, five times of which the whole has; calls themselves are given longer. */
const SLOW = { AIRBYTE_GIVE_UP_AFTER: '2s', AIRBYTE_REQUEST_TIMEOUT: '5s' };

test('200 components whose checks are slow are validated as far as the time goes', () =>
  withHarness({ api: 'config', env: SLOW }, async (harness) => {
    const operation = 'executeSourceCheckConnection';
    await harness.fault({ operation, delay: 400, times: 0 });
    const components = Array.from({ length: 200 }, (_, index) => component(index));
    const began = Date.now();
    const status = await verdictOn(harness, productOf(harness, components));
    expect(status.status).toBe('COMPLETED');
    expect(Date.now() - began).toBeLessThan(30_000 * slowness());
    expect(status.info?.publicInfo).toEqual({ valid: true });
    const verdicts = verdictsOf(status);
    // The connectors and names of all are looked at in one go.
    expect(verdicts.passed).toBeGreaterThan(800);
    expect(verdicts['not possible']).toBeGreaterThan(200);
    expect(checksOf(status)).toContain(
      'not possible: c199.specific.source: was not checked: the validation ends after 10 s',
    );
    expect(JSON.stringify(status).length).toBeLessThan(500_000);
  }));

test('an Airbyte that hangs in the middle leaves open what it does not answer', () =>
  withHarness({ api: 'config', env: { AIRBYTE_GIVE_UP_AFTER: '2s' } }, async (harness) => {
    const hanging = { hang: 'before', times: 0 };
    await harness.fault({ operation: 'executeSourceCheckConnection', ...hanging });
    const status = await verdictOn(
      harness,
      productOf(
        harness,
        Array.from({ length: 30 }, (_, index) => component(index)),
      ),
    );
    expect(status.status).toBe('COMPLETED');
    expect(errorsOf(status)).toEqual([]);
    expect(checksOf(status)).toContainEqual(
      expect.stringMatching(/^not possible: c0\.specific\.source: /),
    );
  }));

test('an Airbyte that hangs from the start is a finding', () =>
  withHarness({ env: { AIRBYTE_GIVE_UP_AFTER: '2s' } }, async (harness) => {
    await harness.fault({ operation: 'getWorkspace', hang: 'before', times: 0 });
    const status = await validate(harness);
    expect(status.status).toBe('COMPLETED');
    expect(errorsOf(status)).toEqual([
      expect.stringMatching(/^Airbyte: Airbyte (had given|gave) no answer to GET \/workspaces/),
    ]);
    expect(checksOf(status).at(-1)).toBe('not possible: Airbyte: nothing else was checked there');
  }));

const SLOTS = 20;

test('a worker without a free slot leaves everything open', () =>
  withHarness(
    {
      env: {
        AIRBYTE_GIVE_UP_AFTER: '3s',
        AIRBYTE_REQUEST_TIMEOUT: '60s',
        WORKER_ACTIVITY_SLOTS: String(SLOTS),
      },
    },
    async (harness) => {
      await harness.fault({ operation: 'listSources', hang: 'before', times: 0 });
      const holders = await harness.startGateway({ AIRBYTE_GIVE_UP_AFTER: '40s' });
      const names = Array.from({ length: 24 }, (_, index) => `holder${String(index)}`);
      const held = names.map((name) => {
        const text = descriptor({ environment: harness.environment, component: name });
        return fetch(`${holders.found}/v1/provision`, {
          method: 'POST',
          body: JSON.stringify(request(text)),
          headers: { 'content-type': 'application/json' },
        });
      });
      const answers = await Promise.all(held);
      const tokens = await Promise.all(answers.map((answer) => answer.text()));
      const isStarted = async (token: string) => {
        const { raw } = await harness.client.workflow.getHandle(token).describe();
        return raw.pendingActivities?.some(({ lastStartedTime }) => lastStartedTime) === true;
      };
      await eventually(async () => {
        const started = await Promise.all(tokens.map(isStarted));
        return started.filter(Boolean).length >= SLOTS ? true : undefined;
      }, 'all slots to be taken');
      const status = await validate(harness);
      expect(status.status).toBe('COMPLETED');
      expect(checksOf(status)[0]).toBe(
        'not possible: Airbyte: was not checked: no worker had room for it in time',
      );
      expect(verdictsOf(status).passed).toBeUndefined();
    },
  ));

test('200 components of one name are told within what Temporal takes', () =>
  withHarness({}, async (harness) => {
    const components = Array.from({ length: 200 }, (_, index) => {
      const one = component(index);
      return { ...one, specific: { ...one.specific, connection: { name: 'N'.repeat(256) } } };
    });
    const status = await verdictOn(harness, productOf(harness, components));
    expect(status.status).toBe('COMPLETED');
    const told = checksOf(status).filter((line) => line.includes('.connection.name: is that of'));
    expect(told[0]).toBe(
      'warning: c0.specific.connection.name: is that of c1.specific too, and of 198 more, and schedulers find connections by their names',
    );
  }));

describe('streams', () => {
  const ERP = {
    connector: 'postgres',
    name: 'ERP',
    connectionConfiguration: {
      host: 'erp.example.com',
      database: 'erp',
      username: 'reader',
      password: { secretRef: 'PGPASS' },
      schemas: ['public', 'archive'],
    },
  };
  const AT = 'specific.connection.streams';
  const env = { SECRETS_ALLOWED: 'PGPASS', PGPASS: CANARY };

  test('are looked at where the source is in Airbyte as it is wanted', () =>
    withHarness({ env }, async (harness) => {
      const streams = [{ name: 'orders', namespace: 'public' }];
      const changes = { source: ERP, connection: { streams } };
      expect((await harness.run('provision', changes)).status).toBe('COMPLETED');
      const before = await harness.entities('?secrets=true');
      const same = await validate(harness, changes);
      expect(errorsOf(same)).toEqual([]);
      expect(checksOf(same).at(-1)).toBe(`passed: ${AT}: the source offers them, and 5 in all`);

      const slip = { source: ERP, connection: { streams: [{ name: 'ordrs' }] } };
      expect(errorsOf(await validate(harness, slip))).toEqual([
        `${AT}[0].name: the source has no stream ordrs; did you mean orders?`,
      ]);

      const elsewhere = { ...ERP.connectionConfiguration, host: 'other.example.com' };
      const changed = await validate(harness, {
        source: { ...ERP, connectionConfiguration: elsewhere },
        connection: slip.connection,
      });
      expect(errorsOf(changed)).toEqual([]);
      expect(checksOf(changed).at(-1)).toBe(
        `not possible: ${AT}: are looked at when it is deployed, as the source in Airbyte is not yet as this descriptor wants it`,
      );
      expect(await harness.entities('?secrets=true')).toEqual(before);
    }));

  test('of two schemas with one table name are refused where none is named, before the connection', () =>
    withHarness({ env }, async (harness) => {
      const refused = await harness.run('provision', { source: ERP });
      expect(refused.status).toBe('FAILED');
      expect(refused.result).toContain(
        'archive.orders would write to the same table as public.orders',
      );
      expect(refused.result).toContain('set namespaceDefinition: source');
      const { sources, connections } = await harness.entities();
      expect([sources, connections]).toEqual([[], []]);
      const connection = { namespaceDefinition: 'source' };
      expect((await harness.run('provision', { source: ERP, connection })).status).toBe(
        'COMPLETED',
      );
    }));
});

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString()];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

test('a password is in no history, answer or log', () =>
  withHarness({ api: 'config', env: { LOG_LEVEL: 'trace' } }, async (harness) => {
    const body = { title: 'x', message: `bad "${CANARY}" ${encodeURIComponent(CANARY)}` };
    await harness.fault({ operation: 'executeSourceCheckConnection', status: 422, body });
    await harness.fault({ operation: 'executeDestinationCheckConnection', status: 422, body });
    const text = descriptor({ environment: harness.environment });
    const token = await start(harness, request(text));
    const status = await finished(harness, token);
    expect(JSON.stringify(status)).toContain('**********');
    const history = await harness.client.workflow.getHandle(token).fetchHistory();
    const told = [...textsIn(history), JSON.stringify(status), harness.logs()];
    expect(told.length).toBeGreaterThan(50);
    expect(told.filter((one) => one.includes(CANARY))).toEqual([]);
  }));
