import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../../../scripts/child';
import { API, APIS } from '../airbyte-operations';
import type { Api } from '../airbyte-operations';
import { OPERATIONS, labelOf } from './calls';
import type { Operation } from './calls';
import { kindsOf } from './kinds';
import { ROWS, rowsOf } from './matrix';
import type { Row } from './matrix';
import { isRecording, RECORDED, tableWith } from './matrix-recording';
import { SITUATION_ROWS } from '../situations/rows';
import { situationsDocument } from '../situations/document';
import type { SituationOutcomes } from '../situations/document';

export const DOCUMENT = path.join(ROOT, 'docs', 'fault-matrix.md');

const Outcome = z.object({ mark: z.string(), right: z.boolean() });
type Outcome = z.infer<typeof Outcome>;
/** By the API, and the name of the row. */
type Outcomes = Record<Api, Map<string, Outcome>>;

const fileOf = (api: Api, operation: Operation) =>
  path.join(RECORDED, `${api}-${operation.replaceAll(' ', '-')}.json`);

/** For one suite: takes the outcomes of its rows, and keeps them when all have run. */
export const recordRows = (operation: Operation) => {
  const outcomes = new Map<string, Outcome>();
  if (isRecording) {
    beforeAll(() => rmSync(fileOf(API, operation), { force: true }));
    afterAll(() => {
      mkdirSync(RECORDED, { recursive: true });
      writeFileSync(fileOf(API, operation), JSON.stringify([...outcomes]));
    });
  }
  return ({ name }: Row, outcome: Outcome) => outcomes.set(name, outcome);
};

const Recorded = z.array(z.tuple([z.string(), Outcome]));

const outcomesOf = (api: Api) =>
  new Map(
    OPERATIONS.flatMap((operation) =>
      Recorded.parse(JSON.parse(readFileSync(fileOf(api, operation), 'utf8'))),
    ),
  );

export const readOutcomes = (): Outcomes => ({
  public: outcomesOf('public'),
  config: outcomesOf('config'),
});

const cellOf = (row: Row | undefined, outcomes: Outcomes[Api]) => {
  if (!row) return '';
  const outcome = outcomes.get(row.name);
  if (!outcome) return 'not run';
  return outcome.right ? outcome.mark : `**wrong: ${outcome.mark}**`;
};

const tableOf = (api: Api, operation: Operation, outcomes: Outcomes[Api]) => {
  const rows = rowsOf(api, operation);
  const calls = new Set(rows.map(({ call }) => call));
  const kinds = kindsOf(api);
  const rowOf = (call: Row['call'], kind: string) =>
    rows.find((row) => row.call === call && row.kind.name === kind);
  return tableWith(
    ['call', ...kinds.map(({ name }) => name)],
    [...calls].map((call) => [
      labelOf(api, call),
      ...kinds.map(({ name }) => cellOf(rowOf(call, name), outcomes)),
    ]),
  );
};

const countOf = (outcomes: Outcomes) => {
  const all = APIS.flatMap((api) => ROWS[api].map(({ name }) => outcomes[api].get(name)));
  const wrong = all.filter((outcome) => !outcome?.right).length;
  const each = `${String(ROWS.public.length)} of the public API, ${String(ROWS.config.length)} of the Config API`;
  return `${String(all.length)} rows (${each}), ${wrong === 0 ? 'all right' : `${String(wrong)} wrong`}; below them ${String(SITUATION_ROWS.length)} of situations.`;
};

const TITLES = { public: 'Through the public API', config: 'Through the Config API' };

const INTRODUCTION = `# The fault matrix

What becomes of a run when a call to Airbyte goes wrong: every call that each operation makes, through either of Airbyte's APIs, with everything that can befall it.

A second part has what an operation may come upon: secrets that are rotated or gone, lists that shift, what people change by hand. A third has what may befall the calls to a fabric.

\`npm run fault-matrix\` runs each row against a gateway, a worker, a Temporal server and the Airbyte simulator, writes this document, and fails if a row is wrong. \`npm run test:all\` runs all rows, \`.ci/run\` a part of them, which by the commit, and \`npm test\` fails when this document is not of today's rows. The rows, and the rules for how each must end, are in [test/support/faults/matrix.ts](../test/support/faults/matrix.ts).`;

const LEGEND = `## How to read the tables

A line is a call, a column is what befalls it. A mark says how the run ended and what then exists:

- \`C\`: the run ended COMPLETED. \`F\`: it ended FAILED.
- \`S\`, \`D\`, \`C\` after that: source, destination and connection are there as the request wants them. Small letters: they are there as they were before the run. \`–\`: nothing is there.

So a first provision ends \`C SDC\` or \`F –\`, an update \`C SDC\` or \`F sdc\`, an unprovision \`C –\`, or \`F\` with what is left. No mark: this cannot befall this call.

A row is right when, moreover:

- the status names as left behind what the run could not undo or delete, or not see to be gone, and nothing else;
- nothing is there twice, and what an update changes keeps its id;
- what is there as before is so byte for byte, secrets included, but for the fingerprint in a name that was put back;
- the status of a COMPLETED run tells the ids of what is there, and the same request then changes nothing;
- after a FAILED run the same request ends COMPLETED, with everything as wanted, once Airbyte is well.

What ends in \`…\` lasts until the run gives up, and ends when it begins to undo. Undoing is tried for a day, so it does not give up here. Some marks that may surprise:

- A connection counts as deleted when its source is seen to be gone, as Airbyte deletes it with its source.
- When the data cannot be cleared, nothing is deleted.
- \`403\` to a look by id means that the entity is somebody else's; the run then looks by name.
- Nothing is read from the answer to a deletion, so \`odd JSON\` is no failure there.
- Credentials that Airbyte refuses fail the run at once.`;

const kinds = () =>
  `## What befalls a call\n\n${tableWith(
    ['column', 'the call'],
    kindsOf('public').map(({ name, what }) => [name, what]),
  )}`;

/** The document, as these outcomes have it; prettier lays it out. */
export const documentOf = (outcomes: Outcomes, situations: SituationOutcomes) =>
  [
    INTRODUCTION,
    `**${countOf(outcomes)}**`,
    LEGEND,
    kinds(),
    ...OPERATIONS.flatMap((operation) => [
      `## ${operation.charAt(0).toUpperCase()}${operation.slice(1)}`,
      ...APIS.flatMap((api) => [`### ${TITLES[api]}`, tableOf(api, operation, outcomes[api])]),
    ]),
    ...situationsDocument(situations),
  ].join('\n\n');
