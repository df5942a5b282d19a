import Table from 'cli-table3';
import type {
  InAirbyte,
  Replay,
  Replays,
  Run,
  RunDetails,
  RunList,
  Step,
} from '../contract/operator';
import type { ProvisioningStatus } from '../contract/coordinator';
import { shortened } from '../../workflows/protocol/lengths';
import { forTerminal, inOneLine } from '../../workflows/protocol/one-line';

/* What people read on a terminal; scripts take --json. */

/** What a command writes to. */
export interface Terminal {
  /** What was asked for goes to standard output, anything else to standard error. */
  print: (text: string) => void;
  say: (text: string) => void;
  /** The program ends with it. */
  exitWith: (code: number) => void;
}

/** What others have put into a text is nothing that a terminal obeys. */
export const writerTo = (stream: Pick<NodeJS.WriteStream, 'write'>) => (text: string) => {
  stream.write(`${forTerminal(text)}\n`);
};

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

/** Characters of a reason in a table; `runs show` and --json have all of it. */
const MAX_REASON = 200;

const reasonOf = ({ why, phase, supersededBy, notKnown }: Run) =>
  [
    ...(supersededBy === undefined ? [] : ['superseded']),
    ...(notKnown === undefined ? [] : ['not all is known']),
    shortened(firstLine(why ?? phase), MAX_REASON),
  ].join('; ');

const rowOf = (run: Run) => [
  run.execution,
  time(run.startedAt),
  time(run.closedAt),
  run.token,
  run.attempts === undefined ? '' : String(run.attempts),
  reasonOf(run),
];

const withMore = (text: string, more: boolean) =>
  more ? `${text}\n\nThere are more: raise --limit, or narrow the filter.` : text;

const NO_RUNS = 'No such runs.';

export const runTable = ({ runs, more }: RunList) =>
  runs.length === 0
    ? NO_RUNS
    : withMore(
        table(['STATE', 'STARTED', 'ENDED', 'TOKEN', 'TRIES', 'WHY'], runs.map(rowOf)),
        more,
      );

/** Runs that are not done for the same reason are one line. */
export const causeTable = ({ causes, more }: RunList) => {
  if (causes.length === 0) return NO_RUNS;
  const rows = causes.map(({ cause, open, superseded, since, token }) => [
    String(open),
    String(superseded),
    time(since),
    cause,
    token,
  ]);
  return withMore(table(['RUNS', 'SUPERSEDED', 'SINCE', 'CAUSE', 'FOR EXAMPLE'], rows), more);
};

const isPassedOver = ({ outcome }: Replay) =>
  outcome === 'skipped' || outcome === 'already running';

const counted = (count: number | undefined, what: string) =>
  count === undefined || count === 0 ? [] : [`${String(count)} ${what}`];

const sumOf = ({ totals, superseded }: Replays) => {
  const rest = (totals.skipped ?? 0) - superseded;
  return [
    ...counted(totals.replayed, 'replayed'),
    ...counted(totals['would be replayed'], 'would be replayed'),
    ...counted(totals['not started'], 'not started'),
    ...counted(totals['already running'], 'going on already'),
    ...counted(superseded, 'left alone, as a later request has come'),
    ...counted(rest, 'left alone for another reason'),
  ].join(', ');
};

/** All of them where they are few; of many those that are left alone are only counted, unless all are wanted. */
export const replayTable = (
  { replays, ...sums }: Omit<Replays, 'replays'> & { replays: Outcome[] },
  { all = false, few = 5 } = {},
) => {
  if (replays.length === 0) return 'No such failed runs.';
  const isWhole = all || replays.length <= few || !replays.some(isPassedOver);
  const rows = replays
    .filter((each) => isWhole || !isPassedOver(each))
    .map(({ token, outcome, status = '', reason, result }) => [
      outcome,
      status,
      token,
      reason ?? firstLine(result),
    ]);
  return [
    ...(rows.length === 0 ? [] : [table(['DONE', 'STATUS', 'TOKEN', 'WHY'], rows)]),
    ...(replays.length === 1 ? [] : ['', `${sumOf({ replays, ...sums })}.`]),
    ...(isWhole ? [] : ['--all names those that are left alone, and why.']),
  ].join('\n');
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
  ...(failure.solution && !isTried(state) ? [`    What to do: ${failure.solution}`] : []),
  ...(next ? [`    ${failure.waitsFor ? 'Looks' : 'Tried'} again at ${time(next)}`] : []),
  ...(failure.lastError && isTried(state) ? [`    Goes on ${byItself(failure.givesUpAt)}.`] : []),
];

/** Of a step that is tried still, what is to be done by whom deploys is not to be done yet. */
const isTried = (state: Step['state']) => state === 'waiting' || state === 'running';

const byItself = (givesUpAt: string | undefined) =>
  givesUpAt === undefined
    ? 'by itself'
    : `by itself; gives up at ${time(givesUpAt)}, and the run then fails`;

const section = (title: string, lines: string[]) =>
  lines.length === 0 ? [] : ['', title, ...lines];

const airbyteLines = ({ now, ids, leftBehind, note }: InAirbyte) => {
  const known = now
    ? now.map(({ kind, id, name }) => `  ${kind} ${id} "${inOneLine(name)}"`)
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
      ['Why', run.execution === 'Running' ? run.why : undefined],
      ['Tries', run.attempts === undefined ? undefined : String(run.attempts)],
      ['Goes on', run.attempts === undefined ? undefined : byItself(run.givesUpAt)],
      ['Superseded by', run.supersededBy],
      ['Not known', run.notKnown],
      ['Started', time(run.startedAt)],
      ['Ended', time(run.closedAt)],
      ['Run id', run.runId],
      ['Temporal UI', run.href],
    ]),
    ...section('Result', run.result ? run.result.split('\n').map((line) => `  ${line}`) : []),
    ...section('Steps', run.steps.flatMap(stepLines)),
    ...section('In Airbyte', airbyteLines(run.airbyte)),
  ].join('\n');
