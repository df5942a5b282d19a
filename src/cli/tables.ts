import Table from 'cli-table3';
import type { InAirbyte, Replay, RunDetails, RunList, Step } from '../contract/operator';
import type { ProvisioningStatus } from '../contract/coordinator';

/* What people read on a terminal; scripts take --json. */

/** What a command writes to. */
export interface Terminal {
  /** What was asked for goes to standard output, anything else to standard error. */
  print: (text: string) => void;
  say: (text: string) => void;
  /** The program ends with it. */
  exitWith: (code: number) => void;
}

/** A replay, and with --wait how its run ended. */
export type Outcome = Replay & Partial<Pick<ProvisioningStatus, 'status' | 'result'>>;

const GAP = '  ';

const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
    ...['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((part) => [part, '']),
);

export const table = (head: string[], rows: string[][]) => {
  const lines = new Table({
    head,
    chars: { ...NO_LINES, middle: GAP },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  lines.push(...rows);
  return lines
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
};

/** To the second, in UTC as logs and Temporal have it. */
const time = (text?: string) => text?.replace(/\.\d+Z$/, 'Z') ?? '';

export const firstLine = (text = '') => text.split('\n')[0] ?? '';

export const runTable = ({ runs, more }: RunList) => {
  if (runs.length === 0) return 'No such runs.';
  const rows = runs.map((run) => [
    run.execution,
    time(run.startedAt),
    time(run.closedAt),
    run.token,
    run.phase,
  ]);
  const all = table(['STATE', 'STARTED', 'ENDED', 'TOKEN', 'PHASE'], rows);
  return more ? `${all}\n\nThere are more: raise --limit, or narrow the filter.` : all;
};

export const replayTable = (outcomes: Outcome[]) => {
  if (outcomes.length === 0) return 'No such failed runs.';
  const rows = outcomes.map(({ token, outcome, status = '', reason, result }) => [
    outcome,
    status,
    token,
    reason ?? firstLine(result),
  ]);
  return table(['DONE', 'STATUS', 'TOKEN', 'WHY'], rows);
};

const fields = (pairs: [string, string | undefined][]) =>
  table(
    [],
    pairs.flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );

const tried = (attempts: number) =>
  `, ${String(attempts)} ${attempts === 1 ? 'attempt' : 'attempts'}`;

const stepLines = ({ name, state, attempts, nextAttemptAt: next, ...failure }: Step) => [
  `  ${state}${failure.waitsFor ? '' : tried(attempts)}: ${name}`,
  ...(failure.waitsFor ? [`    ${failure.waitsFor}.`] : []),
  ...(failure.lastError ? [`    Last error: ${failure.lastError}`] : []),
  ...(failure.solution ? [`    What to do: ${failure.solution}`] : []),
  ...(next ? [`    ${failure.waitsFor ? 'Looks' : 'Tried'} again at ${time(next)}`] : []),
];

const section = (title: string, lines: string[]) =>
  lines.length === 0 ? [] : ['', title, ...lines];

const airbyteLines = ({ now, ids, leftBehind, note }: InAirbyte) => {
  const known = now
    ? now.map(({ kind, id, name }) => `  ${kind} ${id} "${name}"`)
    : Object.entries(ids).map(([name, id]) => `  ${name} ${id}`);
  const nothing = now?.length === 0 ? ['  Nothing of the component.'] : [];
  const left = leftBehind.map((what) => `  The run left behind: ${what}`);
  return [...known, ...nothing, ...left, `  ${note}`];
};

export const runPage = (run: RunDetails) =>
  [
    fields([
      ['Token', run.token],
      ['Operation', run.operation],
      ['Data product', run.dataProduct],
      ['Component', run.component],
      ['Environment', run.environment],
      ['Status', run.status],
      ['In Temporal', run.execution],
      ['Phase', run.phase],
      ['Started', time(run.startedAt)],
      ['Ended', time(run.closedAt)],
      ['Run id', run.runId],
      ['Temporal UI', run.href],
    ]),
    ...section('Result', run.result ? run.result.split('\n').map((line) => `  ${line}`) : []),
    ...section('Steps', run.steps.flatMap(stepLines)),
    ...section('In Airbyte', airbyteLines(run.airbyte)),
  ].join('\n');
