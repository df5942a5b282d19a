import { cutWords } from '../activities/attempt-failure';
import { summarize } from '../activities/pipeline/discovery';
import { reportOf } from '../activities/drift/drift';
import { writerTo } from '../src/cli/tables';
import { readDescriptor } from '../src/descriptor/descriptor';
import type { Finding } from '../src/contract/drift';
import { asSummary } from '../workflows/protocol/lengths';
import { detailsOf, summaryOf } from '../src/runs/pipeline-start';
import type { Member } from '../workflows/product/children';
import { completedStatus } from '../workflows/product/status';
import { recordFor } from '../workflows/reads/validation-record';
import { readAccess, MAX_ENTRY } from '../src/descriptor/access-request';
import type { ProvisioningStatus } from '../src/contract/coordinator';
import {
  asDetails,
  asLine,
  asMemo,
  asMessage,
  asPhase,
  asReason,
  createLog,
  MAX_VALUE,
} from '../workflows/run/limits';
import { streamNames } from '../workflows/pipeline/streams';
import { descriptor } from './support/fixtures';

test.each([
  ['a line', asLine, 4000],
  ['a phase', asPhase, 500],
  ["a failure's message", asMessage, 20_000],
  ['what a step says', cutWords, 4000],
  ['why something is left', asReason, 300],
])('%s is whole up to its bound, and cut beyond it', (_what, bounded, most) => {
  const just = 'x'.repeat(most);
  expect(bounded(just)).toBe(just);
  expect(bounded(`${just}x`)).toBe(`${just.slice(1)}…`);
});

test.each([
  ['a step says', cutWords],
  ['a log has', asLine],
  ['a phase is called', asPhase],
])('what %s is one line without control characters', (_what, bounded) => {
  expect(bounded('one\r\n\ttwo\u2028\u001b[2J\u0007\u009b\u202E\u2066.')).toBe('one two �[2J����.');
});

test('a terminal is given lines, and nothing else that it would obey', () => {
  const written: string[] = [];
  const stream = { write: (text: string) => Boolean(written.push(text)) };
  const given = { name: 'a\u001b[2J\n\u009b\u202Eb' };
  writerTo(stream)(JSON.stringify(given, null, 2));
  writerTo(stream)('one\ntwo\r\u001b]0;title\u0007');
  expect(written).toEqual([
    '{\n  "name": "a\\u001b[2J\\n\\u009b\\u202eb"\n}\n',
    'one\ntwo\\u000d\\u001b]0;title\\u0007\n',
  ]);
  expect(JSON.parse(written[0] ?? '')).toEqual(given);
});

const logOf = (count: number) => {
  const log = createLog<{ message: string }>();
  for (let number = 1; number <= count; number += 1) log.add({ message: String(number) });
  return log.entries.map(({ message }) => message);
};

test('a log of 500 lines is whole', () => {
  expect(logOf(500)).toEqual(Array.from({ length: 500 }, (_, index) => String(index + 1)));
});

test.each([501, 502, 20_000])('of a log of %i lines the first and the newest are kept', (count) => {
  const lines = logOf(count);
  expect(lines).toHaveLength(500);
  expect(lines.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, index) => String(index + 1)));
  expect(lines[100]).toBe(`${String(count - 499)} lines are left out here.`);
  expect(lines[101]).toBe(String(count - 398));
  expect(lines.at(-1)).toBe(String(count));
});

test('details are whole as long as they have room', () => {
  const line = 'x'.repeat(99);
  const just = Array.from({ length: 199 }, () => line);
  const head = 'h'.repeat(100);
  expect(asDetails([head], just)).toHaveLength(20_000);
  expect(asDetails([`${head}h`], just)).toBe([`${head}h`, ...just.slice(1)].join('\n'));
});

test('details keep their head and the newest lines that have room', () => {
  const lines = Array.from(
    { length: 1000 },
    (_, index) => `line ${String(index)} ${'x'.repeat(40)}`,
  );
  const all = asDetails(['**phase**', ''], lines.slice(0, 100));
  expect(all.split('\n')).toHaveLength(102);
  const shown = asDetails(['**phase**', ''], lines);
  expect(shown.length).toBeLessThanOrEqual(20_001);
  expect(shown).toMatch(/^\*\*phase\*\*\n\nline \d+/);
  expect(shown.endsWith(lines.at(-1) ?? '')).toBe(true);
  expect(asDetails(['x'.repeat(100_000)], lines)).toHaveLength(20_000);
});

const named = (count: number, length = 2) =>
  Array.from({ length: count }, () => ({ name: 's'.repeat(length) }));
const { plan } = readDescriptor({
  descriptorKind: 'COMPONENT_DESCRIPTOR',
  descriptor: descriptor(),
});

test('fifty streams are named, of more is told how many', () => {
  const first = Array(50).fill('ss').join(', ');
  expect(streamNames(plan, named(50))).toBe(first);
  expect(streamNames(plan, named(51))).toBe(`${first}, and 1 more`);
});

test('fifty streams that were discovered are told, of more is told how many', () => {
  const first = Array(50).fill('ss');
  expect(summarize(named(50))).toEqual({ count: 50, first, few: named(50) });
  expect(summarize(named(51))).toEqual({ count: 51, first });
});

/** As if a descriptor said so much to no effect. */
const ignoring = (count: number, key = 'unknown') => {
  const keys = Array.from({ length: count }, (_, index) => [`${key}${String(index)}`, 1] as const);
  const source = {
    name: 'S',
    connector: 'file',
    connectionConfiguration: {
      url: 'https://files.example.invalid/a.csv',
      format: 'csv',
      dataset_name: 'a',
      ...Object.fromEntries(keys),
    },
  };
  return readDescriptor({
    descriptorKind: 'COMPONENT_DESCRIPTOR',
    descriptor: descriptor({ source }),
  });
};

test('ten ignored keys are named, all are counted', () => {
  const told = (count: number) => ignoring(count).ignored;
  expect([told(10).keys.length, told(10).count]).toEqual([10, 10]);
  expect([told(11).keys.length, told(11).count]).toEqual([10, 11]);
});

test('a descriptor has twenty warnings at most', () => {
  expect([20, 21].map((count) => ignoring(count).warnings.length)).toEqual([20, 20]);
  expect(ignoring(19).warnings).toHaveLength(19);
});

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const checksIn = ({ info }: ReturnType<ReturnType<typeof recordFor>['status']>) =>
  info?.privateInfo?.checks ?? [];

test('a validation tells as many lines as have room, and counts the others', () => {
  const told = (last: number) => {
    const { note, status } = recordFor(silent);
    for (let line = 1; line < 200; line += 1) note('passed', 'x'.repeat(1000));
    note('passed', 'x'.repeat(last - 'passed: '.length));
    note('passed', '');
    return checksIn(status());
  };
  const rest = 'passed: '.length;
  expect(told(1000 - rest)).toHaveLength(200 + 1);
  expect(told(1000 - rest + 1).slice(200)).toEqual(['and 1 more, for which there is no room']);
});

test('a data product tells 500 lines of its components, of more only what went wrong', () => {
  const timestamp = '2026-01-01T00:00:00.000Z';
  const member = (levels: ('INFO' | 'ERROR')[]): Member => {
    const logs = levels.map((level) => ({ timestamp, level, message: level }));
    return { component: 'c', state: 'done', status: { status: 'COMPLETED', result: '', logs } };
  };
  const told = (...levels: ('INFO' | 'ERROR')[]) =>
    (completedStatus([member(levels)], { logs: [] }, '').logs ?? []).map(({ message }) => message);
  const lines = <Level>(count: number, level: Level) => Array<Level>(count).fill(level);
  expect(told(...lines(499, 'INFO' as const), 'ERROR')).toHaveLength(500);
  expect(told(...lines(500, 'INFO' as const), 'ERROR')).toEqual(['c: ERROR']);
  expect(told(...lines(501, 'ERROR' as const))).toHaveLength(500);
});

/** A data product of one component, which has told so much. */
const productOf = (result: string, lines: string[] = []) => {
  const logs = lines.map((message) => ({
    timestamp: '2026-01-01T00:00:00.000Z',
    level: 'ERROR' as const,
    message,
  }));
  const status: ProvisioningStatus = { status: 'COMPLETED', result, logs };
  return completedStatus([{ component: 'c', state: 'done', status }], { logs: [] }, 'Done.');
};

test('a data product repeats 1,000 characters of what a component tells', () => {
  const told = (length: number) => productOf('x'.repeat(length)).result.slice('Done.\nc: '.length);
  expect(told(1000)).toBe('x'.repeat(1000));
  expect(told(1001)).toBe(`${'x'.repeat(999)}…`);
});

test('a data product repeats 500,000 characters of its components’ logs', () => {
  const lines = Array<string>(125).fill('x'.repeat(4000 - 'c: '.length));
  const told = (...more: string[]) => (productOf('', [...lines, ...more]).logs ?? []).length;
  // Each begins with the component's name.
  expect([told(), told('')]).toEqual([125, 125]);
});

test('a check for drift lists 200 findings, of more it says so', () => {
  const finding: Finding = {
    kind: 'missing',
    component: 'c',
    entity: 'source',
    name: 's',
    ids: [],
    differs: [],
    remedy: 'deploy',
  };
  const report = (count: number) => {
    const all = Array<Finding>(count).fill(finding);
    const { findings, truncated, totals } = reportOf(new Map(), 1, all);
    return [findings.length, truncated, totals.missing];
  };
  expect([report(200), report(201)]).toEqual([
    [200, false, 200],
    [200, true, 201],
  ]);
});

const COMPONENT = plan.component;

/** The text with a filler in it, so long that it is so long. */
const at = (length: number, textOf: (filler: string) => string) =>
  textOf('x'.repeat(length - textOf('').length));

test.each<[string, number, (length: number) => number]>([
  ['the name of a stream', 100, (length) => streamNames(plan, named(1, length)).length],
  [
    'the name of a discovered stream',
    100,
    (length) => summarize(named(1, length)).first[0]?.length ?? 0,
  ],
  [
    'the path of an ignored key',
    100,
    (length) =>
      ignoring(1, 'k'.repeat(length - 'specific.source.connectionConfiguration.0'.length)).ignored
        .keys[0]?.length ?? 0,
  ],
  [
    'the summary of a run',
    400,
    (length) => at(length, (what) => summaryOf('provision', what, COMPONENT)).length,
  ],
  [
    'the details that a run is started with',
    5000,
    (length) =>
      at(length, (line) => detailsOf(COMPONENT, { what: 'w'.repeat(2500), lines: [line] })).length,
  ],
  [
    'a line of them',
    3000,
    (length) =>
      detailsOf(COMPONENT, { what: 'w'.repeat(length), lines: [] }).split('\n')[0]?.length ?? 0,
  ],
  [
    'a line of a validation',
    1000,
    (length) => {
      const { note, status } = recordFor(silent);
      note('passed', 'x'.repeat(length - 'passed: '.length));
      return checksIn(status())[0]?.length ?? 0;
    },
  ],
])('%s has %i characters at most', (_what, most, lengthAt) => {
  expect([lengthAt(most), lengthAt(most + 1)]).toEqual([most, most]);
});

const MAX_MEMO = 64_000;
const TIMESTAMP = '2026-11-26T10:00:00.000Z';

const statusOf = (result: string): ProvisioningStatus => ({
  status: 'FAILED',
  result,
  info: { publicInfo: {}, privateInfo: { connectionId: 'one', undone: [], leftBehind: [] } },
  logs: [{ timestamp: TIMESTAMP, level: 'ERROR', message: 'It failed.', phase: 'Failed' }],
});

test('a status goes into the memo as it is up to its bound, and cut beyond it', () => {
  const room = MAX_MEMO - JSON.stringify(statusOf('')).length - 1;
  const just = statusOf('x'.repeat(room));
  expect(asMemo(just)).toBe(just);
  const more = asMemo(statusOf('x'.repeat(room + 1)));
  expect(more).toEqual({ ...just, result: `${'x'.repeat(3999)}…` });
});

test('of the largest status the memo has the beginning, each list in part, and the newest lines', () => {
  const many = (count: number, length: number) =>
    Array.from({ length: count }, (_, index) => `${String(index)} ${'"'.repeat(length)}`);
  const [undone, problems] = [many(1000, 300), many(201, 4000)];
  const ids = many(800, 60).map((name) => [name, name] as const);
  const logs = many(1000, 4000).map((message) => ({
    timestamp: TIMESTAMP,
    level: 'INFO' as const,
    phase: '',
    message,
  }));
  const result = many(1000, 4000).join('\n');
  const known: Record<string, string> = Object.fromEntries(ids);
  const privateInfo = { ...known, problems, undone, leftBehind: undone };
  const status = 'TERMINATED' as const;
  const told = asMemo({ status, result, info: { publicInfo: {}, privateInfo }, logs });
  expect(JSON.stringify(told).length).toBeLessThanOrEqual(MAX_MEMO);
  expect(told.status).toBe('TERMINATED');
  expect(told.result).toMatch(/^0 "+…\n(.*\n)*and \d+ more$/);
  expect(told.info?.privateInfo.undone?.at(0)).toBe(undone[0]);
  expect(told.info?.privateInfo.undone?.at(-1)).toMatch(/^and 99\d more$/);
  expect(told.logs?.at(-1)).toEqual(logs.at(-1));
});

/** What updateacl tells again of an entry of `publicInfo`. */
const toldAgain = (value: string, key = 'streams') => {
  const entry = { type: 'string', label: 'Streams', value };
  const result = JSON.stringify({ info: { publicInfo: { [key]: entry } } });
  const request = descriptor({ environment: 'development' });
  const { info } = readAccess({ refs: [], provisionInfo: { request, result } });
  return info.publicInfo[key]?.value;
};

test.each(['x', '"', '\u0001', '😀'])(
  'the longest names of streams, all of %j, are told again by updateacl',
  (character) => {
    const names = Array.from({ length: 1000 }, () => ({ name: character.repeat(200) }));
    const value = streamNames({ connection: {} }, names);
    expect(value.length).toBeLessThanOrEqual(MAX_VALUE);
    expect(value.length).toBeGreaterThan(MAX_VALUE - 250);
    expect(value).toMatch(/, and 9\d\d more$/);
    expect(toldAgain(value)).toBe(value);
  },
);

test('updateacl tells an entry again up to its bound', () => {
  const room = MAX_ENTRY - 'streams'.length - 'Streams'.length;
  expect(toldAgain('x'.repeat(room))).toHaveLength(room);
  expect(toldAgain('x'.repeat(room + 1))).toBeUndefined();
});

test('a summary is cut by its bytes, and between two characters', () => {
  const euros = '€'.repeat(200);
  expect(asSummary(`x${euros}`)).toBe(`x${'€'.repeat(133)}`);
  expect(asSummary(`x${'😀'.repeat(200)}`)).toBe(`x${'😀'.repeat(99)}`);
  expect(asSummary('provision')).toBe('provision');
});
