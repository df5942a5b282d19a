import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../scripts/child';
import { APIS } from './support/airbyte-operations';
import { callsOf, labelOf } from './support/faults/calls';
import { kindsOf } from './support/faults/kinds';
import { ROWS, markOf } from './support/faults/matrix';
import { DOCUMENT, documentOf, readOutcomes } from './support/faults/matrix-document';
import { isRecording, recordsFabricsOnly } from './support/faults/matrix-recording';
import {
  callsOf as fabricCallsOf,
  labelOf as fabricLabelOf,
  operationsOf,
  SYSTEMS,
} from './support/fabric-faults/calls';
import {
  FABRICS_HEADING,
  fabricsDocument,
  missingFabricRows,
  outcomesIn,
  readFabricOutcomes,
} from './support/fabric-faults/document';
import { kindsOf as fabricKindsOf } from './support/fabric-faults/kinds';
import { ROWS as FABRIC_ROWS } from './support/fabric-faults/rows';
import { nameOf, SITUATIONS, TOUCHED } from './support/situations/situation';
import { SITUATION_ROWS } from './support/situations/rows';
import { missingSituations, readSituations, rightSituations } from './support/situations/document';

const PRETTIER = path.join(ROOT, 'node_modules', 'prettier', 'bin', 'prettier.cjs');

/** Without the part about fabrics. */
const airbytePart = () => {
  const [outcomes, situations] = [readOutcomes(), readSituations()];
  const calls = APIS.flatMap((api) =>
    ROWS[api].filter(({ name }) => !outcomes[api].has(name)).map(({ name }) => `${api}: ${name}`),
  );
  return {
    missing: [...calls, ...missingSituations(situations)],
    text: documentOf(outcomes, situations),
  };
};

const formerPart = () => ({ missing: [], text: parts().airbyte.trimEnd() });

const record = () => {
  const fabrics = readFabricOutcomes();
  const first = recordsFabricsOnly ? formerPart() : airbytePart();
  const missing = [...first.missing, ...missingFabricRows(fabrics)];
  if (missing.length > 0) throw new Error(`These rows did not run:\n${missing.join('\n')}`);
  writeFileSync(DOCUMENT, [first.text, ...fabricsDocument(fabrics)].join('\n\n'));
  execFileSync(process.execPath, [PRETTIER, '--write', DOCUMENT]);
};

beforeAll(() => {
  if (isRecording) record();
});

/** Without what prettier adds to line up tables. */
const words = (text: string) => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---').trim();

const allRight = (api: (typeof APIS)[number]) =>
  new Map(ROWS[api].map(({ name, end }) => [name, { mark: markOf(end), right: true }]));

/** The document without the part about fabrics, and that. */
const parts = () => {
  const written = readFileSync(DOCUMENT, 'utf8');
  const at = written.indexOf(FABRICS_HEADING);
  const end = at < 0 ? written.length : at;
  return { airbyte: written.slice(0, end), fabrics: written.slice(end) };
};

test('the document has all rows of today, and all are right', () => {
  const document = documentOf(
    { public: allRight('public'), config: allRight('config') },
    { public: rightSituations('public'), config: rightSituations('config') },
  );
  expect(words(parts().airbyte)).toBe(words(document));
});

test('the document has all rows of fabrics of today, and all are right', () => {
  const { fabrics } = parts();
  const outcomes = outcomesIn(fabrics);
  expect(missingFabricRows(outcomes)).toEqual([]);
  expect(words(fabrics)).toBe(words(fabricsDocument(outcomes).join('\n\n')));
});

test('every situation is one of each operation, and each row has a name of its own', () => {
  const names = SITUATION_ROWS.map(nameOf);
  expect(new Set(names).size).toBe(names.length);
  // What is done by hand, and again, are neighbours of some.
  for (const situation of SITUATIONS.slice(0, 6))
    for (const operation of TOUCHED)
      expect(names.some((each) => each.startsWith(`${operation}: ${situation}: `))).toBe(true);
});

describe.each(APIS)('through the %s API', (api) => {
  const rows = ROWS[api];

  test('the rows have names of their own', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });

  test('everything befalls some call, and every call is befallen', () => {
    for (const { name } of kindsOf(api))
      expect(rows.some(({ kind }) => kind.name === name)).toBe(true);
    const labels = rows.map(({ call }) => `${call.operation}: ${labelOf(api, call)}`);
    for (const call of callsOf(api))
      expect(labels).toContain(`${call.operation}: ${labelOf(api, call)}`);
  });
});

describe.each(SYSTEMS)('of a fabric of the type %s', (system) => {
  const rows = FABRIC_ROWS[system];

  test('the rows have names of their own', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });

  test('everything befalls some call of each operation that it can, and every call is befallen', () => {
    for (const operation of operationsOf(system)) {
      const its = rows.filter(({ call }) => call.operation === operation);
      const kinds = new Set(its.map(({ kind }) => kind.name));
      const possible = fabricKindsOf(system).filter(
        ({ patience }) => patience === 'patient' || !operation.startsWith('undo'),
      );
      expect([operation, possible.filter(({ name }) => !kinds.has(name))]).toEqual([operation, []]);
      const labels = new Set(its.map(({ call }) => fabricLabelOf(call)));
      expect(labels).toEqual(new Set(fabricCallsOf(system, operation).map(fabricLabelOf)));
    }
  });
});
