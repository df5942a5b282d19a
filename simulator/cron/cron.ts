import { readUnit, type Term } from './grammar';
import { Incomputable, timesAfter } from './times';
import { badRequest } from '../problems';

/** Seconds no Airbyte lets a connection run sooner than. */
const MINUTE = 60;
/** How many runs the server looks at. */
const LOOKED_AT = 3;

const isOpen = (terms: Term[] | undefined) => terms?.length === 1 && terms[0]?.mark === '?';

const fieldsOf = (expression: string) =>
  expression
    .replaceAll(/[ \t\n\u000b\f\r]+/g, ' ')
    .replaceAll(/^[\u0000-\u0020]+|[\u0000-\u0020]+$/g, '')
    .toUpperCase()
    .split(' ');

/** What an expression says, or undefined where the server's library takes it for none. */
export const parseCron = (expression: string): Term[][] | undefined => {
  const words = fieldsOf(expression);
  if (expression.startsWith('@') || words.length < 6 || words.length > 7) return undefined;
  const read = [...words, ...(words.length === 6 ? ['*'] : [])].map(readUnit);
  if (!read.every((terms) => terms !== undefined)) return undefined;
  // Either the day of the month decides or the day of the week, and the other one is a `?`.
  return isOpen(read[3]) === isOpen(read[5]) ? undefined : read;
};

/** The least seconds between the next runs; undefined where there are not two. */
export const leastInterval = (fields: Term[][], moment: number, runs: number) => {
  const times = timesAfter(fields, moment, runs);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  return gaps.length > 0 ? Math.min(...gaps) : undefined;
};

/** What Airbyte has against an expression: its own names of the two faults. */
export const cronFault = (expression: string, minSyncInterval: number) => {
  const fields = parseCron(expression);
  if (!fields) return 'invalid-expression';
  try {
    const least = leastInterval(fields, Math.floor(Date.now() / 1000), LOOKED_AT) ?? Infinity;
    if (least < MINUTE) return 'invalid-expression';
    return least < minSyncInterval ? 'under-one-hour-not-allowed' : undefined;
  } catch (err) {
    if (err instanceof Incomputable) return 'invalid-expression';
    throw err;
  }
};

/** The public API wants a number for the seconds; where a year is given, for the minutes too. */
const isPlain = (expression: string) => {
  const count = fieldsOf(expression).length === 7 ? 2 : 1;
  const fields = parseCron(expression)?.slice(0, count) ?? [];
  return fields.every(([first, ...more]) => first?.mark === '' && more.length === 0);
};

/** The expression without its "UTC", or the 400 of the public API's cron validation. */
export const readCron = (given: string | null | undefined, minSyncInterval: number): string => {
  if (!given) throw badRequest('Missing cron expression in the schedule.');
  const expression = given.endsWith('UTC') ? given.replace('UTC', '').trim() : given.trim();
  const fault = cronFault(expression, minSyncInterval);
  if (fault === 'invalid-expression' && !parseCron(expression))
    throw badRequest(
      `The cron expression ${given} is not valid. Please check the cron expression format at https://www.quartz-scheduler.org/documentation/quartz-2.3.0/tutorials/crontrigger.html`,
    );
  if (fault || !isPlain(expression))
    throw badRequest(
      `The cron expression ${given} is not valid or is less than the one hour minimum. The seconds and minutes values cannot be \`*\`.`,
    );
  return expression;
};
