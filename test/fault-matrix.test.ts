import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../scripts/child';
import { CALLS } from './fault-calls';
import { KINDS } from './fault-kinds';
import { ROWS, markOf } from './fault-matrix';
import { DOCUMENT, documentOf, isRecording, readOutcomes } from './fault-matrix-document';

const PRETTIER = path.join(ROOT, 'node_modules', 'prettier', 'bin', 'prettier.cjs');

const record = () => {
  const outcomes = readOutcomes();
  const missing = ROWS.filter(({ name }) => !outcomes.has(name)).map(({ name }) => name);
  if (missing.length > 0) throw new Error(`These rows did not run:\n${missing.join('\n')}`);
  writeFileSync(DOCUMENT, documentOf(outcomes));
  execFileSync(process.execPath, [PRETTIER, '--write', DOCUMENT]);
};

beforeAll(() => {
  if (isRecording) record();
});

/** Without what prettier adds to line up tables. */
const words = (text: string) => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---').trim();

test('the document has all rows of today, and all are right', () => {
  const allRight = new Map(ROWS.map(({ name, end }) => [name, { mark: markOf(end), right: true }]));
  expect(words(readFileSync(DOCUMENT, 'utf8'))).toBe(words(documentOf(allRight)));
});

test('the rows have names of their own', () => {
  expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length);
});

test('everything befalls some call, and every call is befallen', () => {
  for (const kind of KINDS) expect(ROWS.some((row) => row.kind === kind)).toBe(true);
  for (const call of CALLS) expect(ROWS.some((row) => row.call === call)).toBe(true);
});
