import { shortened } from '../../workflows/protocol/lengths';
import { inOneLine } from '../../workflows/protocol/one-line';
import { CallError } from '../contract/call-error';
import { Refusal } from '../contract/problems';
import type { Check, Fabric, Language, Step, Table } from '../fabrics/fabric';
import { UNKNOWN } from './engineer';
import { table } from './tables';

/* One look at a fabric: its checks, what is run in it, and how a terminal shows both. */

/** A fabric that is opened, and what takes its secrets out of a text. */
export interface OpenedFabric {
  fabric: Fabric;
  redact: (text: string) => string;
}

/** What to run, and for whom. */
export interface Looking {
  step: Step;
  /** Absent: nothing is run. */
  run?: string | undefined;
  language?: Language | undefined;
  maxRows: number;
}

/** Why something could not be done, and what to do about it. */
interface Failure {
  message: string;
  solution: string;
}

export interface Found {
  checks: Check[];
  /** What became of the statement or command; absent: none was asked for, or it was not come to. */
  run?: Table | Failure;
}

/** Characters of a value in a table; --json has all of it. */
const MAX_CELL = 200;

const failureOf = (err: unknown): Failure => {
  if (err instanceof CallError || err instanceof Refusal)
    return { message: err.message, solution: err.solution };
  throw err;
};

const checksOf = async (fabric: Fabric, step: Step): Promise<Check[]> => {
  try {
    return await fabric.check(step);
  } catch (err) {
    return [{ name: 'check', outcome: 'failed', ...failureOf(err) }];
  }
};

/** What a fabric gives beyond what was asked for is not shown. */
const within = ({ rows, isCut, ...table }: Table, most: number): Table => ({
  ...table,
  rows: rows.slice(0, most),
  isCut: isCut || rows.length > most,
});

const runIn = async (fabric: Fabric, text: string, given: Parameters<Fabric['run']>[1]) => {
  try {
    return within(await fabric.run(text, given), given.maxRows);
  } catch (err) {
    return failureOf(err);
  }
};

/** Where nothing is as it should be, a statement would only tell it once more. */
const isReached = (checks: Check[]) =>
  checks.length === 0 || checks.some(({ outcome }) => outcome === 'passed');

/** The checks, and what was to be run where they say that the fabric is there. */
export const look = async (
  fabric: Fabric,
  { step, run, language, maxRows }: Looking,
): Promise<Found> => {
  const checks = await checksOf(fabric, step);
  if (run === undefined || !isReached(checks)) return { checks };
  return { checks, run: await runIn(fabric, run, { step, maxRows, language }) };
};

/** A value of any form without what is secret in its texts. */
export const masked = (value: unknown, redact: OpenedFabric['redact']): unknown => {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((each) => masked(each, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, masked(each, redact)]),
  );
};

const lines = ({ name, outcome, message, solution }: Check) => [
  `${outcome}: ${name}: ${inOneLine(message)}`,
  ...(solution === undefined || outcome === 'passed'
    ? []
    : [`  What to do: ${inOneLine(solution)}`]),
];

const runLines = (run: Table | Failure, redact: OpenedFabric['redact']) => {
  if ('message' in run) return lines({ name: 'run', outcome: 'failed', ...run });
  const { columns, rows, isCut, left } = run;
  const cell = (value: string | null) =>
    value === null ? 'NULL' : shortened(inOneLine(redact(value)), MAX_CELL);
  return [
    '',
    ...(columns.length === 0
      ? []
      : [
          table(
            columns.map(cell),
            rows.map((row) => row.map(cell)),
          ),
        ]),
    ...(rows.length === 0 ? ['No rows.'] : []),
    ...(isCut ? [`There are more rows than these ${String(rows.length)}.`] : []),
    ...(left === undefined ? [] : [inOneLine(left)]),
  ];
};

const sumOf = (checks: Check[]) =>
  (['passed', 'failed', 'impossible'] as const)
    .map((outcome) => ({
      outcome,
      count: checks.filter((each) => each.outcome === outcome).length,
    }))
    .flatMap(({ outcome, count }) => (count === 0 ? [] : [`${String(count)} ${outcome}`]))
    .join(', ');

export const pageOf = (
  { fabric: { name, system }, redact }: OpenedFabric,
  { checks, run }: Found,
  isAsked: boolean,
) =>
  [
    ...checks.flatMap(lines),
    `${name}, ${system}: ${sumOf(checks)}.`,
    ...(run ? runLines(run, redact) : []),
    ...(isAsked && !run ? ['Nothing was run, as no check has passed.'] : []),
  ]
    .map(redact)
    .join('\n');

/** The code to end with. */
export const codeFor = ({ checks, run }: Found) => {
  const hasFailed = run !== undefined && 'message' in run;
  if (hasFailed || checks.some(({ outcome }) => outcome === 'failed')) return 1;
  return checks.some(({ outcome }) => outcome === 'impossible') ? UNKNOWN : 0;
};

/** An error that nobody foresaw is told with its stack, which may quote what it met. */
export const withoutSecrets = (err: unknown, redact: OpenedFabric['redact']): unknown => {
  if (err instanceof Error && err.stack !== undefined) err.stack = redact(err.stack);
  return err;
};
