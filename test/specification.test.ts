import { descriptor, request } from './support/fixtures';
import { counts, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { checkSpecification, isReadable } from '../activities/problems/specification';
import { connectorsOf } from '../simulator/connectors/connectors';
import type { ActorKind } from '../simulator/connectors/connectors';

const specOf = (kind: ActorKind, type: string) => ({
  ...connectorsOf(kind).find((connector) => connector.type === type)?.spec,
});

const AT = ['specific', 'source', 'connectionConfiguration'];

const problemsOf = (spec: Record<string, unknown>, configuration: Record<string, unknown>) =>
  checkSpecification(spec, configuration, AT).map(
    ({ path, message }) =>
      `${path.replace(/^specific\.source\.connectionConfiguration\.?/, '')}: ${message}`,
  );

const ref = { secretRef: 'NAME' };
const INLINE =
  'is a secret of this connector: put { secretRef: NAME } in its place, and have the platform operator provide it under that name';
const database = { host: 'db', port: 5432, database: 'erp', username: 'reader' };

test.each([
  [{ ...database, port: '5432' }, ['port: must be integer']],
  [{ ...database, host: undefined }, ['host: is required']],
  [{ ...database, password: 'geheim' }, [`password: ${INLINE}`]],
  [{ ...database, password: ref }, []],
  [{ ...database, shemas: ['a'] }, ['shemas: is not known here; did you mean schemas?']],
  [{ ...database, somethingElse: 1 }, []],
  [
    { ...database, ssl_mode: { mode: 'verify-cb', ca_certificate: ref } },
    [
      'ssl_mode.mode: must be one of disable, allow, prefer, require, verify-ca, verify-full; did you mean verify-ca?',
    ],
  ],
  [{ ...database, ssl_mode: { mode: 'verify-ca' } }, ['ssl_mode.ca_certificate: is required']],
  [
    { ...database, tunnel_method: {} },
    [
      'tunnel_method.tunnel_method: is required: it must be one of NO_TUNNEL, SSH_KEY_AUTH, SSH_PASSWORD_AUTH',
    ],
  ],
  [
    { ...database, tunnel_method: { tunnel_method: 'NO_TUNNEL', ssh_key: 'geheim' } },
    [`tunnel_method.ssh_key: ${INLINE}`],
  ],
  [
    { host: 3, replication_method: { method: 'CDC', publication: 'p', plugin: 'wal2json' } },
    [
      'host: must be string',
      'port: is required',
      'database: is required',
      'username: is required',
      'replication_method.plugin: must be pgoutput',
      'replication_method.replication_slot: is required',
    ],
  ],
])('a Postgres source with %j: %j', (configuration, problems) => {
  const found = problemsOf(specOf('source', 'postgres'), configuration);
  expect([...found].sort()).toEqual([...problems].sort());
  expect(found.join()).not.toContain('geheim');
});

test('the problems of a list have its index, and a pattern is told in the words of the connector', () => {
  const streams = [
    { name: 'a', format: { filetype: 'csv' } },
    { format: { filetype: 'csv', double_quote: 'yes' } },
  ];
  expect(problemsOf(specOf('source', 's3'), { bucket: 'b', streams, start_date: '2026' })).toEqual([
    'start_date: must be YYYY-MM-DDTHH:mm:ss.SSSSSSZ',
    'streams[1].name: is required',
    'streams[1].format.double_quote: must be boolean',
  ]);
});

test.each([
  [
    'a form without a name of its own',
    { properties: { at: { oneOf: [{ type: 'string' }, { type: 'object' }] } } },
    { at: 3 },
    ['at: has none of the forms this connector takes'],
  ],
  [
    'nothing more than is known',
    { properties: { name: { type: 'string' } }, additionalProperties: false },
    { name: 'x', other: 1 },
    ['other: is not known to this connector: remove it'],
  ],
  [
    'a pattern that JavaScript cannot read',
    { properties: { name: { type: 'string', pattern: '(?i)^a' } } },
    { name: 'x' },
    [],
  ],
  [
    'a secret of a certain length',
    { properties: { key: { type: 'string', minLength: 40 } } },
    { key: ref },
    [],
  ],
  [
    'a number where a reference stands',
    { properties: { key: { type: 'integer' } } },
    { key: ref },
    ['key: must be integer'],
  ],
])('a specification with %s', (_case, spec, configuration, problems) => {
  expect(problemsOf(spec, configuration)).toEqual(problems);
});

test('of thousands in a list the one that is wrong is named', () => {
  const streams = Array.from({ length: 3000 }, (_, index) => ({
    name: `s${String(index)}`,
    globs: ['**'],
    format: index % 2 === 0 ? { filetype: 'csv' } : { filetype: 'jsonl' },
  }));
  const wrong = { name: 7, format: { filetype: 'csv' } };
  const lake = { bucket: 'lake', streams: [...streams, wrong] };
  expect(problemsOf(specOf('source', 's3'), lake)).toEqual(['streams[3000].name: must be string']);
});

test('a specification that cannot be read is told from one that is fulfilled', () => {
  const withPattern = (pattern: string) => ({ properties: { name: { type: 'string', pattern } } });
  expect(isReadable(withPattern('(?i)^a'))).toBe(false);
  expect(isReadable(withPattern('^a'))).toBe(true);
});

/* The same by the worker, with the specification that an Airbyte serves. */
describe.each(['public', 'config'] as const)('through the %s API', (api) => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({ api });
  });
  afterAll(() => harness.stop());

  test('a custom connector that is wrongly configured is refused before anything of it is made', async () => {
    const source = {
      connector: 'custom',
      name: 'Erp',
      definitionName: 'Postgres',
      connectionConfiguration: { ...database, port: 'high', password: 'geheim-inline' },
    };
    const answer = await harness.post(
      '/v1/provision',
      request(descriptor({ environment: harness.environment, source })),
    );
    // A key of this name is refused before the run begins.
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('geheim-inline');

    const configuration = { ...database, port: 'high' };
    const status = await harness.run('provision', {
      source: { ...source, connectionConfiguration: configuration },
    });
    const path = 'specific.source.connectionConfiguration.port';
    const problem: unknown = expect.stringContaining(`${path}: must be integer`);
    expect(status).toMatchObject({ status: 'FAILED', result: problem });
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
    expect(await harness.calls('createSource')).toEqual([]);
  });
});
