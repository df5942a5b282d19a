import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { isRecording, RECORDED, tableWith } from '../faults/matrix-recording';
import { callsOf, labelOf, OPERATIONS } from './calls';
import type { Operation } from './calls';
import { KINDS } from './kinds';
import { ROWS, rowsOf } from './rows';
import type { Row } from './rows';

/* The part of docs/fault-matrix.md that is about fabrics. */

const Outcome = z.object({ mark: z.string(), right: z.boolean() });
export type FabricOutcomes = Map<string, z.output<typeof Outcome>>;

const FILE = path.join(RECORDED, 'fabric.json');

/** Takes the outcomes of the rows, and keeps them when all have run. */
export const recordFabricRows = () => {
  const outcomes: FabricOutcomes = new Map();
  if (isRecording) {
    beforeAll(() => rmSync(FILE, { force: true }));
    afterAll(() => {
      mkdirSync(RECORDED, { recursive: true });
      writeFileSync(FILE, JSON.stringify([...outcomes]));
    });
  }
  return ({ name }: Row, outcome: z.output<typeof Outcome>) => outcomes.set(name, outcome);
};

export const readFabricOutcomes = (): FabricOutcomes =>
  new Map(z.array(z.tuple([z.string(), Outcome])).parse(JSON.parse(readFileSync(FILE, 'utf8'))));

export const missingFabricRows = (outcomes: FabricOutcomes) =>
  ROWS.filter(({ name }) => !outcomes.has(name)).map(({ name }) => name);

const cellOf = (row: Row | undefined, outcomes: FabricOutcomes) => {
  if (!row) return '';
  const outcome = outcomes.get(row.name);
  if (!outcome) return 'not run';
  return outcome.right ? outcome.mark : `**wrong: ${outcome.mark}**`;
};

const tableOf = (operation: Operation, outcomes: FabricOutcomes) => {
  const rows = rowsOf(operation);
  return tableWith(
    ['statement', ...KINDS.map(({ name }) => name)],
    callsOf(operation).map((call) => {
      const its = rows.filter((row) => labelOf(row.call) === labelOf(call));
      return [
        `\`${labelOf(call)}\``,
        ...KINDS.map(({ name }) =>
          cellOf(
            its.find(({ kind }) => kind.name === name),
            outcomes,
          ),
        ),
      ];
    }),
  );
};

const INTRODUCTION = `## What a fabric's calls may meet

The same for a fabric that makes schemas, roles and grants: each statement that a run sends to Snowflake (\`$ROLE\` is the component's role, \`$TAG\` its tag), and what can befall it. The statements are in [test/fixtures/fabric-calls.json](../test/fixtures/fabric-calls.json), which a test holds against what the runs send; the rules for how each row must end in [test/support/fabric-faults/rows.ts](../test/support/fabric-faults/rows.ts).

A mark says how the run ended, and what is there then: \`P\` the pipeline in Airbyte, \`S\` schemas, \`R\` roles, \`G\` grants, \`M\` members of roles, of everybody. Capitals: as the request wants them; small: as they were before; \`?\`: neither, and the status names what is left behind. A row is right when, moreover, the whole state of both is as before or as wanted, what is left is told, the same request after a COMPLETED run writes nothing, and after a FAILED one ends COMPLETED. A statement that changes something meets all that can befall it; a look, and a question whether a statement is done, meet three kinds each, in turn, as all of them go one way through the client.`;

export const fabricsDocument = (outcomes: FabricOutcomes) => [
  INTRODUCTION,
  `**${String(ROWS.length)} rows**`,
  tableWith(
    ['column', 'the call'],
    KINDS.map(({ name, what }) => [name, what]),
  ),
  ...OPERATIONS.flatMap((operation) => [
    `### ${operation.charAt(0).toUpperCase()}${operation.slice(1)}`,
    tableOf(operation, outcomes),
  ]),
];
