import { z } from 'zod';
import { ValidationStatus } from '../src/contract/coordinator';
import { createDrift } from '../src/operator/drift';
import { oneQueue } from '../src/temporal/queues';
import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import { counts, eventually, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { descriptor, request } from './support/fixtures';
import type { Changes } from './support/fixtures';

/* What protects data at a connection: it is written, told, kept, and put back. */

const SECRET = 'crm-password-never-shown';
const CRM = {
  connector: 'postgres',
  name: 'CRM',
  connectionConfiguration: {
    host: 'crm.example.com',
    database: 'crm',
    username: 'reader',
    password: { secretRef: 'CRM_PASSWORD' },
  },
};
const hashing = (targetField: string) => ({
  type: 'hashing',
  mapperConfiguration: { targetField, method: 'SHA-256', fieldNameSuffix: '_hashed' },
});
const RENAMING = {
  type: 'field-renaming',
  mapperConfiguration: { originalFieldName: 'name', newFieldName: 'full_name' },
};
const ONLY_ITALY = {
  type: 'row-filtering',
  mapperConfiguration: {
    conditions: {
      type: 'NOT',
      conditions: [{ type: 'EQUAL', fieldName: 'country', comparisonValue: 'IT' }],
    },
  },
};
const AES = {
  type: 'encryption',
  mapperConfiguration: {
    algorithm: 'AES',
    targetField: 'email',
    fieldNameSuffix: '_encrypted',
    key: 'a-key-of-sixteen',
    mode: 'GCM',
    padding: 'NoPadding',
  },
};

const Connections = z.array(
  z.looseObject({
    connectionId: z.string(),
    status: z.string(),
    tags: z.array(z.looseObject({ tagId: z.string(), name: z.string(), color: z.string() })),
    configurations: z.object({
      streams: z.array(
        z.looseObject({
          name: z.string(),
          mappers: z.array(
            z.looseObject({ id: z.string(), type: z.string(), mapperConfiguration: z.unknown() }),
          ),
        }),
      ),
    }),
  }),
);
const Tags = z.object({ tags: z.array(z.looseObject({ tagId: z.string(), name: z.string() })) });

describe.each(['public', 'config'] as const)('with the %s API', (api) => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({
      api,
      env: {
        CRM_PASSWORD: SECRET,
        SECRETS_ALLOWED: 'CRM_PASSWORD',
        AIRBYTE_REQUEST_TIMEOUT: '10s',
        AIRBYTE_GIVE_UP_AFTER: '30s',
      },
    });
  });
  afterAll(() => harness.stop());
  afterEach(async () => {
    await harness.clearFaults();
    await harness.resetAirbyte();
  });

  const connectionNow = async () => {
    const [connection] = Connections.parse((await harness.entities()).connections);
    if (!connection) throw new Error('Airbyte has no connection.');
    return connection;
  };
  const mappersNow = async () =>
    (await connectionNow()).configurations.streams.map(({ mappers }) =>
      mappers.map(({ type, mapperConfiguration }) => ({ type, mapperConfiguration })),
    );
  const tagsNow = async () => Tags.parse(await harness.control('GET', '/entities')).tags;

  const wishes = (stream: object, connection: object = {}, component = 'crm'): Changes => ({
    component,
    source: CRM,
    connection: { streams: [{ name: 'customers', ...stream }], ...connection },
  });
  const provision = (stream: object = {}, connection: object = {}) =>
    harness.run('provision', wishes(stream, connection));

  /** What a validation foresees of a provision. */
  const validated = async (stream: object = {}, connection: object = {}) => {
    const changes = { environment: harness.environment, ...wishes(stream, connection) };
    const { text } = await harness.post('/v2/validate', request(descriptor(changes)));
    const { info } = await eventually(async () => {
      const answer = await harness.call('GET', `/v2/validate/${text}/status`);
      const status = ValidationStatus.parse(answer.json());
      return status.status === 'RUNNING' ? undefined : status;
    }, `the end of ${text}`);
    return {
      errors: info?.publicInfo.error?.errors ?? [],
      checks: info?.privateInfo?.checks ?? [],
    };
  };

  /** As a person does in Airbyte's user interface. */
  const setByHand = async (stream: object, more: object = {}) => {
    const { connectionId } = await connectionNow();
    const streams = [{ name: 'customers', ...stream }];
    await harness.airbyte('PATCH', `/connections/${connectionId}`, {
      configurations: { streams },
      ...more,
    });
  };
  const warningsIn = ({ logs = [] }: Awaited<ReturnType<typeof provision>>) =>
    logs.filter(({ level }) => level === 'WARNING').map(({ message }) => message);
  const writes = async () => (await harness.calls()).filter(isWrite);

  test('hashing, tags and the rest are written once, and are no drift', async () => {
    const stream = {
      syncMode: 'incremental_deduped_history',
      cursorField: ['updated_at'],
      destinationObjectName: 'crm_customers',
      includeFiles: false,
      mappers: [hashing('email'), RENAMING, ONLY_ITALY],
    };
    const connection = { tags: [{ name: 'gdpr', color: 'FF5733' }, 'crm'], status: 'inactive' };
    expect(await provision(stream, connection)).toMatchObject({ status: 'COMPLETED' });
    const made = await connectionNow();
    expect(made).toMatchObject({
      status: 'inactive',
      tags: [{ name: 'gdpr', color: 'FF5733' }, { name: 'crm' }],
      configurations: {
        streams: [{ destinationObjectName: 'crm_customers', mappers: stream.mappers }],
      },
    });
    await harness.forgetCalls();
    expect(warningsIn(await provision(stream, connection))).toEqual([]);
    expect(await writes()).toEqual([]);
    expect(await connectionNow()).toEqual(made);
    const drift = createDrift({ client: harness.client, queues: oneQueue(harness.environment) });
    expect((await drift.check()).findings).toEqual([]);
    // Another order is another result.
    await provision({ ...stream, mappers: [ONLY_ITALY, hashing('email'), RENAMING] }, connection);
    expect(await mappersNow()).toEqual([[ONLY_ITALY, hashing('email'), RENAMING]]);
  });

  test('a mapper set by hand is drift, is told and stays, in front of those of the descriptor', async () => {
    await provision();
    await setByHand({ mappers: [hashing('email')] });
    const made = await connectionNow();
    const drift = createDrift({ client: harness.client, queues: oneQueue(harness.environment) });
    const { findings } = await drift.check();
    expect(findings).toMatchObject([
      { kind: 'changed', differs: ['mappers of customers (hashing of email)'] },
    ]);
    expect(findings[0]?.remedy).toMatch(/^Write the mappers .* or give the stream mappers: \[\]/);
    await harness.forgetCalls();
    const again = await provision();
    expect(again.status).toBe('COMPLETED');
    expect(warningsIn(again)).toEqual([
      'The stream customers keeps what was set by hand in Airbyte: hashing of email. Write it into its mappers in the descriptor; mappers: [] takes it away',
    ]);
    expect(await writes()).toEqual([]);
    expect(await connectionNow()).toEqual(made);

    const both = { mappers: [RENAMING] };
    expect(warningsIn(await provision(both))).toHaveLength(1);
    expect(await mappersNow()).toEqual([[hashing('email'), RENAMING]]);
    await harness.forgetCalls();
    await provision(both);
    expect(await writes()).toEqual([]);

    // Of our own nothing stays that the descriptor has no longer.
    expect(warningsIn(await provision()).at(-1)).toBe(
      'The stream customers loses what the descriptor no longer has among its mappers: field-renaming of name',
    );
    expect(await mappersNow()).toEqual([[hashing('email')]]);

    // The same written into the descriptor is nobody's but the descriptor's.
    await harness.forgetCalls();
    expect(warningsIn(await provision({ mappers: [hashing('email')] }))).toEqual([]);
    expect(await writes()).toEqual([]);

    const none = await provision({ mappers: [] });
    expect(none.status).toBe('COMPLETED');
    expect(warningsIn(none)).toEqual([
      'The stream customers loses what was set by hand in Airbyte, as its descriptor says otherwise: hashing of email',
    ]);
    expect(await mappersNow()).toEqual([[]]);
  });

  test('a mapper on a stream that the descriptor does not name stays too', async () => {
    const all = { component: 'crm' };
    await harness.run('provision', all);
    const { connectionId } = await connectionNow();
    await harness.airbyte('PATCH', `/connections/${connectionId}`, {
      configurations: { streams: [{ name: 'payments', mappers: [hashing('name')] }] },
    });
    await harness.forgetCalls();
    expect(warningsIn(await harness.run('provision', all))).toHaveLength(1);
    expect(await writes()).toEqual([]);
    await harness.run('provision', { ...all, connection: { prefix: 'raw_' } });
    expect(await mappersNow()).toEqual([[hashing('name')]]);
  });

  test.each([
    ['replace', 'COMPLETED'],
    ['refuse', 'FAILED'],
  ])('where the deployment says %s, a run with a mapper by hand is %s', async (policy, status) => {
    await provision();
    await setByHand({ mappers: [hashing('email')] });
    const made = await harness.entities();
    await harness.worker()?.end();
    await harness.startWorker({ MAPPERS_BY_HAND: policy });
    await harness.forgetCalls();
    const foreseen = await validated();
    const again = await provision();
    await harness.worker()?.end();
    await harness.startWorker();
    expect(again.status).toBe(status);
    if (policy === 'replace') {
      expect(await mappersNow()).toEqual([[]]);
      expect(warningsIn(again)).toEqual([
        expect.stringMatching(/loses what was set by hand.*email/),
      ]);
      expect(foreseen.checks).toContainEqual(
        `warning: specific.connection: ${warningsIn(again).join()}`,
      );
      return;
    }
    expect(foreseen.errors).toEqual([
      expect.stringMatching(
        /^specific\.connection\.streams: Mappers were set by hand .*customers \(hashing of email\)/,
      ),
    ]);
    expect(again.result).toMatch(/set by hand in Airbyte.*customers \(hashing of email\)/);
    expect(await writes()).toEqual([]);
    expect(await harness.entities()).toEqual(made);
  });

  test('an encryption set by hand stays with its key, and is never taken away', async () => {
    await provision();
    await setByHand({ mappers: [AES] });
    const drift = createDrift({ client: harness.client, queues: oneQueue(harness.environment) });
    expect((await drift.check()).findings).toEqual([]);
    const updated = await provision({}, { prefix: 'raw_' });
    expect(updated.status).toBe('COMPLETED');
    expect(warningsIn(updated)).toEqual([
      'The stream customers keeps what was set by hand in Airbyte: encryption of email. Its key is shown to nobody, so no descriptor can have it; it stays until it is taken away in Airbyte',
    ]);
    expect((await drift.check()).findings).toEqual([]);
    expect(await mappersNow()).toMatchObject([[{ mapperConfiguration: { key: '**********' } }]]);
    const made = await harness.entities();
    await harness.forgetCalls();
    const foreseen = await validated({ mappers: [] }, { prefix: 'raw_' });
    expect(foreseen.errors).toEqual([
      expect.stringMatching(/^specific\.connection\.streams: .*encryption of email on customers/),
    ]);
    const refused = await provision({ mappers: [] });
    expect(refused.status).toBe('FAILED');
    expect(refused.result).toMatch(/encryption of email on customers.*could not be put back/);
    expect(await writes()).toEqual([]);
    expect(await harness.entities()).toEqual(made);
    const answer = await harness.post('/v1/validate', {
      descriptorKind: 'COMPONENT_DESCRIPTOR',
      descriptor: JSON.stringify({}),
    });
    expect(answer.status).toBe(200);
  });

  test('what a failed update has changed is put back with its ids', async () => {
    const stream = { mappers: [hashing('email')], destinationObjectName: 'customers' };
    await provision(stream, { tags: ['gdpr'] });
    await setByHand(
      {
        mappers: [
          ...(await connectionNow()).configurations.streams.flatMap((s) => s.mappers),
          RENAMING,
        ],
      },
      { status: 'inactive' },
    );
    const before = await connectionNow();
    await harness.fault({ operation: 'patchConnection', status: 422, commit: true });
    const failed = await provision({ mappers: [] }, { tags: ['new', 'gdpr'], prefix: 'raw_' });
    expect(failed.status).toBe('FAILED');
    expect(await connectionNow()).toEqual(before);
    expect((await tagsNow()).map(({ name }) => name)).toEqual(['gdpr']);
  });

  test('a tag is found, or made and taken away again; one that is there is never altered', async () => {
    const tag = { workspaceId: DEFAULT_WORKSPACE_ID, name: 'gdpr', color: '00AA00' };
    await harness.airbyte('POST', '/tags', tag);
    const before = await tagsNow();
    await harness.fault({ operation: 'createConnection', status: 422 });
    const wanted = { tags: [{ name: 'gdpr', color: 'FF0000' }, 'crm'] };
    expect((await provision({}, wanted)).status).toBe('FAILED');
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
    expect(await tagsNow()).toEqual(before);

    // Made, but the answer was lost.
    await harness.fault({ operation: 'createTag', reset: 'after' });
    expect((await provision({}, wanted)).status).toBe('COMPLETED');
    expect((await tagsNow()).map(({ name }) => name).sort()).toEqual(['crm', 'gdpr']);
    expect((await connectionNow()).tags).toMatchObject([{ color: '00AA00' }, { name: 'crm' }]);

    // By hand: another one. What the descriptor does not speak of stays.
    const { connectionId, tags } = await connectionNow();
    await harness.airbyte('PATCH', `/connections/${connectionId}`, { tags: tags.slice(0, 1) });
    await harness.forgetCalls();
    expect((await provision()).status).toBe('COMPLETED');
    expect(await writes()).toEqual([]);
    await provision({}, { tags: ['crm'] });
    expect((await connectionNow()).tags.map(({ name }) => name)).toEqual(['crm']);
  });

  test('a tag for which the workspace has no room fails validation as it fails a provision', async () => {
    for (let number = 0; number < 100; number += 1)
      await harness.airbyte('POST', '/tags', {
        workspaceId: DEFAULT_WORKSPACE_ID,
        name: `tag ${String(number)}`,
        color: '00AA00',
      });
    expect((await validated({}, { tags: ['tag 7'] })).errors).toEqual([]);
    const { errors } = await validated({}, { tags: ['one more'] });
    expect(errors).toEqual([
      expect.stringMatching(/^specific\.connection\.tags: Airbyte takes 100 tags .*one more/),
    ]);
    const { status, result } = await provision({}, { tags: ['one more'] });
    expect(status).toBe('FAILED');
    expect(result).toContain('Airbyte takes 100 tags a workspace, has 100, and lacks one more.');
  });

  test('what is read more than before, and what goes on, is told before it is done', async () => {
    await provision();
    await setByHand(
      { selectedFields: [{ fieldPath: ['id'] }, { fieldPath: ['country'] }] },
      { status: 'inactive' },
    );
    expect(warningsIn(await provision())).toEqual([
      'Of the stream customers only id, country was selected; now all columns are synced, as the descriptor says',
      'The connection is inactive in Airbyte and is made active, as the descriptor says',
    ]);
    expect((await connectionNow()).status).toBe('active');
    await setByHand({}, { status: 'inactive' });
    await harness.forgetCalls();
    expect(warningsIn(await provision({}, { status: 'inactive' }))).toEqual([]);
    expect(await writes()).toEqual([]);
  });

  test('a mapper about a column that is not there fails the run before the connection', async () => {
    const status = await provision({ mappers: [hashing('email'), hashing('email')] });
    expect(status.status).toBe('FAILED');
    expect(status.result).toMatch(
      /streams\[0\]\.mappers\[1\]\.mapperConfiguration: is about email, which does not come to it/,
    );
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  });

  const Options = z.object({ reader_options: z.string() });

  test('nulls in free maps reach Airbyte, and are no difference the second time', async () => {
    const nulls: Changes = {
      component: 'nulls',
      source: {
        name: 'Events',
        connectionConfiguration: {
          url: 'https://files.example.invalid/events.csv',
          dataset_name: 'output',
          format: null,
          reader_options: { header: null, sep: ';', nested: { names: [null, { a: null }] } },
        },
      },
      destination: {
        connector: 'custom',
        name: 'Reporting',
        definitionId: '25c5221d-dce2-4163-ade9-739ef790f503',
        connectionConfiguration: {
          host: 'reporting.example.com',
          port: 5432,
          database: 'reporting',
          schema: 'events',
          username: 'loader',
          extra: null,
          more: { inner: null, list: [{ a: null }] },
        },
      },
    };
    expect(await harness.run('provision', nulls)).toMatchObject({ status: 'COMPLETED' });
    const { sources, destinations } = await harness.entities();
    const { reader_options } = Options.parse(sources[0]?.configuration);
    expect(JSON.parse(reader_options)).toMatchObject({
      header: null,
      sep: ';',
      nested: { names: [null, { a: null }] },
    });
    expect(destinations[0]?.configuration).toMatchObject({
      extra: null,
      more: { inner: null, list: [{ a: null }] },
    });
    await harness.forgetCalls();
    expect(await harness.run('provision', nulls)).toMatchObject({ status: 'COMPLETED' });
    expect(await writes()).toEqual([]);
  });

  test('ignored keys are counted and named in the result', async () => {
    const status = await provision({}, { dbtGitUrl: 'x', owner: 'y' });
    expect(status.result).toMatch(
      / is in place\. 2 keys are ignored: specific\.connection\.dbtGitUrl, specific\.connection\.owner\.$/,
    );
    expect(status.info?.publicInfo).toMatchObject({
      ignored: { value: 'specific.connection.dbtGitUrl, specific.connection.owner' },
    });
  });
});
