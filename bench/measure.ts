import { performance } from 'node:perf_hooks';

export type Task = () => Promise<unknown>;

/** What is measured, and the least that could do the same. */
export interface Contest {
  concurrency: number;
  rounds: number;
  /** Tasks of each side in each round. */
  count: number;
  /** Prepare a task under an id of its own; what they do here is not measured. */
  ours: (id: string) => Task;
  floor: (id: string) => Task;
  before?: () => Promise<unknown>;
}

interface Round {
  /** Milliseconds of each task. */
  latencies: number[];
  /** Of the whole round. */
  milliseconds: number;
}

export interface Result {
  concurrency: number;
  ours: Round[];
  floor: Round[];
}

/** The value below which a share of the values lies. */
export const percentile = (values: number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
};

/** Milliseconds it takes. */
export const timed = async (task: Task) => {
  const began = performance.now();
  await task();
  return performance.now() - began;
};

/** So many callers, each of which sends its next request when the last is answered. */
const runAll = async (tasks: Task[], concurrency: number): Promise<Round> => {
  const latencies: number[] = [];
  const waiting = tasks.values();
  const caller = async () => {
    for (const task of waiting) latencies.push(await timed(task));
  };
  const milliseconds = await timed(() => Promise.all(Array.from({ length: concurrency }, caller)));
  return { latencies, milliseconds };
};

/** Both sides in turn, round by round, so that what disturbs the machine disturbs both. */
export const compete = async (contest: Contest): Promise<Result> => {
  const { concurrency, rounds, count, before } = contest;
  const result: Result = { concurrency, ours: [], floor: [] };
  // The round 0 warms up.
  for (let round = 0; round <= rounds; round += 1) {
    await before?.();
    const sides = round % 2 === 0 ? (['ours', 'floor'] as const) : (['floor', 'ours'] as const);
    for (const side of sides) {
      const id = (index: number) =>
        ['bench', String(concurrency), String(round), String(index)].join('-');
      const tasks = Array.from({ length: round === 0 ? concurrency : count }, (_, index) =>
        contest[side](id(index)),
      );
      const measured = await runAll(tasks, concurrency);
      if (round > 0) result[side].push(measured);
    }
  }
  return result;
};

/** Milliseconds of each of so many runs, one after the other. */
export const repeat = async (task: Task, count: number): Promise<number[]> =>
  (await runAll(Array<Task>(count).fill(task), 1)).latencies;
