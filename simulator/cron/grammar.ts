/*
 * What cron-utils 9.2.1, with its definition QUARTZ, takes in a field: Airbyte's server parses with
 * it. Java splits without the empty ends, so that `1-5-` is `1-5` and `6#3#9` is `6#3`.
 */

export interface Unit {
  from: number;
  to: number;
  names: string[];
  /** The marks it takes: `?`, `L`, `W`, `#`. */
  marks: string;
  /** Ranges must not go past the end. */
  strict?: true;
}

const bare = (from: number, to: number): Unit => ({ from, to, names: [], marks: '' });

const months = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const weekdays = 'SUN MON TUE WED THU FRI SAT'.split(' ');

/** In their order; the last may be absent. */
export const units: Unit[] = [
  bare(0, 59),
  bare(0, 59),
  bare(0, 23),
  { ...bare(1, 31), marks: '?LW' },
  { ...bare(1, 12), names: months },
  { ...bare(1, 7), names: weekdays, marks: '?L#' },
  { ...bare(1970, 2099), strict: true },
];

/** `from` and `to` bound a span; `end` is L; `mark` is what else stands there. */
export interface Term {
  mark: '' | '?' | 'L' | 'W' | 'LW' | '#' | 'span';
  value: number;
  from: number;
  to: number;
  /** Undefined where every value counts. */
  step: number | undefined;
  /** Days before the last, or which one of the month. */
  count: number;
  /** The span ends with L, which parses and cannot be computed. */
  openEnd: boolean;
}

const term = (mark: Term['mark'], more: Partial<Term> = {}): Term => ({
  mark,
  value: -1,
  from: -1,
  to: -1,
  step: undefined,
  count: 0,
  openEnd: false,
  ...more,
});

const digit = '[\\p{Nd}&&[\\u0000-\\uffff]]';
const integer = `\\+?${digit}+`;
const blank = '[\\u0000-\\u0020]*';

const isDigit = new RegExp(`^${digit}$`, 'v');

const digitValue = (letter: string) => {
  let code = letter.charCodeAt(0);
  let value = 0;
  while (value < 9 && isDigit.test(String.fromCharCode(code - 1))) {
    code -= 1;
    value += 1;
  }
  return value;
};

const read = (text: string, names: string[]) => {
  const named = names.indexOf(text);
  if (named >= 0) return named + 1;
  const digits = Array.from(text.replace('+', ''), digitValue).join('');
  return Number(digits);
};

type Rule = [pattern: RegExp, make: (...groups: string[]) => Term | undefined];

/** The forms of one part of a list, first come first served. */
const rulesOf = ({ from, to, names, marks, strict }: Unit): Rule[] => {
  const atom = `(${[integer, ...names].join('|')})`;
  const end = marks.includes('L') ? `(${[integer, ...names].join('|')}|L)` : atom;
  const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`, 'v');
  const value = (text = '') => read(text, names);
  const fits = (...values: number[]) => values.every((each) => each >= from && each <= to);
  const isStep = (step: number) => step >= 1 && step <= Math.min(to, to - from + 1);
  const span = (first: number, last: string, step?: number) => {
    const openEnd = last === 'L';
    const until = openEnd ? to : value(last);
    if (!fits(first, until) || (step !== undefined && !isStep(step)) || (strict && first > until))
      return undefined;
    return term('span', { from: first, to: until, step, openEnd });
  };
  const on = (mark: Term['mark'], text = '', count = 0) => {
    const found = value(text);
    return fits(found) ? term(mark, { value: found, count }) : undefined;
  };
  const counted = (text = '') => (fits(value(text)) ? value(text) : undefined);
  const rules: [needs: string, ...Rule][] = [
    ['', whole('\\*'), () => span(from, String(to))],
    [
      '',
      whole(`${blank}\\*?${blank}/(${integer})/*`),
      (step) => span(from, String(to), read(step, [])),
    ],
    [
      '',
      whole(`${atom}/(${integer})/*`),
      (first, step) => span(value(first), String(to), read(step, [])),
    ],
    ['', whole(`${atom}-${end}-*`), (first, last = '') => span(value(first), last)],
    [
      '',
      whole(`${atom}-${end}/${atom}(?:/[^\\-]*)?-*`),
      (first, last = '', step = '') => span(value(first), last, value(step)),
    ],
    [
      'L',
      whole(`L-${atom}-*`),
      (before) => {
        const count = counted(before);
        return count === undefined ? undefined : term('L', { count });
      },
    ],
    ['?', whole('\\?'), () => term('?')],
    [
      '#',
      whole(`${atom}#${atom}(?:#[^\\-\\/]*)?`),
      (day, nth) => {
        const count = counted(nth);
        return count === undefined ? undefined : on('#', day, count);
      },
    ],
    ['W', whole('(?:LW)+'), () => term('LW')],
    ['L', whole('L'), () => term('L')],
    [
      'L',
      /^([^#\/\-]*\dL[^#\/\-]*)$/,
      (text = '') => {
        const rest = text.replaceAll('L', '');
        return !text.includes('LW') && whole(atom).test(rest) ? on('L', rest) : undefined;
      },
    ],
    [
      'W',
      /^([^#\/\-]*\dW[^#\/\-]*)$/,
      (text = '') => {
        const rest = text.replaceAll('W', '');
        return whole(atom).test(rest) ? on('W', rest) : undefined;
      },
    ],
    ['', whole(atom), (text) => on('', text)],
  ];
  return rules.flatMap(([needs, ...rule]) => (marks.includes(needs) ? [rule] : []));
};

const grammar = units.map(rulesOf);

/** The terms of a field, or undefined where it is none. */
export const readUnit = (text: string, index: number): Term[] | undefined => {
  const isWeekday = index === 5;
  const day = isWeekday && text.endsWith('L') ? weekdays.indexOf(text.slice(0, -1)) : -1;
  const parts = (day >= 0 ? `${String(day + 1)}L` : text).split(',');
  const terms = parts.map((part) => {
    for (const [pattern, make] of grammar[index] ?? []) {
      const found = pattern.exec(part);
      if (found) return make(...found.slice(1));
    }
    return undefined;
  });
  return terms.every((each) => each !== undefined) ? terms : undefined;
};
