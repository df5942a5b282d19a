import { performance } from 'node:perf_hooks';
import { workOf } from './processes';
import type { Pids } from './processes';

/** One that measures itself resolves with its milliseconds. */
type Task = () => Promise<unknown>;

export interface Side {
  /** Makes a task under an id of its own; what it does itself is not measured. */
  prepare: (id: string) => Task | Promise<Task>;
  /** Whose time on a core is measured. */
  pids?: Pids;
}

/**
 * What is measured: `ours`, with --against the `other`, and the `floor`, which is the least that could do
 * the same. A side may have a floor of its own, `ours floor`.
 */
interface Contest {
  /** Callers. */
  concurrency: number;
  rounds: number;
  /** Tasks of each side in each round. */
  count: number;
  sides: Record<string, Side>;
  /** Before each side's part of a round. */
  before?: () => Promise<unknown>;
}

export interface Round {
  /** Milliseconds of each task. */
  latencies: number[];
  /** Of the whole round. */
  milliseconds: number;
  /** Milliseconds on a core, by process; of all tasks. */
  work: Record<string, number>;
}

export interface Result {
  concurrency: number;
  rounds: Record<string, Round[]>;
}

/** The value below which a share of the values lies. */
export const percentile = (values: number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
};

/** Milliseconds it takes. */
export const timed = async (task: Task) => {
  const began = performance.now();
  const own = await task();
  return typeof own === 'number' ? own : performance.now() - began;
};

/** So many callers, each of which sends its next request when the last is answered. */
const runAll = async (tasks: Task[], concurrency: number, pids: Pids = {}): Promise<Round> => {
  const latencies: number[] = [];
  const waiting = tasks.values();
  const caller = async () => {
    for (const task of waiting) latencies.push(await timed(task));
  };
  const workSince = workOf(pids);
  const began = performance.now();
  await Promise.all(Array.from({ length: concurrency }, caller));
  return { latencies, milliseconds: performance.now() - began, work: workSince() };
};

/** All sides in each round, so that what disturbs the machine disturbs all; another begins each time. */
export const compete = async (contest: Contest): Promise<Result> => {
  const { concurrency, rounds, count, before } = contest;
  const sides = Object.entries(contest.sides);
  const result: Result = {
    concurrency,
    rounds: Object.fromEntries(sides.map(([name]) => [name, []])),
  };
  // The round 0 warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const first = round % sides.length;
    for (const [name, side] of [...sides.slice(first), ...sides.slice(0, first)]) {
      await before?.();
      const idOf = (index: number) =>
        [name.replace(' ', '-'), concurrency, round, index].map(String).join('-');
      const ids = Array.from({ length: round === 0 ? concurrency : count }, (_, at) => idOf(at));
      const tasks = await Promise.all(ids.map(async (id) => side.prepare(id)));
      const measured = await runAll(tasks, concurrency, side.pids);
      if (round > 0) result.rounds[name]?.push(measured);
    }
  }
  return result;
};

/** Milliseconds of each of so many runs, one after the other. */
export const repeat = async (task: Task, count: number): Promise<number[]> =>
  (await runAll(Array<Task>(count).fill(task), 1)).latencies;
