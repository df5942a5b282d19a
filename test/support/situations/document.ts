import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { API, APIS } from '../airbyte-operations';
import type { Api } from '../airbyte-operations';
import { isRecording, RECORDED, tableWith } from '../faults/matrix-recording';
import { endIn, nameOf, outcomeOf, TOUCHED } from './situation';
import type { Situation } from './situation';
import { SITUATION_ROWS } from './rows';

/* The part of docs/fault-matrix.md that is about situations. */

/** By the API and the name of the row: whether it was right. */
export type SituationOutcomes = Record<Api, Map<string, boolean>>;

const fileOf = (api: Api) => path.join(RECORDED, `${api}-situations.json`);

/** Takes the outcomes of the rows, and keeps them when all have run. */
export const recordSituations = () => {
  const outcomes = new Map<string, boolean>();
  if (isRecording) {
    beforeAll(() => rmSync(fileOf(API), { force: true }));
    afterAll(() => {
      mkdirSync(RECORDED, { recursive: true });
      writeFileSync(fileOf(API), JSON.stringify([...outcomes]));
    });
  }
  return (row: Situation, right: boolean) => outcomes.set(nameOf(row), right);
};

const Recorded = z.array(z.tuple([z.string(), z.boolean()]));
const read = (api: Api) => new Map(Recorded.parse(JSON.parse(readFileSync(fileOf(api), 'utf8'))));

export const readSituations = (): SituationOutcomes => ({
  public: read('public'),
  config: read('config'),
});

const isIn = (api: Api, { only }: Situation) => (only ?? api) === api;

/** As if all had run and were right. */
export const rightSituations = (api: Api) =>
  new Map(SITUATION_ROWS.filter((row) => isIn(api, row)).map((row) => [nameOf(row), true]));

export const missingSituations = (outcomes: SituationOutcomes) =>
  APIS.flatMap((api) =>
    [...rightSituations(api).keys()]
      .filter((name) => !outcomes[api].has(name))
      .map((name) => `${api}: ${name}`),
  );

const INTRODUCTION = `## What an operation comes upon

The tables above have what befalls one call. These have what an operation finds, or what changes while it goes on; both ends of the pipeline have a secret, named by reference. The rows are in [test/support/situations/update.ts](../test/support/situations/update.ts) and [test/support/situations/others.ts](../test/support/situations/others.ts). \`C\` and \`F\` are how the run ended. \`as before\` is the whole of what Airbyte holds, secrets and permissions included; \`two\` is the other component of a data product. A cell without a word: it cannot be through this API, whose lists have no offsets.

A row is right when, moreover ([test/support/situations/laws.ts](../test/support/situations/laws.ts)):

- what differs from before is named as left behind: the secret by its place, the field of a connection by its name; nothing else is named, but for a secret that nobody can prove;
- what is told as put back was written by the run, and is as before;
- a secret goes only to a host that a descriptor gave it to; asterisks, which keep what is stored, are sent only where that is the former secret, and are never stored themselves;
- the digits in a name stay where the secrets are proved to be the former ones, and only there;
- no secret is in a status or a log;
- afterwards the same request completes, with the secrets of then.`;

const cellOf = (api: Api, row: Situation, outcomes: SituationOutcomes) => {
  if (!isIn(api, row)) return '';
  const right = outcomes[api].get(nameOf(row));
  if (right === undefined) return 'not run';
  const told = outcomeOf(endIn(api, row));
  return right ? told : `**wrong, not: ${told}**`;
};

const tableOf = (operation: Situation['operation'], outcomes: SituationOutcomes) =>
  tableWith(
    ['it comes upon', '', 'public API', 'Config API'],
    SITUATION_ROWS.filter((row) => row.operation === operation).map((row) => [
      row.situation,
      row.what,
      ...APIS.map((api) => cellOf(api, row, outcomes)),
    ]),
  );

const heading = (text: string) => `### ${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** The sections, as these outcomes have them. */
export const situationsDocument = (outcomes: SituationOutcomes) => [
  INTRODUCTION,
  ...TOUCHED.flatMap((operation) => [heading(operation), tableOf(operation, outcomes)]),
];
