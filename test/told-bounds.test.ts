import { inWords } from '../activities/attempt';
import { refused } from '../activities/findings';
import { readAccess, MAX_ENTRY } from '../src/access-request';
import type { ProvisioningStatus } from '../src/contract';
import {
  asDetails,
  asLine,
  asMemo,
  asMessage,
  asPhase,
  createLog,
  MAX_VALUE,
} from '../workflows/bounds';
import { streamNames } from '../workflows/streams';
import { descriptor } from './fixtures';

test.each([
  ['a line', asLine, 4000],
  ['a phase', asPhase, 500],
  ["a failure's message", asMessage, 20_000],
  ['what a step says', inWords, 4000],
])('%s is whole up to its bound, and cut beyond it', (_what, bounded, most) => {
  const just = 'x'.repeat(most);
  expect(bounded(just)).toBe(just);
  expect(bounded(`${just}x`)).toBe(`${just.slice(1)}…`);
});

test('a refusal is cut in its message and in its details', () => {
  const { message, details } = refused('p'.repeat(1_000_000), 's'.repeat(1_000_000));
  expect(message).toHaveLength(4000);
  expect(JSON.stringify(details).length).toBeLessThan(8100);
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
    ...{ timestamp: TIMESTAMP, level: 'INFO' as const, phase: '', message },
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
