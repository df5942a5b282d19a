import { percentile } from './measure';
import type { Result, Round } from './measure';

const show = (value: number, digits = 1) => value.toFixed(digits);
export const showMs = (value: number) => `${show(value, value < 10 ? 2 : 0)} ms`;

/** A figure of one side over that of another, round by round. */
interface Ratio {
  median: number;
  lowest: number;
  highest: number;
}

/** Of latencies, `p50` or another share; of tasks in a second. */
const FIGURES = {
  p50: ({ latencies }: Round) => percentile(latencies, 0.5),
  p99: ({ latencies }: Round) => percentile(latencies, 0.99),
  pace: ({ latencies, milliseconds }: Round) => (latencies.length / milliseconds) * 1000,
};
type Figure = keyof typeof FIGURES;

const ratioOf = (ours: Round[], theirs: Round[], figure: Figure): Ratio => {
  const of = FIGURES[figure];
  const ratios = ours.flatMap((round, at) => {
    const other = theirs[at];
    return other ? [of(round) / of(other)] : [];
  });
  return {
    median: percentile(ratios, 0.5),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
  };
};

/** Of each side over its floor, of ours over the other side, and of ours as it is set over ours: by latency, and by pace. */
export const ratiosOf = ({ rounds }: Result, latency: 'p50' | 'p99'): Record<string, Ratio> => {
  const ratios = Object.entries(rounds).flatMap(([name, side]): [string, Ratio][] => {
    const floor = rounds[`${name} floor`] ?? rounds.floor;
    if (name.endsWith('floor') || !floor) return [];
    return [[`${latency} of ${name} to its floor`, ratioOf(side, floor, latency)]];
  });
  const { ours = [], other, set } = rounds;
  for (const figure of [latency, 'pace'] as const) {
    if (other) ratios.push([`${figure} of ours to the other`, ratioOf(ours, other, figure)]);
    if (set) ratios.push([`${figure} of ours as set to ours`, ratioOf(set, ours, figure)]);
  }
  return Object.fromEntries(ratios);
};

/** Milliseconds on a core for each task, by process. */
const workOf = (rounds: Round[]) => {
  const tasks = rounds.reduce((sum, { latencies }) => sum + latencies.length, 0);
  const names = Object.keys(rounds[0]?.work ?? {});
  return names
    .map((name) => {
      const all = rounds.reduce((sum, { work }) => sum + (work[name] ?? NaN), 0);
      return `${name} ${show(all / tasks)}`;
    })
    .join(', ');
};

const rowsOf = ({ concurrency, rounds }: Result) =>
  Object.entries(rounds).map(([name, side]) => {
    const latencies = side.flatMap((round) => round.latencies);
    const seconds = side.reduce((sum, { milliseconds }) => sum + milliseconds / 1000, 0);
    return [
      String(concurrency),
      name,
      ...[0.5, 0.95, 0.99].map((share) => showMs(percentile(latencies, share))),
      show(latencies.length / seconds, 0),
      workOf(side),
    ];
  });

/** In the Markdown form of docs/benchmarks.md. */
export const printTable = (title: string, header: string[], rows: string[][]) => {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  console.log(`\n${title}\n`);
  console.log(line(header));
  console.log(line(widths.map((width) => '-'.repeat(width))));
  for (const row of rows) console.log(line(row));
};

/** What was measured, with its ratios. */
type Figures = Result & { ratios: Record<string, Ratio> };

/** Prints what the sides took, and the ratios with their spread over the rounds. */
export const printResults = (
  title: string,
  results: Result[],
  latency: 'p50' | 'p99' = 'p50',
): Figures[] => {
  printTable(
    title,
    ['at once', 'side', 'p50', 'p95', 'p99', 'per s', 'ms on a core for each'],
    results.flatMap(rowsOf),
  );
  const figures = results.map((result) => ({ ...result, ratios: ratiosOf(result, latency) }));
  printTable(
    'Ratios, median of the rounds',
    ['at once', 'ratio', 'median', 'lowest to highest'],
    figures.flatMap(({ concurrency, ratios }) =>
      Object.entries(ratios).map(([name, { median, lowest, highest }]) => [
        String(concurrency),
        name,
        show(median, 2),
        `${show(lowest, 2)} to ${show(highest, 2)}`,
      ]),
    ),
  );
  return figures;
};
