import { problemsIn } from '../src/descriptor/refs';
import { tooMuchIn, tooMuchInText } from '../src/contract/document-limits';
import { withoutUtc } from '../src/cron/advice';
import { RequestError } from '../src/contract/problems';
import { readEnriched } from '../src/descriptor/enriched';
import { isSecretKey, secretsIn } from '../src/secrets/masking';
import { streamProblemsIn } from '../src/descriptor/targets';
import { readYaml } from '../src/reading/yaml';

const problemOf = (text: string) => readYaml(text, 'text').problems[0]?.message;
const MOST_NODES = 250_000;
const NODES = 'has more than 250000 nodes';
const DEEP = 'is nested too deeply: at most 100 levels are read';

const list = (count: number) => `[${Array<string>(count).fill('x').join(',')}]`;
/** A list of so many, and so many aliases to it. */
const aliased = (count: number, times: number) =>
  `a: &a ${list(count)}\nb: [${Array<string>(times).fill('*a').join(',')}]`;

describe('nodes', () => {
  test.each<[string, string, string | undefined]>([
    ['as many as are read', list(MOST_NODES - 1), undefined],
    ['one more', list(MOST_NODES), NODES],
    // The map, two keys with their lists, ten aliases, and the one list eleven times.
    ['as many with aliases', aliased(22_725, 10), undefined],
    ['more with aliases', aliased(22_726, 10), NODES],
    ['a list that aliases multiply', aliased(400, 700), NODES],
    ['what would be a tree of millions', `[${'[],'.repeat(300_000)}]`, NODES],
    ['as many comments as are read', '#\n'.repeat(MOST_NODES), undefined],
    ['nothing but comments', '#\n'.repeat(MOST_NODES + 1), 'dashes, commas, tags and comments'],
    ['nothing but documents', '---\n'.repeat(MOST_NODES + 1), 'dashes, commas, tags and comments'],
  ])('%s', (_what, text, problem) => {
    if (problem === undefined) expect(problemOf(text)).toBeUndefined();
    else expect(problemOf(text)).toContain(problem);
  });

  test('keys count', () => {
    const map = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${String(index)}`, 1]));
    expect(tooMuchIn(map(MOST_NODES / 2 - 1))).toBeUndefined();
    expect(tooMuchIn(map(MOST_NODES / 2))).toContain(NODES);
  });
});

test.each<[string, (levels: number) => string]>([
  ['brackets', (levels) => `${'['.repeat(levels)}${']'.repeat(levels)}`],
  ['braces', (levels) => `${'{a: '.repeat(levels)}1${'}'.repeat(levels)}`],
  ['dashes', (levels) => `${'- '.repeat(levels)}x`],
])('%s have a hundred levels at most, however many are given', (_what, text) => {
  expect(problemOf(text(100))).toBeUndefined();
  for (const levels of [101, 2000, 50_000]) expect(problemOf(text(levels))).toBe(DEEP);
});

test('keys have a length', () => {
  expect(problemOf(`${'k'.repeat(1000)}: 1`)).toBeUndefined();
  expect(problemOf(`a:\n  ${'k'.repeat(1001)}: 1`)).toContain('has a key of 1001 characters');
});

test('anchors and aliases have a number', () => {
  const text = (count: number) =>
    Array.from({ length: count }, (_, index) => `- &a${String(index)} x`).join('\n');
  expect(tooMuchInText(text(10_000))).toBeUndefined();
  expect(tooMuchInText(text(10_001))).toContain('anchors and aliases');
  expect(problemOf('a: *nobody')).toContain('stands for nothing');
});

test('keys marked with a question mark have a number', () => {
  expect(tooMuchInText('? '.repeat(100))).toBeUndefined();
  expect(problemOf('? '.repeat(101))).toContain('has more than 100 keys marked');
});

test('a repeated key behind an alias has the line of its anchor', () => {
  const yaml = readYaml('a: &a\n  x: 1\nb: *a\nc: &a\n  x: 2\nd: *a\n', 'text');
  expect([yaml.lineAt(['b', 'x']), yaml.lineAt(['d', 'x'])]).toEqual([2, 5]);
});

test('of many problems the first are told, and how many there are', () => {
  const many = (count: number) =>
    Array.from({ length: count }, () => ({ path: 'a', message: 'x' }));
  const told = (count: number) => new RequestError(many(count), { solutions: [] }).problems;
  expect(told(200)).toEqual(many(200));
  expect(told(201).slice(200)).toEqual([{ path: 'request', message: 'has 1 more problems' }]);
  const problem = { path: 'p'.repeat(500), message: 'm'.repeat(1000) };
  const toldOf = (given: typeof problem) => new RequestError([given], { solutions: [] }).problems;
  expect(toldOf(problem)).toEqual([problem]);
  const longer = { path: `${problem.path}p`, message: `${problem.message}m` };
  const cutTo = (text: string, length: number) => `${text.slice(0, length - 1)}…`;
  expect(toldOf(longer)).toEqual([
    { path: cutTo(longer.path, 500), message: cutTo(longer.message, 1000) },
  ]);
});

/* What was quadratic, and took minutes at the length a body may have. */

test.each<[string, () => unknown, unknown]>([
  ['a mail of dots', () => problemsIn([`user:a@${'.'.repeat(1_000_000)}@`])[0]?.path, 'refs[0]'],
  ['a ref with room', () => problemsIn([`group:${'x'.repeat(255)}`]), []],
  ['blanks before a zone', () => withoutUtc(`x${' '.repeat(500_000)}y`).length, 500_002],
  ['a zone', () => withoutUtc(' 0 0 6 * * ?   UTC '), '0 0 6 * * ?'],
  ['a name of keys', () => isSecretKey(`${'private_key_'.repeat(80_000)}\nX`), false],
  ['a secret under a long name', () => isSecretKey(`${'x'.repeat(900)}_password`), true],
  [
    'JSON without end',
    () => secretsIn({ a: `{"a":`.repeat(100_000) + '1' + '}'.repeat(100_000) }),
    [['a']],
  ],
  [
    'streams of one name',
    () =>
      streamProblemsIn(Array<{ name: string }>(100_000).fill({ name: 'one' }), {
        naming: { namespaceDefinition: 'destination' },
        connector: 'snowflake',
      }).length,
    99_999,
  ],
])('%s', (_what, read, expected) => {
  expect(read()).toEqual(expected);
});

const ID = '11111111-1111-4111-8111-111111111111';

test.each<[string, (value: object) => string]>([
  ['JSON', (value) => JSON.stringify(value)],
  ['YAML', (value) => `# not JSON\n${JSON.stringify(value)}`],
])('latestEnrichedDescriptor is read as %s, within bounds', (_what, written) => {
  const id = 'urn:dmb:cmp:finance:cashflow:0:payments';
  const told = (more: object) =>
    readEnriched(
      written({
        dataProduct: { components: [{ id, info: { privateInfo: { sourceId: ID } } }], ...more },
      }),
    ).formerOf(id).known;
  expect(told({})).toEqual({ sourceId: ID });
  expect(told({ many: Array<number>(MOST_NODES).fill(1) })).toEqual({});
});
