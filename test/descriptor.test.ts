import { stringify } from 'yaml';
import { z } from 'zod';
import { readDescriptor, readIdentity } from '../src/descriptor/descriptor';
import { RequestError } from '../src/contract/problems';
import { ALIAS_BOMB, CASHFLOW, descriptor } from './support/fixtures';

const requestOf = (text: string, latestEnrichedDescriptor?: string) => ({
  descriptorKind: 'COMPONENT_DESCRIPTOR' as const,
  descriptor: text,
  latestEnrichedDescriptor,
});
const read = (text: string) => readDescriptor(requestOf(text));

const problemsOf = (act: () => unknown): string[] => {
  try {
    act();
  } catch (err) {
    if (err instanceof RequestError) return err.message.split('\n');
    throw err;
  }
  return [];
};

const anyText: unknown = expect.any(String);
const PLATFORM = 'is ignored: without credentials it is the platform that says';
const SPECIFIC = 'specific';

test('makes a plan of a descriptor written for the existing provisioner', () => {
  const { plan, warnings } = read(CASHFLOW);
  expect(plan).toEqual({
    component: {
      environment: 'development',
      domain: 'finance',
      product: 'cashflow',
      major: '0',
      component: 'payments',
      key: 'development/finance.cashflow.0.payments',
    },
    source: {
      connector: 'file',
      name: 'Payments CSV',
      definitionId: '778daa7c-feaf-4db6-96f3-70fd645acc77',
      configuration: {
        url: 'https://files.example.com/payments.csv',
        format: 'csv',
        provider: { storage: 'HTTPS', user_agent: false },
        dataset_name: 'payments',
        reader_options: anyText,
      },
    },
    destination: {
      connector: 'snowflake',
      name: 'Snowflake',
      definitionId: '424892c4-daac-4491-b35d-c6688ba547ba',
      configuration: { database: 'MYDATABASE', schema: 'myschema' },
    },
    connection: {
      name: 'Payments CSV <> Snowflake',
      schedule: { scheduleType: 'manual' },
      prefix: '',
      namespaceDefinition: 'destination',
      nonBreakingSchemaUpdatesBehavior: 'ignore',
    },
  });
  expect(warnings).toEqual([
    `${SPECIFIC}.destination.connectionConfiguration.host (line 47): ${PLATFORM}`,
    `${SPECIFIC}.destination.connectionConfiguration.warehouse (line 50): ${PLATFORM}`,
  ]);
});

test('keeps the literal "NA" in tables, and the options the descriptor gives', () => {
  const optionsOf = (text: string) =>
    z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(String(read(text).plan.source.configuration.reader_options)));
  const options = optionsOf(CASHFLOW);
  expect(options.keep_default_na).toBe(false);
  expect(options.na_values).toContain('NULL');
  expect(options.na_values).not.toContain('NA');
  const given = CASHFLOW.replace(
    'dataset_name: payments',
    `dataset_name: payments\n            reader_options: '{"sep": ";"}'`,
  );
  expect(optionsOf(given)).toMatchObject({ sep: ';', keep_default_na: false });
  expect(optionsOf(CASHFLOW.replace('format: csv', 'format: PARQUET'))).toEqual({});
});

test.each([
  ['database: mydatabase', 'database: null', { database: 'FINANCE', schema: 'myschema' }],
  ['schema: myschema', 'schema: ""', { database: 'MYDATABASE', schema: 'CASHFLOW_0' }],
])('derives what the destination leaves out (%s as %s)', (given, instead, expected) => {
  expect(read(CASHFLOW.replace(given, instead)).plan.destination.configuration).toEqual(expected);
});

test('reads the optional wishes for the connection', () => {
  const text = descriptor({
    connection: {
      schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ? UTC' },
      prefix: 'raw_',
      namespaceDefinition: 'custom_format',
      namespaceFormat: 'landing',
      streams: [
        {
          name: 'payments',
          syncMode: 'incremental_deduped_history',
          cursorField: 'at',
          primaryKey: 'id',
          selectedFields: ['id', 'at'],
        },
        { name: 'refunds', primaryKey: ['id', 'line'] },
      ],
    },
  });
  expect(read(text).plan.connection).toMatchObject({
    schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ?' },
    prefix: 'raw_',
    namespaceFormat: 'landing',
    streams: [
      { name: 'payments', cursorField: ['at'], primaryKey: [['id']], selectedFields: ['id', 'at'] },
      { name: 'refunds', syncMode: 'full_refresh_overwrite', primaryKey: [['id'], ['line']] },
    ],
  });
});

test.each([
  ['no product', /^dataProduct:$/m, 'product:', 'dataProduct (line 2): is required'],
  [
    'no environment',
    /^ {2}environment: .*\n/m,
    '',
    'dataProduct.environment (line 2): is required',
  ],
  [
    'a version that is a number',
    'version: 0.2.0',
    'version: 1',
    'dataProduct.version (line 9): must be text, not number; put it in quotes if it is meant as text',
  ],
  [
    'another product',
    'id: urn:dmb:dp:finance:cashflow:0',
    'id: urn:dmb:dp:finance:other:0',
    'dataProduct.id (line 4): is not the product of the component urn:dmb:cmp:finance:cashflow:0:payments',
  ],
  [
    'an id that is no URN',
    /cashflow:0:payments/g,
    'payments',
    'componentIdToProvision (line 54): must be urn:dmb:cmp:<domain>:<product>:<major>:<component>',
  ],
  [
    'a subcomponent',
    /cashflow:0:payments/g,
    'cashflow:0:payments:part',
    'componentIdToProvision (line 54): names a subcomponent; this provisioner provisions whole components only',
  ],
  [
    'no such component',
    'id: urn:dmb:cmp:finance:cashflow:0:payments\n      name',
    'id: urn:dmb:cmp:finance:cashflow:0:other\n      name',
    'dataProduct.components (line 18): must have exactly one component with the id urn:dmb:cmp:finance:cashflow:0:payments',
  ],
  [
    'another kind',
    'kind: Workload',
    'kind: outputport',
    'dataProduct.components[1].kind (line 23): must be workload: an Airbyte pipeline is one',
  ],
  [
    'no source',
    /source:\n[\s\S]*?destination:/,
    'destination:',
    `${SPECIFIC}.source (line 34): is required`,
  ],
  [
    'an unknown connector',
    'name: Payments CSV\n',
    'name: Payments CSV\n          connector: fax\n',
    `${SPECIFIC}.source.connector (line 37): is not a connector this provisioner supports: it must be one of file, postgres, s3, custom`,
  ],
  [
    'a type in the place of a connector',
    'name: Payments CSV\n',
    'name: Payments CSV\n          type: Postgres\n',
    `${SPECIFIC}.source.connector (line 35): is missing, so file is assumed; rename type to connector`,
  ],
  [
    'a primary key in another form',
    'dbtGitUrl: null',
    'streams: [{ name: orders, primaryKey: { id: true } }]',
    `${SPECIFIC}.connection.streams[0].primaryKey (line 53): must be a column, such as id, or a list of them, such as [order_id, line]`,
  ],
  [
    'an unknown format',
    'format: csv',
    'format: cvs',
    `${SPECIFIC}.source.connectionConfiguration.format (line 39): must be one of csv, json, jsonl, excel, excel_binary, fwf, feather, parquet, yaml; did you mean csv?`,
  ],
  [
    'a storage not supported',
    'storage: HTTPS',
    'storage: FTP',
    `${SPECIFIC}.source.connectionConfiguration.provider.storage (line 41): must be one of HTTPS, GCS, S3, AzBlob, SSH, SCP, SFTP; did you mean SFTP?`,
  ],
  [
    'a URL of another scheme',
    'https://files.example.com',
    's3://files.example.com',
    `${SPECIFIC}.source.connectionConfiguration.url (line 38): must be an https:// URL`,
  ],
  [
    'reader options that are no JSON',
    'dataset_name: payments',
    'dataset_name: payments\n            reader_options: "{sep"',
    `${SPECIFIC}.source.connectionConfiguration.reader_options (line 44): must be a JSON object as text, for example {"sep": ";"}`,
  ],
  [
    'an empty connection name',
    'name: Payments CSV <> Snowflake',
    'name: ""',
    `${SPECIFIC}.connection.name (line 52): must not be empty`,
  ],
  [
    'a cron expression of five fields',
    'dbtGitUrl: null',
    'schedule: {scheduleType: cron, cronExpression: "0 6 * * *"}',
    `${SPECIFIC}.connection.schedule.cronExpression (line 53): must be a Quartz expression, which begins with seconds: write "0 0 6 * * ?" (times are UTC)`,
  ],
  [
    'a YAML merge key',
    'dbtGitUrl: null',
    '<<: {prefix: x}',
    `${SPECIFIC}.connection.<< (line 53): YAML merge keys are not supported; write the values out`,
  ],
  [
    'a key given twice',
    'dbtGitUrl: null',
    'name: again',
    `${SPECIFIC}.connection.name (line 53): is given twice in one place; keep one of them`,
  ],
])('refuses a descriptor with %s', (_case, given, instead, problem) => {
  const text = CASHFLOW.replace(given, instead);
  expect(text).not.toBe(CASHFLOW);
  expect(problemsOf(() => read(text))).toEqual([problem]);
});

test('says which connector it took, where nothing that this one needs is given', () => {
  const text = CASHFLOW.replace(/url: [^]*?dataset_name: payments/, 'schemas: [public]');
  expect(problemsOf(() => read(text))).toEqual([
    'specific.source.connector (line 35): is missing, so file is assumed, which needs dataset_name and url; to use another, write one of postgres, s3, custom',
  ]);
});

test.each([
  ['type: Postgres\n          ', 'is missing, so file is assumed; rename type to connector'],
  [
    '',
    'is missing, so file is assumed, which needs dataset_name and url; to use another, write one of postgres, s3, custom',
  ],
])('where the connector is only assumed, no keys are moved to fit it: %j', (type, message) => {
  const text = CASHFLOW.replace(
    /connectionConfiguration:\s+url: [^]*?dataset_name: payments/,
    `${type}connectionConfiguration: { host: db, port: 5432, database: erp, username: reader }`,
  );
  expect(text).not.toBe(CASHFLOW);
  expect(problemsOf(() => read(text))).toEqual([
    expect.stringMatching(/^specific\.source\.connector \(line 3\d\): /),
  ]);
  expect(() => read(text)).toThrow(message);
});

const REFERENCE =
  'Put { secretRef: NAME } in its place, and have the platform operator provide it under that name';
const REMOVE = 'Remove it: whoever reads the descriptor, or Airbyte, could see it';

test.each([
  ['password: geheim', 'password', REFERENCE],
  [
    'credentials: {auth_type: Username and Password, password: geheim}',
    'credentials.password',
    REFERENCE,
  ],
  ['privateKey: geheim', 'privateKey', REFERENCE],
  ['jdbc_url_params: "https://user:geheim@host/"', 'jdbc_url_params', REMOVE],
])('refuses a secret (%s) without repeating it', (given, at, remedy) => {
  const text = CASHFLOW.replace(
    'database: mydatabase',
    `database: mydatabase\n            ${given}`,
  );
  const problems = problemsOf(() => read(text));
  expect(problems).toContain(
    `${SPECIFIC}.destination.connectionConfiguration.${at} (line 50): carries a secret. ${remedy}`,
  );
  expect(problems.join()).not.toContain('geheim');
});

test.each([
  'https://geheim@files.example.com/a.csv',
  'https://u:geheim@files.example.com/a.csv',
  'https://files.example.com/a.csv?sig=geheim',
])('refuses the secret in the URL %s', (url) => {
  expect(problemsOf(() => read(descriptor({ url })))).toEqual([
    expect.stringMatching(/connectionConfiguration\.url \(line \d+\): carries a secret/),
  ]);
});

test('tells every problem at once', () => {
  const text = CASHFLOW.replace('version: 0.2.0', 'version: one')
    .replace('format: csv', 'format: cvs')
    .replace('name: Payments CSV <> Snowflake', 'nome: x')
    .replace('schema: myschema', 'schema: 7');
  expect(problemsOf(() => read(text))).toHaveLength(4);
});

test.each([
  ['broken YAML', 'dataProduct: [', /^descriptor \(line 1\): is not valid YAML/],
  ['nothing', '', /^descriptor: must be a map of keys and values/],
  ['a lone word', 'hello', /^descriptor \(line 1\): must be a map of keys and values/],
  [
    'two documents',
    `${CASHFLOW}---\n${CASHFLOW}`,
    /is not valid YAML: it has more than one document/,
  ],
  ['nesting without end', '['.repeat(50_000), /is nested too deeply/],
])('refuses %s', (_case, text, problem) => {
  expect(problemsOf(() => read(text))[0]).toMatch(problem);
});

test('refuses an alias bomb before it goes off', () => {
  expect(ALIAS_BOMB.length).toBeLessThan(300);
  expect(problemsOf(() => read(`${ALIAS_BOMB}\n${CASHFLOW}`))).toEqual([
    'descriptor: has more than 250000 nodes, keys included and aliases written out: no more are read',
  ]);
});

test('tells a few of many keys that are ignored, and of many given twice', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `            u${String(index)}: 1`);
  const ignored = CASHFLOW.replace(/^ +dataset_name/m, (found) => [...keys, found].join('\n'));
  expect(read(ignored).warnings).toHaveLength(20);
  const maps = Array.from({ length: 20_000 }, () => '    - {a: 1, a: 2}');
  const twice = CASHFLOW.replace('  tags: []', ['  tags:', ...maps].join('\n'));
  const problems = problemsOf(() => read(twice));
  expect(problems).toHaveLength(20);
  expect(problems[19]).toMatch(/^dataProduct\.tags\[19\]\.a \(line \d+\): is given twice/);
});

test('reads JSON, which is YAML too', () => {
  const json = JSON.stringify({ a: 1 });
  expect(problemsOf(() => read(json))).toEqual([
    'dataProduct (line 1): is required',
    'componentIdToProvision (line 1): is required',
  ]);
});

describe('ids of former runs', () => {
  const ids = {
    sourceId: '0b8f4e1a-2f5c-4f0e-9a51-000000000001',
    destinationId: '0b8f4e1a-2f5c-4f0e-9a51-000000000002',
    connectionId: '0b8f4e1a-2f5c-4f0e-9a51-000000000003',
  };
  const enriched = (privateInfo: unknown) =>
    stringify({
      components: [
        { id: 'urn:dmb:cmp:finance:cashflow:0:payments', info: { publicInfo: {}, privateInfo } },
      ],
    });

  test('come from the latest enriched descriptor', () => {
    expect(readDescriptor(requestOf(CASHFLOW, enriched(ids))).known).toEqual(ids);
  });

  test.each([
    ['absent', undefined],
    ['garbage', '}{'],
    ['an alias bomb', ALIAS_BOMB],
    ['of another form', enriched('none')],
    ['no ids', enriched({ sourceId: 12 })],
  ])('are unknown when it is %s', (_case, text) => {
    expect(readDescriptor(requestOf(CASHFLOW, text)).known).toEqual({});
  });
});

describe('identity', () => {
  test.each([
    ['a source without a name', CASHFLOW.replace(/ +name: Payments CSV\n/, '')],
    [
      'a specific that is no mapping',
      CASHFLOW.replace(/specific:\n[\s\S]*(?=componentId)/, 'specific: 3\n'),
    ],
    [
      'components that are no list',
      CASHFLOW.replace(/components:\n[\s\S]*(?=componentId)/, 'components: 42\n'),
    ],
    [
      'a key given twice in specific',
      CASHFLOW.replace('format: csv', 'format: csv\n            format: json'),
    ],
  ])('survives %s', (_case, text) => {
    expect(text).not.toBe(CASHFLOW);
    expect(readIdentity(requestOf(text)).component.key).toBe(
      'development/finance.cashflow.0.payments',
    );
  });

  test('needs the environment and the id', () => {
    const text = CASHFLOW.replace(/^ {2}environment: .*\n/m, '').replace(/^componentId.*/m, '');
    expect(problemsOf(() => readIdentity(requestOf(text)))).toEqual([
      'componentIdToProvision (line 2): is required',
    ]);
  });
});

test.each(['DATAPRODUCT_DESCRIPTOR', 'DATAPRODUCT_DESCRIPTOR_WITH_RESULTS'] as const)(
  'refuses a %s',
  (descriptorKind) => {
    expect(problemsOf(() => readDescriptor({ descriptorKind, descriptor: CASHFLOW }))).toEqual([
      `descriptorKind: ${descriptorKind} is not supported`,
    ]);
  },
);
