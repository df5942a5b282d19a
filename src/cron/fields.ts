/*
 * A Quartz expression as Airbyte's server reads it, which is how cron-utils 9.2.1 (its definition
 * QUARTZ) reads it: more is taken than Quartz's documentation says, and some of that less.
 */

/** Why an expression is none: to be told to whoever wrote it. */
export class CronProblem extends Error {
  override name = 'CronProblem';
}

export interface Field {
  name: string;
  from: number;
  to: number;
  names: Readonly<Record<string, number>>;
  /** What it takes beside numbers, names, `*`, lists, ranges and steps. */
  special: readonly string[];
}

/** One part of a field: a list has several. `L` as the end of a range is read, and never computed. */
export type Part =
  | { kind: 'all' | 'any' | 'lastWorkday' }
  | { kind: 'on' | 'workday'; value: number }
  | { kind: 'range'; from: number; to: number | 'L' }
  | { kind: 'step'; from: number; to: number | 'L'; period: number }
  | { kind: 'last'; value?: number; before?: number }
  | { kind: 'nth'; value: number; nth: number };

const numbered = (names: string) =>
  Object.fromEntries(names.split(' ').map((name, index) => [name, index + 1]));

const plain = (name: string, from: number, to: number): Field => ({
  name,
  from,
  to,
  names: {},
  special: [],
});

/** In their order; the year may be left out. */
export const FIELDS = {
  second: plain('second', 0, 59),
  minute: plain('minute', 0, 59),
  hour: plain('hour', 0, 23),
  day: { ...plain('day of the month', 1, 31), special: ['?', 'L', 'W', 'LW'] },
  month: {
    ...plain('month', 1, 12),
    names: numbered('JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'),
  },
  weekday: {
    ...plain('day of the week', 1, 7),
    names: numbered('SUN MON TUE WED THU FRI SAT'),
    special: ['?', 'L', '#'],
  },
  year: plain('year', 1970, 2099),
} satisfies Record<string, Field>;

/** As Java splits: empty ends are left out, empty beginnings are not. */
const split = (text: string, by: string) => {
  const parts = text.split(by);
  while (parts.length > 0 && parts.at(-1) === '') parts.pop();
  return parts;
};

/** Java's digits are those of every script, here within the 16 bits it looks at. */
const digitOf = (letter: string) => {
  if (!/^\p{Nd}$/u.test(letter) || letter.length > 1) return undefined;
  const code = letter.charCodeAt(0);
  let zero = code;
  while (code - zero < 9 && /^\p{Nd}$/u.test(String.fromCharCode(zero - 1))) zero -= 1;
  return code - zero;
};

/** As Java's Integer.parseInt, but for a minus, which is a range here. */
const whole = (text: string) => {
  const digits = Array.from(text.replace(/^\+/, ''), digitOf);
  if (digits.length === 0 || digits.includes(undefined)) return undefined;
  return Number(digits.join(''));
};

/** What one text of a field says; throws a CronProblem. */
const readerFor = (field: Field, text: string) => {
  const refuse = (why: string): never => {
    throw new CronProblem(`the ${field.name} "${text}" ${why}`);
  };
  const within = (value: number) => {
    if (value < field.from || value > field.to)
      refuse(`must be from ${String(field.from)} to ${String(field.to)}`);
    return value;
  };
  const number = (given: string | undefined) => {
    const value = given === undefined ? undefined : (field.names[given] ?? whole(given));
    if (value !== undefined) return value;
    return refuse(
      given === text ? `must be ${numbers(field)}` : `has "${given ?? ''}" for ${numbers(field)}`,
    );
  };
  const value = (given: string | undefined) => within(number(given));
  const needs = (special: string) => {
    if (!field.special.includes(special)) refuse(`must not have ${special}`);
  };
  const period = (steps: number) => {
    const most = Math.min(field.to, field.to - field.from + 1);
    if (steps < 1 || steps > most) refuse(`must have a step from 1 to ${String(most)}`);
    return steps;
  };
  return { refuse, value, needs, number, period };
};
type FieldReader = ReturnType<typeof readerFor>;

const numbers = ({ names }: Field) =>
  Object.keys(names).length > 0
    ? `a number or a name such as ${Object.keys(names)[0] ?? ''}`
    : 'a number';

const readNth = (text: string, { value, needs, refuse }: FieldReader): Part => {
  needs('#');
  const [day, nth] = split(text, '#');
  if (!day || !nth) return refuse('must have a day before and a number after #, as in 6#3');
  return { kind: 'nth', value: value(day), nth: value(nth) };
};

const readLast = (text: string, { value, needs }: FieldReader): Part => {
  needs('L');
  const day = text.replaceAll('L', '');
  return day === '' ? { kind: 'last' } : { kind: 'last', value: value(day) };
};

const readPlain = (text: string, reader: FieldReader): Part => {
  const { value, needs, refuse } = reader;
  if (text.includes('?')) needs('?');
  if (text === '*') return { kind: 'all' };
  if (text === '?') return { kind: 'any' };
  if (text.includes('#')) return readNth(text, reader);
  if (text.includes('LW')) {
    needs('LW');
    return text.replaceAll('LW', '') === ''
      ? { kind: 'lastWorkday' }
      : refuse('must have LW alone: the last working day of the month');
  }
  if (text === 'L' || /[0-9]L/.test(text)) return readLast(text, reader);
  if (/[0-9]W/.test(text)) {
    needs('W');
    return { kind: 'workday', value: value(text.replaceAll('W', '')) };
  }
  return { kind: 'on', value: value(text) };
};

const readRange = (ends: string[], field: Field, reader: FieldReader): Part => {
  const { value, needs, number, period, refuse } = reader;
  const [from = '', to = ''] = ends;
  if (from === '' || to === '') return refuse('must have a number on both sides of -');
  if (from === 'L') {
    needs('L');
    return { kind: 'last', before: value(to) };
  }
  const [end, steps] = to.includes('/') ? split(to, '/') : [to];
  if (end === 'L') needs('L');
  const range = { from: value(from), to: end === 'L' ? ('L' as const) : value(end) };
  // The year is the one field whose ranges do not go past the end.
  if (field === FIELDS.year && range.to !== 'L' && range.from > range.to)
    return refuse('must not end before it begins');
  if (!to.includes('/')) return { kind: 'range', ...range };
  return { kind: 'step', ...range, period: period(number(steps)) };
};

/** Airbyte's server strips what Java takes for space, control characters too. */
export const strip = (text: string) => {
  const letters = Array.from(text);
  const isSpace = (letter: string) => letter <= ' ';
  const from = letters.findIndex((letter) => !isSpace(letter));
  const to = letters.findLastIndex((letter) => !isSpace(letter));
  return from === -1 ? '' : letters.slice(from, to + 1).join('');
};

const readStep = (text: string, field: Field, reader: FieldReader): Part => {
  const { value, period, refuse } = reader;
  const [start, steps = '', ...more] = split(text, '/');
  const every = whole(steps);
  if (start === undefined || more.length > 0 || every === undefined)
    return refuse('must have one number after /');
  const isAll = ['*', ''].includes(strip(start));
  if (strip(start) === '*' && steps === '1') return { kind: 'all' };
  const from = isAll ? field.from : value(start);
  return { kind: 'step', from, to: field.to, period: period(every) };
};

const readPart = (text: string, field: Field): Part => {
  const reader = readerFor(field, text);
  if (!/[-/]/.test(text)) return readPlain(text, reader);
  const ends = split(text, '-');
  if (text.includes('-') && ends.length !== 2)
    return reader.refuse('must have a number on both sides of -');
  return ends.length === 2 ? readRange(ends, field, reader) : readStep(text, field, reader);
};

const readField = (given: string, field: Field): Part[] => {
  // A name before L is known where it is the whole field.
  const day = given.endsWith('L') ? FIELDS.weekday.names[given.slice(0, -1)] : undefined;
  const text = field === FIELDS.weekday && day !== undefined ? `${String(day)}L` : given;
  if (text.endsWith(','))
    throw new CronProblem(`the ${field.name} "${text}" must not end with a comma`);
  return text.split(',').map((part) => readPart(part, field));
};

/** The fields as they were written, in capitals. */
export const wordsOf = (expression: string) =>
  strip(expression.replaceAll(/[ \t\n\v\f\r]+/g, ' '))
    .toUpperCase()
    .split(' ');

export type Cron = Record<keyof typeof FIELDS, Part[]>;

/** What six or seven words say; throws a CronProblem. */
export const readFields = (words: string[]): Cron => {
  const [second = '', minute = '', hour = '', day = '', month = '', weekday = '', year] = words;
  return {
    second: readField(second, FIELDS.second),
    minute: readField(minute, FIELDS.minute),
    hour: readField(hour, FIELDS.hour),
    day: readField(day, FIELDS.day),
    month: readField(month, FIELDS.month),
    weekday: readField(weekday, FIELDS.weekday),
    year: year === undefined ? [{ kind: 'all' }] : readField(year, FIELDS.year),
  };
};
