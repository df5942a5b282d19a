import { CronProblem, readFields, wordsOf } from './fields';
import type { Cron } from './fields';
import { CannotCompute, runsAfter } from './runs';

/** Runs that are looked at; Airbyte looks at three. */
const RUNS = 40;

/** What an expression says, and how often it runs from a moment on. */
export interface Judged {
  cron: Cron;
  /** How many of the next 40 runs there are. */
  runs: number;
  /** The least seconds between two of them. */
  least?: number;
  /** Whether Airbyte breaks off when it works them out. */
  isBroken: boolean;
}

/** Of two day fields one must be `?`, as they cannot both decide. */
const mustChooseDay = ({ day, weekday }: Cron, words: string[]) => {
  const isOpen = (parts: Cron['day']) => parts.length === 1 && parts[0]?.kind === 'any';
  if (isOpen(day) !== isOpen(weekday)) return;
  const [onDay = '', onWeekday = ''] = [words[3], words[5]];
  const better = isOpen(day) || onWeekday === '*' ? ['*', '?'] : ['?', onWeekday];
  const dayWord = better[0] === '*' && !isOpen(day) ? onDay : better[0];
  const meant = words.with(3, dayWord ?? '').with(5, better[1] ?? '');
  throw new CronProblem(
    `must have ? for either the day of the month (now ${onDay}) or the day of the week (now ${onWeekday}), and not for both: write "${meant.join(' ')}"`,
  );
};

const parse = (words: string[]) => {
  const cron = readFields(words);
  mustChooseDay(cron, words);
  return cron;
};

/** How often it runs from a moment on, in seconds since 1970. */
const pace = (cron: Cron, moment: number): Omit<Judged, 'cron'> => {
  const gaps: number[] = [];
  let runs = 0;
  let before: number | undefined;
  try {
    for (const run of runsAfter(cron, moment)) {
      if (before !== undefined) gaps.push(run - before);
      before = run;
      runs += 1;
      if (runs === RUNS) break;
    }
  } catch (err) {
    if (!(err instanceof CannotCompute)) throw err;
    return { runs, isBroken: true };
  }
  return { runs, isBroken: false, ...(gaps.length > 0 && { least: Math.min(...gaps) }) };
};

/**
 * What the last one came to, as one expression is judged several times while one descriptor is read. It
 * says nothing but what follows from expression and moment, and judging awaits nothing: who judges another
 * in between costs the next one its work anew, and no more. Each thread that reads has its own.
 */
let latest: { expression: string; moment: number; judged: Judged } | undefined;

/** What cron-utils makes of an expression; throws a CronProblem where it takes none. */
export const judgeCron = (expression: string, moment = Math.floor(Date.now() / 1000)): Judged => {
  if (latest?.expression === expression && latest.moment === moment) return latest.judged;
  const words = wordsOf(expression);
  if (expression.startsWith('@')) throw new CronProblem('is a nickname');
  if (words.length < 6 || words.length > 7)
    throw new CronProblem(`has ${String(words.length)} fields`);
  const cron = parse(words);
  const judged = { cron, ...pace(cron, moment) };
  latest = { expression, moment, judged };
  return judged;
};
