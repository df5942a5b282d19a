import { z } from 'zod';
import ms from 'ms';

/** Milliseconds that a timer of Node holds; `setTimeout` and `AbortSignal.timeout` take more for 1. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Milliseconds: the longest that may be configured, so that what adds to it still fits a timer. */
export const LONGEST_DURATION = ms('24d');

/** So many milliseconds as a timer can hold. */
export const forTimer = (duration: number) => Math.min(Math.max(0, duration), LONGEST_TIMER);

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

/** For durations that are given elsewhere too. What else is wrong is told beside it: it does not abort. */
export const durationLike = (examples: string) =>
  z.custom<ms.StringValue>(
    (text) => typeof text === 'string' && /^\d*\.?\d+ *(ms|s|m|h|d)$/.test(text),
    { message: `must be a duration with its unit, for example ${examples}`, abort: false },
  );

export const durationText = durationLike('200ms, 30s or 15m');

/** How long somebody waits. */
export const patienceText = durationText.refine(
  (text) => !(ms(text) <= 0),
  'must be longer than zero',
);
