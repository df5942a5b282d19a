import { FIELDS } from './fields';
import type { Cron, Field, Part } from './fields';

/*
 * When an expression runs, as cron-utils 9.2.1 computes it, oddities included: `22-2` in the hours is
 * 22 alone; L, LW and L-3 in a list of days are no day at all, and 5L there is the fifth.
 */

/** cron-utils breaks off over it, and so does Airbyte. */
export class CannotCompute extends Error {
  override name = 'CannotCompute';
}

const steps = (from: number, to: number, period = 1) => {
  const values: number[] = [];
  for (let value = from; value <= to; value += period) values.push(value);
  return values;
};

/** A range that goes past the end is its first value, and in a list it is nothing. */
const valuesOf = (part: Part, { from, to }: Pick<Field, 'from' | 'to'>, isListed: boolean) => {
  switch (part.kind) {
    case 'all':
      return steps(from, to);
    case 'on':
    case 'workday':
      return [part.value];
    case 'range':
    case 'step': {
      if (part.to === 'L') throw new CannotCompute();
      const period = part.kind === 'step' ? part.period : 1;
      if (part.from <= part.to) return steps(part.from, part.to, period);
      const isLost = isListed || (part.kind === 'step' && part.from >= to);
      return isLost ? [] : [part.from];
    }
    case 'last':
      return part.value === undefined ? [] : [part.value];
    case 'any':
      throw new CannotCompute();
    default:
      return [];
  }
};

const isSorted = (values: number[]) =>
  values.every((value, at) => at === 0 || value > (values[at - 1] ?? value));

/** Each once. Those of a single part are so already. */
const sorted = (values: number[]) =>
  isSorted(values) ? values : [...new Set(values)].sort((one, other) => one - other);

const allValues = (parts: Part[], field: Field) => {
  const values = sorted(parts.flatMap((part) => valuesOf(part, field, parts.length > 1)));
  if (values.length === 0) throw new CannotCompute();
  return values;
};

interface Month {
  year: number;
  month: number;
}

const lengthOf = ({ year, month }: Month) => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** Quartz's own numbers: Sunday is 1. */
const weekdayOf = ({ year, month }: Month, day: number) =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;

/** The working day next to a day, in its month. */
const workdayNear = (month: Month, day: number) => {
  const length = lengthOf(month);
  if (day > length) throw new CannotCompute();
  const weekday = weekdayOf(month, day);
  if (weekday === 7) return day === 1 ? 3 : day - 1;
  return weekday === 1 && day < length ? day + 1 : day;
};

const lastWorkday = (month: Month) => {
  const length = lengthOf(month);
  const weekday = weekdayOf(month, length);
  if (weekday === 7) return length - 1;
  return weekday === 1 ? length - 2 : length;
};

const daysOfMonth = (parts: Part[], month: Month) => {
  const length = lengthOf(month);
  const [only, ...more] = parts;
  if (only && more.length === 0) {
    if (only.kind === 'last') return [length - (only.before ?? 0)];
    if (only.kind === 'workday') return [workdayNear(month, only.value)];
    if (only.kind === 'lastWorkday') return [lastWorkday(month)];
  }
  return parts.flatMap((part) => valuesOf(part, { from: 1, to: length }, more.length > 0));
};

/** The days of the week from one to another, past the end of the week too. */
const weekdaysIn = (part: Part & { kind: 'range' | 'step' }) => {
  const { from, to } = part;
  if (to === 'L') throw new CannotCompute();
  if (part.kind === 'range')
    return from <= to ? steps(from, to) : [...steps(from, 7), ...steps(1, to)];
  if (from > to) throw new CannotCompute();
  return steps(from, to, part.period);
};

const daysOfWeek = (part: Part, month: Month): number[] => {
  const length = lengthOf(month);
  const first = weekdayOf(month, 1);
  const on = (weekday: number) => steps(1 + ((weekday - first + 7) % 7), length, 7);
  switch (part.kind) {
    case 'all':
      return steps(1, length);
    case 'on':
      return on(part.value);
    case 'range':
    case 'step':
      return weekdaysIn(part).flatMap(on);
    case 'last':
      return part.value === undefined ? on(7) : on(part.value).slice(-1);
    case 'nth':
      return on(part.value).slice(part.nth - 1, part.nth);
    default:
      return [];
  }
};

const daysIn = ({ day, weekday }: Cron, month: Month) => {
  const isByWeekday = day.length === 1 && day[0]?.kind === 'any';
  const days = isByWeekday
    ? weekday.flatMap((part) => daysOfWeek(part, month))
    : daysOfMonth(day, month);
  const length = lengthOf(month);
  return sorted(days.filter((each) => each >= 1 && each <= length));
};

const DAY = 86_400;

/** Its runs after a moment, all in seconds since 1970; throws CannotCompute on the way. */
export function* runsAfter(cron: Cron, moment: number): Generator<number> {
  const seconds = allValues(cron.second, FIELDS.second);
  const minutes = allValues(cron.minute, FIELDS.minute);
  const hours = allValues(cron.hour, FIELDS.hour);
  const months = allValues(cron.month, FIELDS.month);
  const present = new Date(moment * 1000).getUTCFullYear();
  for (const year of allValues(cron.year, FIELDS.year).filter((each) => each >= present))
    for (const month of months) {
      if (Date.UTC(year, month, 1) / 1000 <= moment) continue;
      for (const day of daysIn(cron, { year, month })) {
        const midnight = Date.UTC(year, month - 1, day) / 1000;
        if (midnight + DAY <= moment) continue;
        for (const hour of hours)
          for (const minute of minutes)
            for (const second of seconds) {
              const run = midnight + hour * 3600 + minute * 60 + second;
              if (run > moment) yield run;
            }
      }
    }
}
