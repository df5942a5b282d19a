import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { isRecording, RECORDED, tableWith } from '../faults/matrix-recording';
import { anotherRowsOf } from './another';
import { callsOf, labelOf, operationsOf, SYSTEMS } from './calls';
import type { Call, Operation, System } from './calls';
import { kindsOf } from './kinds';
import type { Kind } from './kinds';
import { isEndless, ROWS, rowsOf } from './rows';
import type { Row } from './rows';

/* The part of docs/fault-matrix.md that is about fabrics. */

const Outcome = z.object({ mark: z.string(), right: z.boolean() });
type Outcome = z.output<typeof Outcome>;
/** By the names of their rows. */
type FabricOutcomes = Record<System, Map<string, Outcome>>;

const fileOf = (system: System) => path.join(RECORDED, `${system}.json`);

const recorded = (system: System): Map<string, Outcome> =>
  existsSync(fileOf(system))
    ? new Map(
        z
          .array(z.tuple([z.string(), Outcome]))
          .parse(JSON.parse(readFileSync(fileOf(system), 'utf8'))),
      )
    : new Map<string, Outcome>();

/** Takes the outcomes of the rows, and keeps them when all have run; a part of the rows is added to the others. */
export const recordFabricRows = (system: System) => {
  const outcomes = new Map<string, Outcome>();
  if (isRecording) {
    beforeAll(() => {
      if (process.env.LONG === undefined) rmSync(fileOf(system), { force: true });
    });
    afterAll(() => {
      mkdirSync(RECORDED, { recursive: true });
      writeFileSync(fileOf(system), JSON.stringify([...recorded(system), ...outcomes]));
    });
  }
  return ({ name }: { name: string }, outcome: Outcome) => outcomes.set(name, outcome);
};

const ofEach = <Value>(valueOf: (system: System) => Value): Record<System, Value> => ({
  snowflake: valueOf('snowflake'),
  databricks: valueOf('databricks'),
});

export const readFabricOutcomes = (): FabricOutcomes => ofEach(recorded);

export const missingFabricRows = (outcomes: FabricOutcomes) =>
  SYSTEMS.flatMap((system) =>
    [...ROWS[system], ...anotherRowsOf(system)]
      .filter(({ name }) => !outcomes[system].has(name))
      .map(({ name }) => `${TITLES[system]}: ${name}`),
  );

const TITLES: Record<System, string> = { snowflake: 'Snowflake', databricks: 'Databricks' };
const ANOTHERS = 'What is another component’s';
const titleOf = (operation: Operation) => operation.charAt(0).toUpperCase() + operation.slice(1);

/** Why there is no row: a letter that is explained below. */
const whyNot = (call: Call, kind: Kind) => {
  if (!kind.befalls(call)) {
    if (call.of === 'look') return 'q';
    return call.isToken && /expired|suspended/.test(kind.name) ? 't' : 'l';
  }
  return isEndless(call, kind) ? 'd' : '·';
};

const WHY_NOT = `Where there is no mark:

- \`·\`: a look, or a question whether a statement is done, that meets three kinds of all. They take turns, as all go one way through the client.
- \`l\`: it changes nothing, so nothing of it can be done unheard, and nobody else can be in its way.
- \`q\`: it asks whether a statement is done: what is refused is the statement.
- \`t\`: a token is asked for, with no token yet, and not of the warehouse.
- \`d\`: undoing is tried for a day, so it does not give up in the time of a test.`;

const cellOf = (
  { row, call, kind }: { row: Row | undefined; call: Call; kind: Kind },
  outcomes: Map<string, Outcome>,
) => {
  if (!row) return whyNot(call, kind);
  const outcome = outcomes.get(row.name);
  if (!outcome) return 'not run';
  return outcome.right ? outcome.mark : `**wrong: ${outcome.mark}**`;
};

const tableOf = (system: System, operation: Operation, outcomes: Map<string, Outcome>) => {
  const rows = new Map(
    rowsOf(system, operation).map((row) => [`${labelOf(row.call)} ${row.kind.name}`, row]),
  );
  return tableWith(
    ['call', ...kindsOf(system).map(({ name }) => name)],
    callsOf(system, operation).map((call) => [
      `\`${labelOf(call)}\``,
      ...kindsOf(system).map((kind) =>
        cellOf({ row: rows.get(`${labelOf(call)} ${kind.name}`), call, kind }, outcomes),
      ),
    ]),
  );
};

export const FABRICS_HEADING = '## What a fabric’s calls may meet';

const LETTERS: Record<System, string> = {
  snowflake: '`S` schemas with all that is in them, `R` roles, `G` grants, `M` members of roles',
  databricks:
    '`S` schemas, `T` tables with their rows, `G` grants, `N` the properties of schemas, which note what is ours',
};

const CALLS: Record<System, string> = {
  snowflake:
    'Each statement that a run sends, and the question whether it is done. `$ROLE` is the component’s role, `$TAG` its tag.',
  databricks:
    'Each call of a run; that one comes more than once is told. None uses the SQL warehouse or a cluster: these are for the check of a fabric by the command line alone, and have no line. What a removal has taken of the data Databricks does not bring back: such an undo always tells it.',
};

const sectionOf = (system: System, outcomes: Map<string, Outcome>) => [
  `### ${TITLES[system]}`,
  `**${String(ROWS[system].length)} rows.** ${CALLS[system]} Letters, of everybody’s: \`P\` the pipeline in Airbyte, ${LETTERS[system]}.`,
  tableWith(
    ['column', 'the call'],
    kindsOf(system).map(({ name, what }) => [name, what]),
  ),
  ...operationsOf(system).flatMap((operation) => [
    `#### ${titleOf(operation)}`,
    tableOf(system, operation, outcomes),
  ]),
  `#### ${ANOTHERS} in ${TITLES[system]}`,
  ANOTHER,
  anotherTable(system, outcomes),
];

/** How an operation ends whose schema or role is another's, by the column. */
const anotherTable = (system: System, outcomes: Map<string, Outcome>) => {
  const rows = anotherRowsOf(system);
  const objects = [...new Set(rows.map(({ object }) => object))];
  return tableWith(
    ['operation', ...objects],
    operationsOf(system).map((operation) => [
      operation,
      ...objects.map((object) => {
        const row = rows.find((each) => each.operation === operation && each.object === object);
        const outcome = row && outcomes.get(row.name);
        if (!outcome) return 'not run';
        return outcome.right ? outcome.mark : `**wrong: ${outcome.mark}**`;
      }),
    ]),
  );
};

const ANOTHER = `What the column names carries another component’s tag: from the beginning, or of an undo from the moment on of what the run fails of. It is never altered nor dropped, and the run names it; a removal leaves it and ends well. Given back, the same request ends COMPLETED.`;

const INTRODUCTION = `The same for a fabric that makes schemas, roles and grants: each call that a run makes to it, and what can befall it. The calls are in [test/fixtures/fabric-calls.json](../test/fixtures/fabric-calls.json), which a test holds against what the runs ask; the rules for how each row must end in [test/support/fabric-faults/rows.ts](../test/support/fabric-faults/rows.ts). \`npm run fault-matrix:fabrics\` runs these rows alone, and writes this part.

A mark says how the run ended, and by letters what is there then. Capitals: as the request wants them; small: as they were before; \`?\`: neither, and the status names what is left behind. A row is right when, moreover, the whole state of Airbyte and of the fabric is as before or as wanted, what is left is told, the same request after a COMPLETED run writes nothing, and after a FAILED one ends COMPLETED. A refusal for want of a privilege must tell the GRANT, or whom to ask.`;

export const fabricsDocument = (outcomes: FabricOutcomes) => [
  FABRICS_HEADING,
  INTRODUCTION,
  WHY_NOT,
  ...SYSTEMS.flatMap((system) => sectionOf(system, outcomes[system])),
];

/** What comes after a heading, to the next of its rank or a higher one. */
const below = (text: string, heading: string) => {
  const rank = heading.indexOf(' ');
  const [, rest = ''] = text.split(`\n${heading}\n`);
  return rest.split(new RegExp(`\n#{1,${String(rank)}} `))[0] ?? '';
};

const cellsOf = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** What the document says of each row. */
export const outcomesIn = (document: string): FabricOutcomes =>
  ofEach((system) => {
    const its = below(document, `### ${TITLES[system]}`);
    const marks = operationsOf(system).flatMap((operation) => {
      const lines = below(its, `#### ${titleOf(operation)}`)
        .split('\n')
        .map(cellsOf);
      const cells = new Map(lines.map(([label = '', ...cells]) => [label, cells]));
      return rowsOf(system, operation).flatMap((row): [string, Outcome][] => {
        const column = kindsOf(system).findIndex(({ name }) => name === row.kind.name);
        const mark = cells.get(`\`${labelOf(row.call)}\``)?.[column];
        const right = mark?.startsWith(`${row.status.charAt(0)} `) ?? false;
        return mark === undefined ? [] : [[row.name, { mark, right }]];
      });
    });
    const lines = below(its, `#### ${ANOTHERS} in ${TITLES[system]}`).split('\n').map(cellsOf);
    const cells = new Map(lines.map(([operation = '', ...rest]) => [operation, rest]));
    const objects = [...new Set(anotherRowsOf(system).map(({ object }) => object))];
    const others = anotherRowsOf(system).flatMap((row): [string, Outcome][] => {
      const mark = cells.get(row.operation)?.[objects.indexOf(row.object)];
      return mark === undefined ? [] : [[row.name, { mark, right: mark === row.status.charAt(0) }]];
    });
    return new Map([...marks, ...others]);
  });
