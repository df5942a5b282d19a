import { actorPart } from '../activities/reverse/actor';
import { connectionPart } from '../activities/reverse/connection';
import { ownOptions } from '../activities/reverse/reader-options';
import type { ConnectionRead } from '../src/airbyte/workspace';

const OURS = '{"keep_default_na":false,"na_values":["","NaN"]}';
const HASHING = {
  type: 'hashing',
  mapperConfiguration: { targetField: 'id', method: 'SHA-256', fieldNameSuffix: '_hashed' },
};
const ENCRYPTION = {
  type: 'encryption',
  mapperConfiguration: { algorithm: 'AES', targetField: 'iban', key: '**********' },
};

test.each([
  ['ours', OURS, undefined],
  ['none at all', undefined, '{"keep_default_na":true}'],
  ['one more', '{"keep_default_na":false,"na_values":["","NaN"],"sep":";"}', '{"sep":";"}'],
  ["pandas' own", '{"keep_default_na":true}', '{"keep_default_na":true}'],
  ['no value at all', '{"keep_default_na":false}', '{"na_values":[]}'],
  ['what is no JSON', 'sep=;', 'sep=;'],
])('reader_options: of %s only what a descriptor has to say is told', (_case, current, own) => {
  expect(ownOptions(current, OURS)).toBe(own);
});

const CONNECTION: ConnectionRead = {
  id: 'c',
  name: 'C',
  sourceId: 's',
  destinationId: 'd',
  status: 'active',
  schedule: { scheduleType: 'manual' },
  configurations: { streams: [{ name: 'a', syncMode: 'incremental_append' }] },
};

test.each<[string, Partial<ConnectionRead>, object, RegExp[]]>([
  [
    'a cron schedule',
    { schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ? UTC' } },
    { schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ?' } },
    [],
  ],
  [
    'a basic schedule',
    { schedule: { scheduleType: 'basic' } },
    { schedule: undefined },
    [/schedule is left out: it is basic/],
  ],
  [
    'a schedule of another time zone',
    { schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ? Europe/Rome' } },
    { schedule: undefined },
    [/schedule is left out: .*UTC/],
  ],
  ['a paused connection', { status: 'inactive' }, { status: 'inactive' }, []],
  ['a locked connection', { status: 'locked' }, {}, [/is locked in Airbyte/]],
  [
    'its tags',
    { tags: [{ tagId: 't', workspaceId: 'w', name: 'gdpr', color: 'FF0000' }] },
    { tags: ['gdpr'] },
    [],
  ],
  [
    'what Airbyte adds to a stream',
    {
      configurations: {
        streams: [
          {
            name: 'a',
            syncMode: 'full_refresh_overwrite',
            cursorField: ['updated'],
            primaryKey: [['id']],
            selectedFields: [],
            mappers: [],
          },
        ],
      },
    },
    { streams: [{ name: 'a', syncMode: 'full_refresh_overwrite' }] },
    [],
  ],
  [
    'all that a stream may have',
    {
      configurations: {
        streams: [
          {
            name: 'a',
            namespace: 'n',
            syncMode: 'incremental_deduped_history',
            cursorField: ['updated'],
            primaryKey: [['id'], ['line']],
            selectedFields: [{ fieldPath: ['id'] }, { fieldPath: ['line'] }],
            mappers: [{ id: 'x', ...HASHING }, { type: 'hashing' }, ENCRYPTION],
            destinationObjectName: 'objects',
            includeFiles: true,
          },
        ],
      },
    },
    {
      streams: [
        {
          name: 'a',
          namespace: 'n',
          syncMode: 'incremental_deduped_history',
          cursorField: ['updated'],
          primaryKey: [['id'], ['line']],
          selectedFields: ['id', 'line'],
          mappers: [HASHING],
          destinationObjectName: 'objects',
          includeFiles: true,
        },
      ],
    },
    [
      /Of the stream a mappers are left out that a descriptor cannot say: unknown, encryption of iban/,
    ],
  ],
  [
    'a sync mode of tomorrow',
    { configurations: { streams: [{ name: 'a', syncMode: 'novelty' }] } },
    { streams: [{ name: 'a', syncMode: 'novelty' }] },
    [/connection\.streams\.0\.syncMode .* a descriptor will not do like this/],
  ],
])('a connection comes back: %s', (_case, changes, fields, warnings) => {
  const part = connectionPart({ ...CONNECTION, ...changes });
  expect({ schedule: undefined, ...part.fields }).toMatchObject(fields);
  expect(part.notes).toHaveLength(warnings.length);
  for (const [index, warning] of warnings.entries())
    expect(part.notes[index]?.message).toMatch(warning);
});

const MASK = '**********';
const ACCOUNT = { host: 'a.snowflakecomputing.com', role: 'R', warehouse: 'W', username: 'U' };
const PLATFORM = { ...ACCOUNT, credentials: { auth_type: 'x', password: 'never-shown' } };
const INSIDE = { database: 'D', schema: 'S' };
const credentials = { auth_type: 'Username and Password', password: MASK };

const partOf = (
  kind: 'source' | 'destination',
  definitionId: string,
  configuration: object,
  references?: object,
) =>
  actorPart({
    kind,
    actor: {
      id: 'a',
      name: 'A [prod/d.p.0.c #01234567]',
      definitionId,
      workspaceId: 'w',
      configuration: { ...configuration },
    },
    fabric: kind === 'destination' ? PLATFORM : {},
    references,
  });

test.each([
  ["the platform's account", { ...ACCOUNT, ...INSIDE, credentials }, INSIDE],
  [
    'an account of its own',
    { ...ACCOUNT, ...INSIDE, host: 'b.snowflakecomputing.com', credentials },
    {
      ...ACCOUNT,
      ...INSIDE,
      host: 'b.snowflakecomputing.com',
      credentials: { auth_type: 'Username and Password' },
    },
  ],
])("a Snowflake destination in %s comes back without what is not the descriptor's", (...given) => {
  const [, configuration, back] = given;
  const part = partOf('destination', '424892c4-daac-4491-b35d-c6688ba547ba', configuration);
  expect(part.fields).toEqual({ connector: 'snowflake', name: 'A', connectionConfiguration: back });
  expect(part.notes.filter(({ level }) => level === 'WARNING')).toEqual([]);
  expect(JSON.stringify(part)).not.toContain('never-shown');
});

test.each([
  ['a key shown in clear', { aws_access_key_id: 'AKIA0' }],
  ['a masked key', { aws_secret_access_key: MASK }],
  ['nothing that is null', { role_arn: null }],
  ['nothing that a descriptor does not know', { novelty: 1 }],
])('an S3 source comes back without secrets: %s', (_case, more) => {
  const told = {
    bucket: 'b',
    streams: [{ name: 's', globs: ['**'], format: { filetype: 'csv' } }],
  };
  const part = partOf('source', '69589781-7828-43c5-9f63-8925b1c1ccc2', { ...told, ...more });
  expect(part.fields).toEqual({ connector: 's3', name: 'A', connectionConfiguration: told });
});

test('a secret in a text is left out', () => {
  const part = partOf('source', 'dfd88b22-b603-4c3d-aad7-3701784586b1', {
    url: 'https://user:hidden@example.invalid/x',
    nested: { deep: [{ token: 'hidden' }], kept: 1 },
  });
  expect(part.fields).toMatchObject({ connectionConfiguration: { nested: { kept: 1 } } });
  expect(JSON.stringify(part)).not.toContain('hidden');
});

test('a reference takes the place of a secret, not of what has a field of that name', () => {
  const part = partOf(
    'source',
    'dfd88b22-b603-4c3d-aad7-3701784586b1',
    { password: MASK, vault: { secretRef: 'path/in/vault', token: MASK, kept: 1 } },
    {
      password: { secretRef: 'PASSWORD', former: { secretRef: 'FORMER' } },
      vault: { secretRef: 'path/in/vault', token: { secretRef: 'TOKEN' } },
    },
  );
  expect(part.fields.connectionConfiguration).toEqual({
    password: { secretRef: 'PASSWORD' },
    vault: { secretRef: 'path/in/vault', token: { secretRef: 'TOKEN' }, kept: 1 },
  });
});
