import { inWords } from '../activities/attempt';
import { refused } from '../activities/findings';
import { asDetails, asLine, asMessage, asPhase, createLog } from '../workflows/bounds';

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
