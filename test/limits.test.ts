import { z } from 'zod';
import { ValidationResult } from '../src/contract/coordinator';
import { readDescriptor } from '../src/descriptor/descriptor';
import { RequestError } from '../src/contract/problems';
import { lengthOf } from '../workflows/protocol/lengths';
import { ownerOf } from '../src/airbyte/names';
import { createRunHistory } from '../src/runs/history';
import { someOf } from '../src/reading/suggestions';
import { descriptor, request } from './support/fixtures';
import type { Changes } from './support/fixtures';
import { counts, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

const SPECIFIC = 'specific';

const problemsOf = (changes: Changes) => {
  try {
    readDescriptor({ descriptorKind: 'COMPONENT_DESCRIPTOR', descriptor: descriptor(changes) });
    return [];
  } catch (err) {
    if (!(err instanceof RequestError)) throw err;
    return err.problems.map(({ path, message }) => `${path.replace(SPECIFIC, '')}: ${message}`);
  }
};

describe('formats', () => {
  const format = (namespaceFormat: unknown) =>
    problemsOf({ connection: { namespaceDefinition: 'custom_format', namespaceFormat } });

  test.each(['${SOURCE_NAMESPACE}', 'raw_${SOURCE_NAMESPACE}_x', 'fixed'])('%s is one', (given) => {
    expect(format(given)).toEqual([]);
  });

  test.each([
    [undefined, 'is required with namespaceDefinition: custom_format'],
    [null, 'is required with namespaceDefinition: custom_format'],
    ['', 'is required with namespaceDefinition: custom_format'],
    ['  ', 'is required with namespaceDefinition: custom_format'],
    ['${source_namespace}', 'has ${source_namespace}, which Airbyte does not know'],
    ['x_${SOURCE_NAMESPACE', 'has ${SOURCE_NAMESPACE, which Airbyte does not know'],
    ['${SOURCE_NAMESPACE}_${STREAM}', 'has ${STREAM}, which Airbyte does not know'],
  ])('%s is none', (given, problem) => {
    expect(format(given)).toEqual([
      expect.stringContaining(`.connection.namespaceFormat: ${problem}`),
    ]);
  });
});

describe('streams', () => {
  const orders = { name: 'orders', namespace: 'public' };
  const old = { name: 'orders', namespace: 'archive' };
  const custom = {
    connector: 'custom',
    name: 'CRM',
    definitionName: 'CRM',
    connectionConfiguration: {},
  };
  const bigquery = {
    connector: 'bigquery',
    name: 'BigQuery',
    connectionConfiguration: {
      project_id: 'p',
      dataset_id: 'd',
      dataset_location: 'EU',
      credentials_json: { secretRef: 'KEY' },
    },
  };
  const both = { streams: [{ name: 'Orders' }, { name: 'orders' }] };

  test.each<[string, Changes]>([
    [
      'of two schemas that go to two',
      { connection: { namespaceDefinition: 'source', streams: [orders, old] } },
    ],
    [
      'of two schemas in a format of both',
      {
        connection: {
          namespaceDefinition: 'custom_format',
          namespaceFormat: 'raw_${SOURCE_NAMESPACE}',
          streams: [orders, old],
        },
      },
    ],
    [
      'that differ in letter case, where the destination does too',
      { destination: bigquery, connection: both },
    ],
    [
      'with objects of their own',
      {
        destination: custom,
        connection: {
          streams: [
            { ...orders, destinationObjectName: 'Orders' },
            { ...old, destinationObjectName: 'Old' },
          ],
        },
      },
    ],
  ])('%s are taken', (_what, changes) => {
    expect(problemsOf(changes)).toEqual([]);
  });

  test.each<[string, Changes, string]>([
    [
      'of two schemas that go to one',
      { connection: { streams: [orders, old] } },
      'streams[1].name: would write to the same table as public.orders, and both would be overwritten at every sync: set namespaceDefinition: source, or custom_format with ${SOURCE_NAMESPACE} in the namespaceFormat',
    ],
    [
      'of two schemas in a fixed format',
      {
        connection: {
          namespaceDefinition: 'custom_format',
          namespaceFormat: 'all',
          streams: [orders, old],
        },
      },
      'streams[1].name: would write to the same table as public.orders',
    ],
    [
      'that Snowflake does not tell apart',
      { connection: both },
      'streams[1].name: would write to the same table as Orders, and both would be overwritten at every sync: snowflake does not tell them apart',
    ],
    [
      'whose schemas Snowflake does not tell apart',
      {
        connection: {
          namespaceDefinition: 'source',
          streams: [orders, { name: 'orders', namespace: 'Public' }],
        },
      },
      'snowflake does not tell them apart',
    ],
    [
      'with one object',
      {
        destination: custom,
        connection: {
          streams: [
            { name: 'a', destinationObjectName: 'X' },
            { name: 'b', destinationObjectName: 'X' },
          ],
        },
      },
      'streams[1].name: would write to the same table as a, and both would be overwritten at every sync: give one of them a destinationObjectName of its own',
    ],
    [
      'given twice',
      { connection: { streams: [orders, orders] } },
      'streams[1].name: is that of streams[0] too: a stream is given once',
    ],
    [
      'that may be the same',
      { connection: { namespaceDefinition: 'source', streams: [orders, { name: 'orders' }] } },
      'streams[1].namespace: must be told from streams[0], which has this name too: give both their namespace',
    ],
  ])('%s are not', (_what, changes, problem) => {
    expect(problemsOf(changes)).toEqual([expect.stringContaining(problem)]);
  });
});

test('some of what there is begins with what is near', () => {
  const known = [...Array.from({ length: 30 }, (_, n) => `Zeta ${String(n)}`), 'Sample Data'];
  expect(someOf(known, 'My sample')).toMatch(/^Sample Data, Zeta 0, .*, and 11 more$/);
});

describe('over HTTP', () => {
  const LONG = {
    environment: 'pre-production-european-region-environment',
    domain: 'customer-relationship-management-and-marketing-analytics',
    product: 'consolidated-customer-interactions-across-all-channels-and-regions',
    component: 'airbyte-workload-for-the-ingestion-of-daily-contact-center-interaction-extracts',
  };
  const longOnes = () => {
    const text = descriptor({ environment: LONG.environment })
      .replaceAll('finance:cashflow', `${LONG.domain}:${LONG.product}`)
      .replaceAll(':payments', `:${LONG.component}`);
    return request(text);
  };
  const Refusal = z.object({ errors: z.array(z.string()) });

  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.stop());

  const PROBLEM =
    /^componentIdToProvision \(line \d+\): makes "pre-production.*" with the environment, of \d+ characters, and Temporal's ids have room for 230: shorten/;

  test('names that are too long together are refused, but for removal', async () => {
    const body = longOnes();
    const verdict = ValidationResult.parse((await harness.post('/v1/validate', body)).json());
    expect(verdict.error?.errors).toEqual([expect.stringMatching(PROBLEM)]);
    const refused = await harness.post('/v1/provision', body);
    expect(refused.status).toBe(400);
    expect(Refusal.parse(refused.json()).errors).toEqual([expect.stringMatching(PROBLEM)]);
    const giveAccess = (refs: string[]) =>
      harness.post('/v1/updateacl', {
        refs,
        provisionInfo: { request: body.descriptor, result: '{}' },
      });
    const access = await giveAccess(['user:jane_example.com']);
    expect(access.status).toBe(400);
    expect(Refusal.parse(access.json()).errors[0]).toContain('shorten the environment or a name');
    const emptied = await giveAccess([]);
    const removed = await harness.post('/v1/unprovision', body);
    // Nothing can have been made by a run that PostgreSQL has no room for the id of: docs/postgres.md.
    if (process.env.TEMPORAL_POSTGRES) {
      const answers = [emptied, removed].map(({ status, text }) => `${String(status)} ${text}`);
      expect(answers).toEqual([
        expect.stringMatching(
          /^400 .*\d{3} characters, and this Temporal's database has room for 255/,
        ),
        expect.stringMatching(
          /^400 .*\d{3} characters, and this Temporal's database has room for 255/,
        ),
      ]);
      return;
    }
    expect(emptied.status).toBe(202);
    expect(removed.status).toBe(202);
    expect((await harness.finished(removed.text)).status).toBe('COMPLETED');
  });

  test('the longest that is taken is provisioned, and can be removed', async () => {
    const environment = `${harness.environment}.`.padEnd(100, 'e');
    const component = 'c'.repeat(100);
    const bodyOf = (product: string) => {
      const text = descriptor({ environment, component });
      return request(text.replaceAll('finance:cashflow', `finance:${product}`));
    };
    const ended = async (route: string, body: object) => {
      const { text, status } = await harness.post(route, body);
      expect([route, status]).toEqual([route, 202]);
      const end = await harness.finished(text);
      // PostgreSQL, other than the dev server's SQLite, lists no run with an id of more than 255 characters.
      const query = `WorkflowId = "${text}" AND ExecutionStatus != "Running"`;
      await eventually(
        async () => (await harness.client.workflow.count(query)).count === 1 || undefined,
        `${text} in the list`,
      );
      return end.status;
    };
    const body = bodyOf('p'.repeat(18));
    expect(await ended('/v1/provision', body)).toBe('COMPLETED');
    const { sources } = await harness.entities();
    const key = `${environment}/finance.${'p'.repeat(18)}.0.${component}`;
    expect(key).toHaveLength(230);
    expect(lengthOf(sources[0]?.name ?? '')).toBeLessThanOrEqual(255);
    expect(ownerOf(sources[0]?.name ?? '')).toBe(key);
    const longer = await harness.post('/v1/validate', bodyOf('p'.repeat(19)));
    expect(longer.text).toContain('shorten the environment or a name by 1');
    expect(await ended('/v1/unprovision', body)).toBe('COMPLETED');
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  });

  test('the id of a connector that is not there is told with what is, before anything is made', async () => {
    const source = {
      connector: 'custom',
      name: 'X',
      definitionId: '00000000-0000-4000-8000-000000000000',
      connectionConfiguration: {},
    };
    const status = await harness.run('provision', { source });
    expect(status.status).toBe('FAILED');
    expect(status.result).toContain(
      'specific.source.definitionId: Airbyte has no source connector 00000000-0000-4000-8000-000000000000',
    );
    expect(status.result).toContain('Sample Data');
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  });

  test('the summary of a step is as long as Temporal takes, and no character of it is half', async () => {
    const token = await harness.start('provision', {
      sourceName: '🦜'.repeat(200),
      connection: { name: '名'.repeat(200) },
    });
    expect((await harness.finished(token)).status).toBe('COMPLETED');
    const { client } = harness;
    const run = await client.workflow.getHandle(token).describe();
    const names = (await createRunHistory({ client }).stepsOf(run)).map(({ name }) => name);
    expect(names).toContain(`Source ${'🦜'.repeat(98)}`);
    expect(names).toContain(`Streams and connection ${'名'.repeat(125)}`);
  });
});
