import { readAccess } from '../src/descriptor/access-request';
import { problemsIn } from '../src/descriptor/refs';
import { descriptor } from './support/fixtures';

const refs = (count: number) =>
  Array.from({ length: count }, (_, index) => `group:${String(index)}`);

test('5000 refs are taken, and one more is refused with both numbers', () => {
  expect(problemsIn(refs(5000))).toEqual([]);
  expect(problemsIn(refs(5001))).toEqual([
    { path: 'refs', message: 'has 5001 entries; at most 5000 are taken: use groups' },
  ]);
});

const mail = (length: number) => `${'m'.repeat(length - '@x.y'.length)}@x.y`;
const group = (length: number) => 'g'.repeat(length);

test.each<[string, number, (length: number) => string, string]>([
  [
    'a ref, blanks in it included',
    330,
    (length) => `group:${'a'.padStart(length - 6)}`,
    '331 char',
  ],
  ['a mail', 320, (length) => `user:${mail(length)}`, 'a mail of 321 characters; at most 320'],
  ['the name of a group', 255, (length) => `group:${group(length)}`, 'more than the 255 char'],
])('%s has %i characters at most', (_what, most, refOf, problem) => {
  expect(problemsIn([refOf(most)])).toEqual([]);
  const [told, ...more] = problemsIn([refOf(most + 1)]);
  expect([told?.path, more]).toEqual(['refs[0]', []]);
  expect(told?.message).toContain(problem);
});

test('refs of 750,000 bytes together are taken, and a byte more is refused', () => {
  // Two quotes and a comma each, and the brackets of them all.
  const each = 150 - '"",'.length;
  const all = Array.from({ length: 5000 }, (_, index) =>
    `group:${String(index)}`.padEnd(each, 'x'),
  );
  all[0] = String(all[0]).slice(0, -1);
  expect(problemsIn(all)).toEqual([]);
  all[0] += 'x';
  expect(problemsIn(all)).toEqual([
    {
      path: 'refs',
      message: 'take 750001 bytes together; at most 750000 are taken: use groups',
    },
  ]);
});

/** What is told again of a result that told so much. */
const toldAgain = (publicInfo: Record<string, object>) =>
  readAccess({
    refs: ['group:devs'],
    provisionInfo: {
      request: descriptor(),
      result: JSON.stringify({ info: { publicInfo, privateInfo: {} } }),
    },
  }).info.publicInfo;

const entry = (value: string) => ({ type: 'string', label: 'L', value });

test('fifty entries are told again, and no more', () => {
  const told = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`k${String(index)}`, entry('v')]),
    );
  expect(toldAgain(told(50))).toEqual(told(50));
  expect(toldAgain(told(51))).toEqual(told(50));
});

describe('of the places that a last run has told', () => {
  const place = (schema: string, more: object = {}) => ({
    connector: 'snowflake',
    fabric: 'finance-dev',
    configuration: { database: 'FINANCE', schema },
    where: { account: 'ACME' },
    ...more,
  });
  const isFormer = true;
  const read = (told: object[], destination?: Record<string, unknown>) => {
    const { place, former = [] } = readAccess({
      refs: ['group:devs'],
      provisionInfo: {
        request: descriptor({
          destination: destination ?? {
            name: 'Snowflake',
            connectionConfiguration: { database: 'FINANCE', schema: 'B' },
          },
        }),
        result: JSON.stringify({ info: { privateInfo: { places: JSON.stringify(told) } } }),
      },
    });
    return { place, former };
  };
  const named = { connector: 'snowflake', configuration: { database: 'FINANCE', schema: 'B' } };
  const postgres = {
    name: 'Database',
    connector: 'postgres',
    connectionConfiguration: { host: 'h', port: 5432, database: 'd', username: 'u', schema: 's' },
  };

  test.each([
    ['the first is the present one', [place('B'), place('A')], place('B'), [place('A')]],
    [
      'one that is former is not, wherever it stands',
      [place('A', { isFormer }), place('B')],
      place('B'),
      [place('A', { isFormer })],
    ],
    [
      'where all are former it is the one that the descriptor names',
      [place('A', { isFormer })],
      named,
      [place('A', { isFormer })],
    ],
    [
      'but for one that is written to no more',
      [place('B', { isFormer })],
      undefined,
      [place('B', { isFormer })],
    ],
  ])('%s', (_what, told, present, former) => {
    expect(read(told)).toEqual({ place: present, former });
  });

  test('a component that writes to no fabric any more has former ones alone', () => {
    const former = [place('A', { isFormer })];
    expect(read(former, postgres)).toEqual({ place: undefined, former });
  });
});
