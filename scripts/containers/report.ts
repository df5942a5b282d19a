import { timed } from './prepare';

/* What is told while it goes on, and counted at its end. */

const times: number[] = [];
const problems: string[] = [];

export const say = (line: string): void => {
  console.log(line);
};

export const report = (what: string, seconds: number): void => {
  times.push(seconds);
  say(`${String(seconds).padStart(7)} s  ${what}`);
};

export const step = <Result>(what: string, work: () => Promise<Result>): Promise<Result> =>
  timed(report, what, work);

/** What is not as it should be. */
export const note = (found: string[]): void => {
  for (const problem of found) say(`  PROBLEM: ${problem}`);
  problems.push(...found);
};

/** Tells the sum; whether nothing was wrong. */
export const concluded = (): boolean => {
  const total = times.reduce((sum, seconds) => sum + seconds, 0);
  say(`\n${String(Math.round(total))} s in all its steps.`);
  say(problems.length === 0 ? 'All is as it has to be.' : `${String(problems.length)} problems.`);
  return problems.length === 0;
};
