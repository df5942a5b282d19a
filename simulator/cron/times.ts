import { type Term, type Unit, units } from './grammar';

/** What the server's library throws where it cannot work out the times of an expression. */
export class Incomputable extends Error {
  override name = 'Incomputable';
}

/** Whether a plain number is meant. A span past the end is its first number; in a list, none. */
const meets = (terms: Term[], value: number, top: number) => {
  if (terms.some(({ mark, openEnd }) => mark === '?' || openEnd)) throw new Incomputable();
  return terms.some((each) => {
    if (each.mark !== 'span') return ['', 'W', 'L'].includes(each.mark) && each.value === value;
    const { from, to, step } = each;
    if (from <= to) return value >= from && value <= to && (value - from) % (step ?? 1) === 0;
    const counts = terms.length === 1 && (step === undefined || from < top);
    return counts && value === from;
  });
};

const numbers = (terms: Term[], { from, to }: Unit) => {
  const all = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const found = all.filter((value) => meets(terms, value, to));
  if (found.length === 0) throw new Incomputable();
  return found;
};

interface Day {
  day: number;
  /** Sunday is 1. */
  weekday: number;
  /** Days of its month. */
  length: number;
}

/** The weekday of another day of the same month. */
const weekdayOn = ({ day, weekday }: Day, other: number) =>
  ((((weekday - 1 + other - day) % 7) + 7) % 7) + 1;

const nearestWorkday = (date: Day, wanted: number) => {
  if (wanted > date.length) throw new Incomputable();
  const weekday = weekdayOn(date, wanted);
  if (weekday === 7) return wanted > 1 ? wanted - 1 : 3;
  return weekday === 1 && wanted < date.length ? wanted + 1 : wanted;
};

const isLastWorkday = (date: Day) => {
  const back = { 1: 2, 7: 1 }[weekdayOn(date, date.length)] ?? 0;
  return date.day === date.length - back;
};

const meetsDay = (terms: Term[], date: Day) => {
  const [only] = terms;
  if (terms.length > 1 || !only) return meets(terms, date.day, date.length);
  if (only.mark === 'L') return date.day === date.length - only.count;
  if (only.mark === 'LW') return isLastWorkday(date);
  if (only.mark === 'W') return date.day === nearestWorkday(date, only.value);
  return meets(terms, date.day, date.length);
};

const isLost = ({ from, to, step, openEnd }: Term) => openEnd || (from > to && step !== undefined);

const meetsWeekday = (terms: Term[], { day, weekday, length }: Day) => {
  if (terms.some(isLost)) throw new Incomputable();
  return terms.some(({ mark, value, from, to, step, count }) => {
    if (mark === '') return weekday === value;
    if (mark === '#') return weekday === value && Math.ceil(day / 7) === count;
    if (mark === 'L') return value < 0 ? weekday === 7 : weekday === value && day > length - 7;
    if (mark !== 'span') return false;
    if (from > to) return weekday >= from || weekday <= to;
    return weekday >= from && weekday <= to && (weekday - from) % (step ?? 1) === 0;
  });
};

const DAY = 86_400;
const LAST = Date.UTC(2100, 0, 1) / 1000;

/** Up to `most` times after a moment, in seconds since 1970. */
export const timesAfter = (fields: Term[][], moment: number, most: number): number[] => {
  const [seconds = [], minutes = [], hours = [], months = [], years = []] = [0, 1, 2, 4, 6].map(
    (index) => {
      const unit = units[index];
      return unit ? numbers(fields[index] ?? [], unit) : [];
    },
  );
  const [days = [], weekdays = []] = [fields[3], fields[5]];
  const clock = hours.flatMap((h) =>
    minutes.flatMap((m) => seconds.map((s) => (h * 60 + m) * 60 + s)),
  );
  const byWeekday = days.length === 1 && days[0]?.mark === '?';
  const times: number[] = [];
  for (let midnight = moment - (moment % DAY); midnight < LAST; midnight += DAY) {
    const date = new Date(midnight * 1000);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
    if (!years.includes(year) || !months.includes(month)) continue;
    const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
    const day = { day: date.getUTCDate(), weekday: date.getUTCDay() + 1, length };
    if (!(byWeekday ? meetsWeekday(weekdays, day) : meetsDay(days, day))) continue;
    for (const time of clock) if (midnight + time > moment) times.push(midnight + time);
    if (times.length >= most) break;
  }
  return times.slice(0, most);
};
