import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { CALLS, OPERATIONS, labelOf } from './fault-calls';
import type { Operation } from './fault-calls';
import { KINDS } from './fault-kinds';
import { ROWS } from './fault-matrix';
import type { Row } from './fault-matrix';

const RECORDED = path.join(ROOT, '.cache', 'fault-matrix');
export const DOCUMENT = path.join(ROOT, 'docs', 'fault-matrix.md');

/** With RECORD_FAULT_MATRIX=1 the suites keep what came of each row, and the document is made of it. */
export const isRecording = Boolean(process.env.RECORD_FAULT_MATRIX);

const Outcome = z.object({ mark: z.string(), right: z.boolean() });
export type Outcome = z.infer<typeof Outcome>;
/** By the name of the row. */
export type Outcomes = Map<string, Outcome>;

const fileOf = (operation: Operation) =>
  path.join(RECORDED, `${operation.replaceAll(' ', '-')}.json`);

/** For one suite: takes the outcomes of its rows, and keeps them when all have run. */
export const recordRows = (operation: Operation) => {
  const outcomes: Outcomes = new Map();
  if (isRecording) {
    beforeAll(() => rmSync(fileOf(operation), { force: true }));
    afterAll(() => {
      mkdirSync(RECORDED, { recursive: true });
      writeFileSync(fileOf(operation), JSON.stringify([...outcomes]));
    });
  }
  return ({ name }: Row, outcome: Outcome) => outcomes.set(name, outcome);
};

const Recorded = z.array(z.tuple([z.string(), Outcome]));

export const readOutcomes = (): Outcomes =>
  new Map(
    OPERATIONS.flatMap((operation) =>
      Recorded.parse(JSON.parse(readFileSync(fileOf(operation), 'utf8'))),
    ),
  );

const lineOf = (cells: string[]) => `| ${cells.join(' | ')} |`;

const table = (head: string[], lines: string[][]) =>
  [head, head.map(() => '---'), ...lines].map(lineOf).join('\n');

const cellOf = (row: Row | undefined, outcomes: Outcomes) => {
  if (!row) return '';
  const outcome = outcomes.get(row.name);
  if (!outcome) return 'not run';
  return outcome.right ? outcome.mark : `**wrong: ${outcome.mark}**`;
};

const tableOf = (operation: Operation, outcomes: Outcomes) => {
  const rows = ROWS.filter(({ call }) => call.operation === operation);
  const calls = CALLS.filter((call) => call.operation === operation);
  return table(
    ['call', ...KINDS.map(({ name }) => name)],
    calls.map((call) => [
      labelOf(call),
      ...KINDS.map((kind) =>
        cellOf(
          rows.find((row) => row.call === call && row.kind === kind),
          outcomes,
        ),
      ),
    ]),
  );
};

const countOf = (outcomes: Outcomes) => {
  const wrong = ROWS.filter(({ name }) => !outcomes.get(name)?.right).length;
  return `${String(ROWS.length)} rows, ${wrong === 0 ? 'all right' : `${String(wrong)} wrong`}.`;
};

const INTRODUCTION = `# The fault matrix

What becomes of a run when a call to Airbyte goes wrong: every call that each operation makes, with everything that can befall it.

\`npm run fault-matrix\` runs each row against a gateway, a worker, a Temporal server and the Airbyte simulator, writes this document, and fails if a row is wrong. \`npm test\` runs the rows too, and fails when this document is not of today's rows. The rows, and the rules for how each must end, are in [test/fault-matrix.ts](../test/fault-matrix.ts).`;

const LEGEND = `## How to read the tables

A line is a call, a column is what befalls it. A mark says how the run ended and what then exists:

- \`C\`: the run ended COMPLETED. \`F\`: it ended FAILED.
- \`S\`, \`D\`, \`C\` after that: source, destination and connection are there as the request wants them. Small letters: they are there as they were before the run. \`–\`: nothing is there.

So a first provision ends \`C SDC\` or \`F –\`, an update \`C SDC\` or \`F sdc\`, an unprovision \`C –\`, or \`F\` with what is left. No mark: this cannot befall this call.

A row is right when, moreover:

- the status names as left behind what the run could not undo or delete, or not see to be gone, and nothing else;
- nothing is there twice, and what an update changes keeps its id;
- what is there as before is so byte for byte, but for the fingerprint in a name that was put back;
- the status of a COMPLETED run tells the ids of what is there, and the same request then changes nothing;
- after a FAILED run the same request ends COMPLETED, with everything as wanted, once Airbyte is well.

What ends in \`…\` lasts until the run gives up, and ends when it begins to undo. Undoing is tried for a day, so it does not give up here. Some marks that may surprise:

- A connection counts as deleted when its source is seen to be gone, as Airbyte deletes it with its source.
- When the data cannot be cleared, nothing is deleted.
- \`403\` to a look by id means that the entity is somebody else's; the run then looks by name.
- Nothing is read from the answer to a deletion, so \`odd JSON\` is no failure there.
- Credentials that Airbyte refuses fail the run at once.`;

const kinds = () =>
  `## What befalls a call\n\n${table(
    ['column', 'the call'],
    KINDS.map(({ name, what }) => [name, what]),
  )}`;

/** The document, as these outcomes have it; prettier lays it out. */
export const documentOf = (outcomes: Outcomes) =>
  [
    INTRODUCTION,
    `**${countOf(outcomes)}**`,
    LEGEND,
    kinds(),
    ...OPERATIONS.flatMap((operation) => [
      `## ${operation.charAt(0).toUpperCase()}${operation.slice(1)}`,
      tableOf(operation, outcomes),
    ]),
  ].join('\n\n');
