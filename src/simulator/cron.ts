import { badRequest } from './problems';

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

interface Field {
  from: number;
  to: number;
  names?: string[];
  /** A day field also takes ?, L and W. */
  day?: true;
}

/** Quartz: seconds first, an optional year last. */
const fields: Field[] = [
  { from: 0, to: 59 },
  { from: 0, to: 59 },
  { from: 0, to: 23 },
  { from: 1, to: 31, day: true },
  { from: 1, to: 12, names: months },
  { from: 1, to: 7, names: days, day: true },
  { from: 1970, to: 2099 },
];

const isValue = (text: string, { from, to, names = [] }: Field) =>
  names.includes(text.toUpperCase()) ||
  (/^\d+$/.test(text) && Number(text) >= from && Number(text) <= to);

const isPart = (part: string, field: Field) => {
  if (field.day && /^(\?|L|LW|L-\d+)$/.test(part)) return true;
  const [range = '', step = '1', rest] = part.split('/');
  if (rest !== undefined || !/^\d+$/.test(step)) return false;
  if (range === '*') return true;
  return range.split('-').every((value) => isValue(value.replace(/(#\d|L|W)$/, ''), field));
};

const isExpression = (parts: string[]) =>
  (parts.length === 6 || parts.length === 7) &&
  fields.every((field, index) => {
    const text = parts[index];
    return text === undefined || text.split(',').every((part) => isPart(part, field));
  }) &&
  // Quartz cannot take both a day of the month and a day of the week.
  (parts[3] === '?') !== (parts[5] === '?');

/** Airbyte lets a connection run at most once an hour: second and minute are plain numbers. */
const isHourly = (parts: string[]) => parts.slice(0, 2).every((part) => /^\d+$/.test(part));

/** What Airbyte has against an expression: its own names of the two faults. */
export const cronFault = (expression: string) => {
  const parts = expression.split(/\s+/);
  if (!isExpression(parts)) return 'invalid-expression';
  return isHourly(parts) ? undefined : 'under-one-hour-not-allowed';
};

/** The expression without its "UTC", or the 400 of the public API's cron validation. */
export const readCron = (given: string | null | undefined): string => {
  if (!given) throw badRequest('Missing cron expression in the schedule.');
  const expression = given.endsWith('UTC') ? given.replace('UTC', '').trim() : given.trim();
  const fault = cronFault(expression);
  if (fault === 'invalid-expression')
    throw badRequest(
      `The cron expression ${given} is not valid. Please check the cron expression format at https://www.quartz-scheduler.org/documentation/quartz-2.3.0/tutorials/crontrigger.html`,
    );
  if (fault)
    throw badRequest(
      `The cron expression ${given} is not valid or is less than the one hour minimum. The seconds and minutes values cannot be \`*\`.`,
    );
  return expression;
};
