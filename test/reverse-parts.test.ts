import { connectionPart } from '../activities/reverse-connection';
import { ownOptions } from '../activities/reverse-reader-options';
import type { ConnectionRead } from '../src/airbyte';

const OURS = '{"keep_default_na":false,"na_values":["","NaN"]}';
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
  ['a paused connection', { status: 'inactive' }, {}, [/is inactive in Airbyte/]],
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
            mappers: [{ type: 'hashing' }],
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
        },
      ],
    },
    [/mappings of the stream a are left out/],
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
