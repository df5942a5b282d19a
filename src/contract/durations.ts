import { z } from 'zod';
import ms from 'ms';

/** Milliseconds that a timer of Node holds; `setTimeout` and `AbortSignal.timeout` take more for 1. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Milliseconds: the longest that may be configured, so that what adds to it still fits a timer. */
export const LONGEST_DURATION = ms('24d');

/** So many whole milliseconds as a timer can hold. */
export const forTimer = (duration: number) =>
  Math.ceil(Math.min(Math.max(0, duration), LONGEST_TIMER));

/** For people: `500 ms`, `1.5 s`, `30 s`, `15 min`, `2 h`, `24 d`. */
export const inWords = (duration: number) => {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ] as const;
  const whole = units.find(([size]) => duration >= size && duration % size === 0);
  if (whole) return `${String(duration / whole[0])} ${whole[1]}`;
  if (duration < 1000) return `${String(Math.round(duration))} ms`;
  return `${String(Math.round(duration / 100) / 10)} s`;
};

/** Characters of a duration: the library reads no more. */
const MAX_DURATION = 100;

const isDuration = (given: unknown): given is ms.StringValue =>
  typeof given === 'string' &&
  given.length <= MAX_DURATION &&
  /^\d*\.?\d+ *(ms|s|m|h|d)$/.test(given);

/** Milliseconds of a duration; NaN, which is neither too long nor too short, of what is none. Never throws. */
export const durationIn = (given: unknown): number => (isDuration(given) ? ms(given) : NaN);

/** For durations that are given elsewhere too. What else is wrong is told beside it: it does not abort. */
export const durationLike = (examples: string) =>
  z.custom<ms.StringValue>(isDuration, {
    message: `must be a duration with its unit, for example ${examples}`,
    abort: false,
  });

export const durationText = durationLike('200ms, 30s or 15m');

/** How long somebody waits. */
export const patienceText = durationText.refine(
  (text) => !(durationIn(text) <= 0),
  'must be longer than zero',
);
