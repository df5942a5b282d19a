import { readDescriptor } from '../src/descriptor/descriptor';
import { RequestError } from '../src/contract/problems';
import { CONNECTORS } from '../src/fabrics/types';
import { connectorsOf } from '../simulator/connectors/connectors';
import { checkSpecification } from '../activities/problems/specification';
import { EXAMPLES, partOf } from './support/connector-examples';
import type { Example } from './support/connector-examples';
import { descriptor } from './support/fixtures';
import { counts, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';

const SECRETS = ['PASSWORD', 'KEY', 'KEY_ID', 'CERTIFICATE'];

const read = (text: string) =>
  readDescriptor({ descriptorKind: 'COMPONENT_DESCRIPTOR', descriptor: text });

/** `<path below connectionConfiguration>: <message>` of everything that is wrong. */
const problemsOf = (text: string) => {
  try {
    read(text);
  } catch (err) {
    if (!(err instanceof RequestError)) throw err;
    return err.problems.map(
      ({ path, message }) =>
        `${path.split(/connectionConfiguration\.|specific\./).at(-1) ?? ''}: ${message}`,
    );
  }
  return [];
};

const textOf = (example: Example, configuration: object) =>
  descriptor({ [example.kind]: partOf(example, configuration) });

const table = EXAMPLES.flatMap((example) =>
  (['minimal', 'full'] as const).map(
    (size) => [`${size} ${example.connector} ${example.kind}`, example, size] as const,
  ),
);

test.each(table)('a %s is as its connector’s specification wants it', (_name, example, size) => {
  const { plan, warnings } = read(textOf(example, example[size]));
  const { definitionId, configuration } = plan[example.kind];
  const connector = connectorsOf(example.kind).find(({ id }) => id === definitionId);
  const fabric = { host: 'a.snowflakecomputing.com', role: 'r', warehouse: 'w', username: 'u' };
  const workspace = {
    hostname: 'adb-1.2.azuredatabricks.net',
    http_path: '/sql/1.0/warehouses/1',
    database: 'c',
    accept_terms: true,
    authentication: { auth_type: 'BASIC', personal_access_token: { secretRef: 'KEY' } },
  };
  const complete = {
    ...(example.connector === 'snowflake' && fabric),
    ...(example.connector === 'databricks' && workspace),
    ...configuration,
  };
  expect(checkSpecification({ ...connector?.spec }, complete, [])).toEqual([]);
  expect(warnings).toEqual([]);
  expect(connector?.spec.properties).toMatchObject(
    Object.fromEntries(Object.keys(configuration).map((key) => [key, {}])),
  );
});

const example = (kind: Example['kind'], connector: string) =>
  EXAMPLES.find((each) => each.kind === kind && each.connector === connector) ?? EXAMPLES[0];

const REFERENCE = 'must be { secretRef: NAME }: the secret itself never stands in a descriptor';
const SECRET =
  'carries a secret. Put { secretRef: NAME } in its place, and have the platform operator provide it under that name';

/** What is changed in the minimal example, and every problem that this makes. */
const MISTAKES: [Example['kind'], string, Record<string, unknown>, string[]][] = [
  ['source', 'file', { url: 's3://b/x.csv' }, ['url: must be an https:// URL']],
  ['source', 'file', { url: undefined }, ['url: is required']],
  [
    'source',
    'file',
    { dataset_name: undefined, datasetname: 'x' },
    ['dataset_name: is required; "datasetname" looks like a slip for it'],
  ],
  ['source', 'file', { formt: 'csv' }, ['formt: is not known here; did you mean format?']],
  [
    'source',
    'file',
    { provider: { storage: 'local' } },
    ['provider.storage: must not be local: Airbyte’s own disk holds no files of data products'],
  ],
  [
    'source',
    'file on GCS',
    { url: 'https://storage.googleapis.com/b/x.csv' },
    ['url: must be gs://<bucket>/<path> for the storage GCS'],
  ],
  [
    'source',
    'file on S3',
    { provider: { storage: 's3', aws_secret_access_key: 'geheim' } },
    [`provider.aws_secret_access_key: ${SECRET}`],
  ],
  [
    'source',
    'file on AzBlob',
    { provider: { storage: 'AzBlob' } },
    ['provider.storage_account: is required'],
  ],
  [
    'source',
    'file on SFTP',
    { url: 'sftp://files.example.com/x.csv' },
    [
      'url: must be a path on the host, for example /data/orders.csv: the host goes to provider.host',
    ],
  ],
  [
    'source',
    'postgres',
    { host: undefined, hots: 'x', port: 'many' },
    ['host: is required; "hots" looks like a slip for it', 'port: must be a port number'],
  ],
  ['source', 'postgres', { password: 'geheim' }, [`password: ${SECRET}`]],
  [
    'source',
    'postgres',
    { ssl_mode: { mode: 'verify-ca', ca_certificate: '-----BEGIN' } },
    [`ssl_mode.ca_certificate: ${REFERENCE}`],
  ],
  [
    'source',
    'postgres',
    { replication_method: { method: 'cdc' } },
    ['replication_method.method: must be one of Standard, Xmin, CDC; did you mean CDC?'],
  ],
  [
    'source',
    'postgres',
    { replication_method: { method: 'CDC', publication: 'p' } },
    ['replication_method.replication_slot: is required'],
  ],
  [
    'source',
    'postgres',
    { tunnel_method: {} },
    [
      'tunnel_method.tunnel_method: is required: it must be one of NO_TUNNEL, SSH_KEY_AUTH, SSH_PASSWORD_AUTH',
    ],
  ],
  ['source', 's3', { streams: [] }, ['streams: must not be empty']],
  [
    'source',
    's3',
    { streams: [{ name: 'a', format: { filetype: 'CSV' } }] },
    [
      'streams[0].format.filetype: must be one of csv, jsonl, parquet, avro, excel, unstructured; did you mean csv?',
    ],
  ],
  [
    'destination',
    'snowflake',
    { credentials: { auth_type: 'Username and Password', password: { secretRef: 'a/b' } } },
    [
      'credentials.password.secretRef: must be a name of letters, digits, dots, dashes, underscores',
      ...['host', 'role', 'warehouse', 'username'].map(
        (field) => `${field}: is required together with credentials`,
      ),
    ],
  ],
  [
    'destination',
    'snowflake',
    {
      credentials: { auth_type: 'Username and Password', password: { secretRef: 'P' } },
      host: 'evil.example.com',
    },
    [
      'role: is required together with credentials',
      'warehouse: is required together with credentials',
      'username: is required together with credentials',
      'host: must be a host such as <account>.snowflakecomputing.com',
    ],
  ],
  [
    'destination',
    'postgres',
    { ssl_mode: { mode: 'requir' } },
    [
      'ssl_mode.mode: must be one of disable, allow, prefer, require, verify-ca, verify-full; did you mean require?',
    ],
  ],
  [
    'destination',
    's3',
    { access_key_id: 'AKIA', format: { format_type: 'JSON' } },
    [
      'format.format_type: must be one of CSV, JSONL, Avro, Parquet; did you mean JSONL?',
      `access_key_id: ${REFERENCE}`,
    ],
  ],
  [
    'destination',
    'bigquery',
    { dataset_id: 'my dataset', project_id: undefined },
    ['project_id: is required', 'dataset_id: must be letters, digits and underscores'],
  ],
  ...['cash-flow', '2nd_flow', 'cash flow', 'cash.flow', 'größe', 'a`b'].map(
    (schema): (typeof MISTAKES)[number] => [
      'destination',
      'databricks',
      { schema },
      [
        'schema: must be letters, digits and underscores, with no digit first: Airbyte would write to another schema',
      ],
    ],
  ),
  [
    'destination',
    'snowflake',
    { raw_data_schema: 'x'.repeat(400) },
    [
      'raw_data_schema: must not be longer than 255 characters, as a name of Snowflake’s holds no more: it has 400',
    ],
  ],
  [
    'destination',
    'snowflake',
    { raw_data_schema: 'RAW\0' },
    ['raw_data_schema: has characters that no name of Snowflake’s may have'],
  ],
  [
    'destination',
    'snowflake',
    { raw_data_schema: 'information_schema' },
    ['raw_data_schema: is a word that Snowflake keeps for itself: INFORMATION_SCHEMA'],
  ],
  [
    'destination',
    'databricks',
    { schema: 'x'.repeat(256) },
    ['schema: must not be longer than 255 characters, as Unity Catalog holds no more: it has 256'],
  ],
  [
    'destination',
    'databricks',
    { schema: 'Information_Schema' },
    ['schema: is a schema that Unity Catalog keeps for itself: information_schema'],
  ],
  [
    'destination',
    'databricks',
    { authentication: { auth_type: 'BASIC' }, shema: 'x' },
    ['shema: is not known here; did you mean schema?'],
  ],
];

test.each(
  MISTAKES.map(
    ([kind, name, change, problems]) =>
      [kind, name, JSON.stringify(change), change, problems] as const,
  ),
)('a %s of %s with %s is refused by name', (kind, connector, _shown, change, problems) => {
  const given = example(kind, connector);
  if (!given) throw new Error(connector);
  const text = textOf(given, { ...given.minimal, ...change });
  expect(problemsOf(text)).toEqual(problems);
  expect(problemsOf(text).join()).not.toContain('geheim');
});

const FABRICLESS = EXAMPLES.filter(
  ({ kind, connector }) => kind === 'destination' && !CONNECTORS.includes(connector),
);

test('there are destinations that write to no fabric', () => {
  expect(FABRICLESS.map(({ connector }) => connector)).toContain('postgres');
});

test.each(FABRICLESS.map((each) => [each.connector, each] as const))(
  'a fabric that a %s names is refused: its data would not be there',
  (connector, given) => {
    const destination = { ...partOf(given, given.minimal), fabric: 'warehouse' };
    expect(problemsOf(descriptor({ destination })).at(-1)).toMatch(
      connector === 'custom'
        ? /^destination.fabric: is not known here/
        : `destination.fabric: names a fabric, and ${connector} writes to none; leave it out, or write one of snowflake, databricks`,
    );
    expect(problemsOf(descriptor({ destination: { ...destination, fabric: '' } }))).toEqual([]);
  },
);

const STEERING = [
  ...[
    'ssl=off',
    'SSL=off',
    'useProxy=true&proxyHost=evil&proxyPort=1',
    'authenticator=https://evil',
  ],
  ...[
    'QUERY_TAG=a&ssl=off',
    'QUERY_TAG=a%26ssl=off',
    'QUERY_TAG=a;ssl=off',
    'QUERY_TAG=a\n&ssl=off',
  ],
  ...[
    'QUERY_TAG=a&',
    '&',
    'QUERY_TAG',
    'QUERY_TAG=a=b',
    ' ssl=off',
    'q\u212Auery_tag=a',
    'tracing=ALL',
  ],
];

test('parameters that say where the platform’s credentials go are refused; with its own they are the descriptor’s', () => {
  const given = example('destination', 'snowflake');
  if (!given) throw new Error('The example is missing.');
  const withParameters = (size: 'minimal' | 'full', jdbc_url_params: string) =>
    problemsOf(textOf(given, { ...given[size], jdbc_url_params }));
  const refused = [
    expect.stringMatching(/^jdbc_url_params: may only set .*QUERY_TAG.* without cred/),
  ];
  for (const parameters of STEERING)
    expect([parameters, withParameters('minimal', parameters)]).toEqual([parameters, refused]);
  const harmless = 'QUERY_TAG=a b&timezone=Europe/Rome&CLIENT_SESSION_KEEP_ALIVE=true';
  for (const parameters of ['', 'queryTimeout=60', harmless])
    expect([parameters, withParameters('minimal', parameters)]).toEqual([parameters, []]);
  expect(withParameters('full', 'ssl=off')).toEqual([]);
});

test.each([
  [
    { connector: 'postgre' },
    'source.connector: is not a connector this provisioner supports: it must be one of file, postgres, s3, custom; did you mean postgres?',
  ],
  [
    { connector: 'custom' },
    'source.definitionId: is required, or definitionName: say which of Airbyte’s connectors it is',
  ],
  [
    {
      connector: 'custom',
      definitionName: 'X',
      definitionId: 'dfd88b22-b603-4c3d-aad7-3701784586b1',
    },
    'source.definitionName: goes without definitionId: say one of them',
  ],
  [
    { connector: 'custom', definitionId: 'faker' },
    'source.definitionId: must be the UUID of a connector definition',
  ],
])('a source with %j is refused by name', (change, problem) => {
  const source = { name: 'x', connectionConfiguration: {}, ...change };
  expect(problemsOf(descriptor({ source }))).toContain(problem);
});

test.each([
  [
    'a misspelt optional field',
    { shedule: { scheduleType: 'manual' } },
    'connection.shedule: is not known here; did you mean schedule?',
  ],
  [
    'one of a stream',
    { streams: [{ name: 'a', cursorfield: 'b' }] },
    'connection.streams[0].cursorfield: is not known here; did you mean cursorField?',
  ],
  [
    'waiting for no sync',
    { waitForSync: true },
    'connection.waitForSync: needs syncOnProvision: true, as there is no sync to wait for',
  ],
])('a connection with %s is refused', (_case, connection, problem) => {
  expect(problemsOf(descriptor({ connection }))).toEqual([problem]);
});

test('keys that are near to nothing are ignored, and said to be', () => {
  const { warnings } = read(descriptor({ connection: { dbtGitUrl: 'x', prefix: 'p' } }));
  expect(warnings).toEqual([
    expect.stringMatching(/connection\.dbtGitUrl \(line \d+\): is not known here and is ignored$/),
  ]);
});

describe('in Airbyte', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({
      env: {
        SECRETS_ALLOWED: SECRETS.join(','),
        ...Object.fromEntries(SECRETS.map((name) => [name, `geheim-${name}`])),
      },
    });
  });
  afterAll(() => harness.stop());

  // Its fabric is in a configuration file, which these programs have none of.
  test.each(table.filter(([, { connector }]) => connector !== 'databricks'))(
    'a %s is provisioned, and left alone the second time',
    async (_name, given, size) => {
      await harness.resetAirbyte();
      const changes = { [given.kind]: partOf(given, given[size]) };
      expect(await harness.run('provision', changes)).toMatchObject({ status: 'COMPLETED' });
      expect(counts(await harness.entities())).toEqual([1, 1, 1]);
      const stored = JSON.stringify(await harness.entities('?secrets=true'));
      expect(stored).not.toContain('secretRef');
      expect(stored.includes('geheim-')).toBe(JSON.stringify(given[size]).includes('secretRef'));
      await harness.forgetCalls();
      expect(await harness.run('provision', changes)).toMatchObject({ status: 'COMPLETED' });
      expect((await harness.calls()).filter(isWrite)).toEqual([]);
    },
  );

  const custom = (more: Record<string, unknown>) => ({
    source: {
      connector: 'custom',
      name: 'Samples',
      connectionConfiguration: { count: 7 },
      ...more,
    },
  });

  test.each([
    ['the id', { definitionId: 'dfd88b22-b603-4c3d-aad7-3701784586b1' }],
    ['the name', { definitionName: 'Sample Data' }],
  ])('any connector is provisioned by %s of its definition', async (_case, which) => {
    await harness.resetAirbyte();
    expect(await harness.run('provision', custom(which))).toMatchObject({ status: 'COMPLETED' });
    const { sources } = await harness.entities();
    expect(sources[0]).toMatchObject({ sourceType: 'faker', configuration: { count: 7 } });
    await harness.forgetCalls();
    await harness.run('provision', custom(which));
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
  });

  test('a connector that Airbyte does not have is refused with the nearest name', async () => {
    await harness.resetAirbyte();
    const status = await harness.run('provision', custom({ definitionName: 'Sample Dta' }));
    expect(status.result).toContain(
      'specific.source.definitionName: Airbyte has no source connector "Sample Dta"; did you mean "Sample Data"?',
    );
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  });
});
