import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../scripts/child';
import { boundsIn, constantsIn, figureIn, titlesIn, valueOf } from './support/bounds-document';

/* docs/bounds.md against the sources, and against the tests that it names. */

const bounds = boundsIn(readFileSync(path.join(ROOT, 'docs', 'bounds.md'), 'utf8'));
const enforced = bounds.flatMap(({ what, most, constants }) =>
  constants.map(({ file, name }) => ({ what, most, file, name, place: `${file} ${name}` })),
);
const tested = bounds.flatMap(({ tests }) =>
  tests.map(({ file, title }) => ({ file, title, place: `${file}: ${title}` })),
);

test('the document has all its tables', () => {
  expect(bounds.length).toBeGreaterThan(100);
  expect(tested.length).toBeGreaterThan(70);
});

test('each bound is where the document says, and as large', () => {
  const wrong = enforced.flatMap(({ what, most, file, name, place }) => {
    const { found, value } = existsSync(path.join(ROOT, file))
      ? valueOf(file, name)
      : { found: false, value: undefined };
    if (!found) return [`${place} is not there`];
    const told = figureIn(most);
    return told === undefined || told === value
      ? []
      : [`${what}: the document says ${most}, ${place} is ${String(value)}`];
  });
  expect(wrong).toEqual([]);
});

test('each test that the document names is there', () => {
  const missing = tested.filter(({ file, title }) => !titlesIn(file).has(title));
  expect(missing.map(({ place }) => place)).toEqual([]);
});

test('no bound of the sources is missing in the document', () => {
  const listed = new Set(enforced.map(({ place }) => place));
  const all = ['src', 'workflows', 'activities'].flatMap(constantsIn);
  expect(all.length).toBeGreaterThan(80);
  expect(all.filter((place) => !listed.has(place))).toEqual([]);
});
