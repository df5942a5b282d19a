import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { startDatabricksSimulator } from '../simulator/databricks/simulator';
import { startSimulator } from '../simulator/simulator';
import { startSnowflakeSimulator } from '../simulator/snowflake/simulator';
import { faultsIn, linksIn, pathsIn, slugsIn } from './support/document-links';
import { TABLES, tablesIn, withTables, withoutTables } from './support/document-tables';

/* What the documents say of the code, against the code. */

const PRETTIER = path.join(ROOT, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
const GENERATED = [
  'docs/configuration.md',
  'docs/simulator-databricks.md',
  'docs/metrics.md',
  'docs/rooms.md',
  'docs/simulator-snowflake.md',
  'docs/simulator.md',
  'docs/tracing.md',
];

const textOf = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const documentsIn = (folder: string) =>
  readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join(folder, name));

const guides = [...documentsIn('.'), ...documentsIn('docs'), ...documentsIn('kit')];
const decisions = documentsIn('docs/adr');

/** Without what prettier adds to line up tables. */
const words = (text: string) => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---').trim();

test.each(GENERATED)('%s has the tables of today', (file) => {
  if (process.env.RECORD_DOCUMENTS) {
    writeFileSync(path.join(ROOT, file), withTables(textOf(file)));
    execFileSync(process.execPath, [PRETTIER, '--write', path.join(ROOT, file)]);
  }
  expect(words(textOf(file))).toBe(words(withTables(textOf(file))));
});

test('each table stands in one document', () => {
  const placed = GENERATED.flatMap((file) => tablesIn(textOf(file)));
  expect(placed.toSorted()).toEqual([...TABLES.keys()].toSorted());
});

test.each([...guides, ...decisions])('the links of %s lead somewhere', (file) => {
  const broken = linksIn(textOf(file)).filter((link) => {
    const [target = '', anchor] = link.split('#');
    const place = target === '' ? file : path.join(path.dirname(file), target);
    if (!existsSync(path.join(ROOT, place))) return true;
    return anchor !== undefined && place.endsWith('.md') && !slugsIn(textOf(place)).has(anchor);
  });
  expect(broken).toEqual([]);
});

test('no diagram has a semicolon, which ends a statement of Mermaid', () => {
  const lines = guides.flatMap((file) =>
    [...textOf(file).matchAll(/```mermaid\n([\s\S]*?)```/g)].flatMap(([, diagram = '']) =>
      diagram.split('\n'),
    ),
  );
  expect(lines.length).toBeGreaterThan(100);
  expect(lines.filter((line) => line.includes(';'))).toEqual([]);
});

const Descriptor = z.object({
  dataProduct: z.object({ components: z.array(z.object({ specific: z.unknown() })) }),
});

/** What a document tells somebody to make. */
const TO_COME = ['src/connectors/faker.ts'];

test.each(guides.filter((file) => file !== 'CHANGELOG.md'))('the paths in %s exist', (file) => {
  const missing = pathsIn(withoutTables(textOf(file))).filter(
    (each) => !existsSync(path.join(ROOT, each)) && !TO_COME.includes(each),
  );
  expect(missing).toEqual([]);
});

test('each row of SECURITY.md names tests that are there, and files that are', () => {
  const [, table = ''] = textOf('SECURITY.md').split('## Attacks, controls, and what shows them');
  const [rows = ''] = table.split('\n## ');
  const shown = rows.split('\n').filter((line) => /^\| (?!Attack |-)/.test(line));
  expect(shown.length).toBeGreaterThan(15);
  const missing = shown.flatMap((line) => {
    const cells = line.split(' | ');
    const tests = cells.at(-1)?.match(/[\w-]+\.test\.ts/g) ?? [];
    const files = [...(cells.at(-2)?.matchAll(/`([^`]+)`/g) ?? [])].map(([, file = '']) => file);
    const paths = [...tests.map((test) => `test/${test}`), ...files];
    if (tests.length === 0 && !line.includes('`.ci/run`')) return [line];
    return paths.filter((each) => !existsSync(path.join(ROOT, each)));
  });
  expect(missing).toEqual([]);
});

const SNOWFLAKE = 'docs/simulator-snowflake.md';
const DATABRICKS = 'docs/simulator-databricks.md';
const AIRBYTE = guides.filter((file) => ![SNOWFLAKE, DATABRICKS].includes(file));

test.each([
  ['Airbyte', startSimulator, AIRBYTE, 6],
  ['Snowflake', startSnowflakeSimulator, [SNOWFLAKE], 1],
  ['Databricks', startDatabricksSimulator, [DATABRICKS], 4],
])(
  'the simulator of %s takes each fault that a document sends it',
  async (_name, start, files, least) => {
    const simulator = await start({ port: 0 });
    const bodies = files.flatMap((file) => faultsIn(textOf(file)));
    expect(bodies.length).toBeGreaterThanOrEqual(least);
    for (const body of bodies) {
      const answer = await fetch(`${simulator.url}/_simulator/faults`, { method: 'POST', body });
      expect({ body, status: answer.status }).toEqual({ body, status: 200 });
    }
    await simulator.close();
  },
);

test('each rehearsal of an outage begins with a simulator that is empty', () => {
  const [, rehearsals = ''] = textOf('docs/simulator.md').split('### 1. ');
  const blocks = [...rehearsals.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.includes('send ') ? [block] : [],
  );
  expect(blocks).toHaveLength(5);
  expect(blocks.filter((block) => !block.startsWith('clean\n'))).toEqual([]);
});

test('the descriptor that docs/descriptor.md begins with is that of the kit', () => {
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(textOf('docs/descriptor.md')) ?? [];
  const whole = Descriptor.parse(parse(textOf('kit/examples/postgres-to-snowflake.yaml')));
  expect(parse(example)).toEqual({ specific: whole.dataProduct.components[0]?.specific });
});

/* Temporal's own variables. */

test('docs/configuration.md has the variables that Temporal’s SDK reads, and no other', () => {
  const sdk = readFileSync(require.resolve('@temporalio/envconfig/lib/envconfig-toml.js'), 'utf8');
  const namesIn = (text: string) => new Set(text.match(/\bTEMPORAL_[A-Z_]+\b/g));
  const section = /## Temporal’s own\n([\s\S]*?)(\n## |$)/.exec(textOf('docs/configuration.md'));
  expect([...namesIn(section?.[1] ?? '')].toSorted()).toEqual([...namesIn(sdk)].toSorted());
});
