import { CronProblem, FIELDS, strip, wordsOf } from './fields';
import { judgeCron } from './judge';
import type { Judged } from './judge';

const EXAMPLE = 'for example "0 0 6 * * ?"; times are UTC';
const ORDER =
  'second, minute, hour, day of the month, month, day of the week and, if need be, year';
/** Seconds between two runs that every Airbyte wants. */
const MINUTE = 60;
/** Characters; a list of many thousands would take long to judge. */
const MAX_LENGTH = 255;

const ZONE = ' UTC';

const NICKNAMES: Record<string, string> = {
  '@hourly': '0 0 * * * ?',
  '@daily': '0 0 0 * * ?',
  '@midnight': '0 0 0 * * ?',
  '@weekly': '0 0 0 ? * SUN',
  '@monthly': '0 0 0 1 * ?',
  '@yearly': '0 0 0 1 1 ?',
  '@annually': '0 0 0 1 1 ?',
};

const isTimeZone = (word: string) => {
  if (!/^[a-z]{3}|^z$/i.test(word) || word.toUpperCase() in FIELDS.weekday.names) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: word });
    return true;
  } catch {
    return false;
  }
};

const isTaken = (expression: string) => {
  try {
    return !judgeCron(expression).isBroken;
  } catch (err) {
    if (err instanceof CronProblem) return false;
    throw err;
  }
};

/** Unix counts the days of the week from Sunday, 0; Quartz from Sunday, 1: names are the same. */
const named = (weekday: string) =>
  weekday.replaceAll(
    /(?<![/\d])[0-7](?!\d)/g,
    (digit) => Object.keys(FIELDS.weekday.names)[Number(digit) % 7] ?? digit,
  );

/** The same in Quartz, of what is written for Unix's cron; undefined where it has no such form. */
const fromUnix = (words: string[]) => {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = words;
  const days = weekday === '*' ? [day, '?'] : ['?', named(weekday)];
  if (weekday !== '*' && day !== '*') return undefined;
  const expression = ['0', minute, hour, days[0], month, days[1]].join(' ');
  return isTaken(expression) ? expression : undefined;
};

const miscounted = (words: string[]) => {
  const meant = words.length === 5 ? fromUnix(words) : undefined;
  if (meant !== undefined)
    return `must be a Quartz expression, which begins with seconds: write "${meant}" (times are UTC)`;
  return `must be a Quartz expression of 6 or 7 fields (${ORDER}), not of ${String(words.length)}; ${EXAMPLE}`;
};

/** Airbyte shows its time zone behind an expression, and takes it back so. */
export const withoutUtc = (text: string) => {
  const expression = strip(text);
  const isShort = expression.length <= MAX_LENGTH + ZONE.length;
  return isShort ? strip(expression.replace(/\s+UTC$/, '')) : expression;
};

/** What can be told before the fields are looked at. */
const formProblem = (expression: string, words: string[]) => {
  const last = expression.split(/\s+/).at(-1) ?? '';
  const nickname = NICKNAMES[expression.toLowerCase()];
  if (expression.startsWith('@'))
    return nickname === undefined
      ? `must be a Quartz expression, ${EXAMPLE}`
      : `must be a Quartz expression, which has no nicknames: write "${nickname}" for ${expression}`;
  if (words.length > 5 && isTimeZone(last))
    return `must be without the time zone ${last}: times are UTC, so convert the hour and leave the zone out`;
  if (expression.includes('|')) return 'must be one Quartz expression: Airbyte takes no |';
  return words.length < 6 || words.length > 7 ? miscounted(words) : undefined;
};

const UNITS: [number, string][] = [
  [86_400, 'day'],
  [3600, 'hour'],
  [MINUTE, 'minute'],
  [1, 'second'],
];

const amountOf = (seconds: number) => {
  const [size, unit] = UNITS.find(([each]) => seconds % each === 0) ?? [1, 'second'];
  const count = seconds / size;
  return `${String(count)} ${unit}${count === 1 ? '' : 's'}`;
};

/** The public API takes nothing but a number there, and where a year is given for the minutes too. */
const plainProblem = ({ cron }: Judged, words: string[]) => {
  const isPlain = (parts: Judged['cron']['second']) =>
    parts.length === 1 && parts[0]?.kind === 'on';
  if (!isPlain(cron.second))
    return `must have one number for the seconds, not "${words[0] ?? ''}": ${EXAMPLE}`;
  if (words.length === 7 && !isPlain(cron.minute))
    return `must have one number for the minutes, not "${words[1] ?? ''}", as it has a year: leave the year out, or start once an hour`;
  return undefined;
};

const oftenProblem = ({ least }: Judged, leastSeconds: number) =>
  least === undefined || least >= leastSeconds
    ? undefined
    : `would run ${amountOf(least)} after the run before; Airbyte wants ${amountOf(leastSeconds)} between two at least: write one number for the seconds and minutes, as in "0 0 * * * ?", or ask the platform operator whether it allows less`;

/** What Airbyte has against an expression, whatever it is entitled to, and how often it runs. */
const adviceOn = (expression: string): { problem: string | undefined; judged?: Judged } => {
  if (expression.length > MAX_LENGTH)
    return { problem: `must not be longer than ${String(MAX_LENGTH)} characters` };
  const words = wordsOf(expression);
  const wrong = formProblem(expression, words);
  if (wrong !== undefined) return { problem: wrong };
  try {
    const judged = judgeCron(expression);
    if (judged.isBroken)
      return {
        problem:
          'must be an expression whose days exist in each of its months: Airbyte cannot work out when it runs',
      };
    return { problem: plainProblem(judged, words) ?? oftenProblem(judged, MINUTE), judged };
  } catch (err) {
    if (err instanceof CronProblem) return { problem: err.message };
    throw err;
  }
};

/** What Airbyte has against an expression, whatever it is entitled to; undefined: nothing. */
export const cronProblem = (expression: string): string | undefined => adviceOn(expression).problem;

/** That an expression, which is right otherwise, runs more often than this Airbyte lets. */
export const tooOften = (expression: string, leastSeconds: number): string | undefined => {
  const { problem, judged } = adviceOn(expression);
  return problem === undefined && judged ? oftenProblem(judged, leastSeconds) : undefined;
};

/** Whether there is nothing left that an expression, which is right otherwise, could run at. */
export const neverRuns = (expression: string) => judgeCron(expression).runs === 0;
