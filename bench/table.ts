import { percentile } from './measure';
import type { Result } from './measure';

const show = (value: number, digits = 1) => value.toFixed(digits);
export const showMs = (value: number) => `${show(value, value < 10 ? 2 : 0)} ms`;

const figuresOf = (rounds: Result['ours']) => {
  const latencies = rounds.flatMap((round) => round.latencies);
  const seconds = rounds.reduce((sum, { milliseconds }) => sum + milliseconds / 1000, 0);
  return [
    showMs(percentile(latencies, 0.5)),
    showMs(percentile(latencies, 0.95)),
    show(latencies.length / seconds, 0),
  ];
};

/** The p50 of ours over that of the floor, round by round. */
const ratiosOf = ({ ours, floor }: Result) =>
  ours.map(
    ({ latencies }, round) =>
      percentile(latencies, 0.5) / percentile(floor[round]?.latencies ?? [], 0.5),
  );

const rowOf = (result: Result) => {
  const ratios = ratiosOf(result);
  return [
    String(result.concurrency),
    ...figuresOf(result.ours),
    ...figuresOf(result.floor),
    show(percentile(ratios, 0.5), 2),
    `${show(Math.min(...ratios), 2)} to ${show(Math.max(...ratios), 2)}`,
  ];
};

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

export const printResults = (title: string, results: Result[]) => {
  const header = [
    ...['at once', 'p50', 'p95', 'per s'],
    ...['floor p50', 'floor p95', 'floor per s', 'ratio of p50s', 'over rounds'],
  ];
  printTable(title, header, results.map(rowOf));
};
