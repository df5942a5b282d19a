import { z } from 'zod';
import { emptyAirbyte, provision } from './bench';
import type { Bench } from './bench';
import { getOk, postOk, send } from './http';
import { percentile, timed } from './measure';
import { workOf } from './processes';
import { withPrograms } from './sides';
import type { Programs } from './sides';
import { printTable, showMs } from './table';

/* What a workspace costs that has thousands of entities of others (docs/capacity.md). */

/** Entities there before ours: a third each of sources, destinations and connections. */
const SIZES = [0, 1000, 10_000];
const ROUNDS = 3;
const TIMES = 3;
/** Components that a check for drift compares besides. */
const MORE = 50;
const AT_ONCE = 10;

const Calls = z.object({ requests: z.array(z.object({ operation: z.string().nullable() })) });

interface Cost {
  /** Milliseconds of each. */
  latencies: number[];
  calls: number;
  /** Of the calls, pages of lists. */
  pages: number;
  /** Milliseconds on a core of one, by process. */
  work: Record<string, number>;
}
type Task = (index: number) => Promise<unknown>;

const costOf = async ({ stack }: Bench, { pids }: Programs, task: Task): Promise<Cost> => {
  const called = `${stack.airbyteUrl}/_simulator/requests`;
  await send('DELETE', called);
  const worked = workOf(pids);
  const latencies: number[] = [];
  for (let index = 0; index < TIMES; index += 1) latencies.push(await timed(() => task(index)));
  const { requests } = Calls.parse(JSON.parse(await getOk(called)));
  const lists = requests.filter(({ operation }) => operation?.startsWith('list'));
  return {
    latencies,
    calls: requests.length / TIMES,
    pages: lists.length / TIMES,
    work: Object.fromEntries(Object.entries(worked()).map(([name, ms]) => [name, ms / TIMES])),
  };
};

const fill = async (bench: Bench, entities: number) => {
  await emptyAirbyte(bench);
  const each = Math.round(entities / 3);
  const body = JSON.stringify({ sources: each, destinations: each, connections: each });
  if (each > 0) await postOk(`${bench.stack.airbyteUrl}/_simulator/seed`, body, 200);
};

const measureOne = async (bench: Bench, programs: Programs, entities: number) => {
  const { gatewayUrl, taskQueue } = programs;
  await fill(bench, entities);
  const provisionOf = (component: string) =>
    provision(bench, { gatewayUrl, body: JSON.stringify(bench.requestFor(component)) });
  const drift = (what: string): Task => {
    const started = (index: number) => ({
      workflowId: `${taskQueue}-${what}-${String(index)}`,
      taskQueue,
    });
    return (index) => bench.client.workflow.execute('reconcile', { ...started(index), args: [] });
  };
  await provisionOf('warm-up');
  const costs: Record<string, Cost> = {
    'a first provision': await costOf(bench, programs, (at) => provisionOf(`c${String(at)}`)),
    'an unchanged one': await costOf(bench, programs, (at) => provisionOf(`c${String(at)}`)),
    'a check for drift': await costOf(bench, programs, drift('few')),
  };
  const waiting = Array.from({ length: MORE }, (_, at) => `more-${String(at)}`).values();
  const caller = async () => {
    for (const component of waiting) await provisionOf(component);
  };
  if (entities > 0) return costs;
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  const many = await costOf(bench, programs, drift('many'));
  return { ...costs, [`the same with ${String(MORE)} components more`]: many };
};

type Measured = Record<string, Cost>[];

const rowsOf = (bySize: Map<number, Measured>) => {
  const empty = bySize.get(0) ?? [];
  return [...bySize].flatMap(([entities, rounds]) =>
    Object.keys(rounds[0] ?? {}).map((what) => {
      const costs = rounds.flatMap((round) => round[what] ?? []);
      const middle = (of: (cost: Cost) => number) => percentile(costs.map(of), 0.5);
      const p50 = ({ latencies }: Cost) => percentile(latencies, 0.5);
      const ratios = costs.map((cost, at) => {
        const floor = empty[at]?.[what];
        return floor ? p50(cost) / p50(floor) : NaN;
      });
      return [
        String(entities),
        what,
        showMs(middle(p50)),
        `${percentile(ratios, 0.5).toFixed(1)} (${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)})`,
        middle(({ calls }) => calls).toFixed(1),
        middle(({ pages }) => pages).toFixed(1),
        Object.keys(costs[0]?.work ?? {})
          .map((name) => `${name} ${middle(({ work }) => work[name] ?? NaN).toFixed(0)}`)
          .join(', '),
      ];
    }),
  );
};

/** Every size in each round, on a task queue of its own: a check for drift knows what its own runs made. */
export const benchWorkspace = async (bench: Bench) => {
  const bySize = new Map<number, Measured>(SIZES.map((entities) => [entities, []]));
  const [ours] = bench.checkouts;
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const entities of SIZES)
      await withPrograms(
        bench,
        {
          part: `workspace-${String(entities)}-${String(round)}`,
          worker: true,
          checkouts: ours ? [ours] : [],
        },
        async ([programs]) => {
          if (programs) bySize.get(entities)?.push(await measureOne(bench, programs, entities));
        },
      );
    // It takes minutes: what is known so far is shown.
    printTable(
      `k. A workspace with so many entities of others, against an empty one; rounds so far: ${String(round)}`,
      ['entities', 'what', 'p50', 'to the empty one', 'calls', 'of lists', 'ms on a core for each'],
      rowsOf(bySize),
    );
  }
  return Object.fromEntries(bySize);
};
