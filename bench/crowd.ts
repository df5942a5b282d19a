import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { emptyAirbyte } from './bench';
import type { Bench } from './bench';
import { getOk, post, send } from './http';
import { percentile } from './measure';
import { peakOf, residentOf } from './processes';
import { withPrograms } from './sides';
import type { Programs } from './sides';
import { printTable } from './table';

const CROWD = 1000;
/** Milliseconds between two looks at the runs. */
const LOOK_EVERY = 250;
/** Milliseconds of rest before the memory is read for the last time. */
const REST = 10_000;
/** Milliseconds after which nobody comes again. */
const PATIENCE = 600_000;

type Memory = Record<'gateway' | 'worker', number>;

interface Crowd {
  /** Milliseconds from the first POST to each token. */
  tokens: number[];
  /** Milliseconds from the first POST to the end of the last run. */
  completed: number;
  /** MiB. */
  before: Memory;
  peak: Memory;
  after: Memory;
  maxInFlight: number;
  /** How many were told to come again. */
  again: number;
}

const Calls = z.object({ maxInFlight: z.number() });

const instrumentsOf = ({ stack, client }: Bench, { pids, taskQueue }: Programs) => {
  const calls = `${stack.airbyteUrl}/_simulator/requests`;
  const memory = (read: (pid?: number) => number): Memory => ({
    gateway: read(pids.gateway),
    worker: read(pids.worker),
  });
  const query = `WorkflowType="provision" AND TaskQueue="${taskQueue}" AND ExecutionStatus="Completed"`;
  return {
    memory,
    completed: async () => (await client.workflow.count(query)).count,
    forgetCalls: () => send('DELETE', calls),
    maxInFlight: async () => Calls.parse(JSON.parse(await getOk(calls))).maxInFlight,
  };
};

const print = (name: string, figures: Crowd) => {
  const { tokens, completed, before, peak, after, maxInFlight, again } = figures;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const memory = (of: keyof Memory) =>
    [before, peak, after].map((at) => at[of].toFixed(0)).join(' / ');
  printTable(
    `e. ${String(CROWD)} provisions at once, ${name}; MiB of memory before / at most / ${seconds(REST)} after`,
    [
      'token p50',
      'last token',
      'last run',
      'gateway',
      'worker',
      'calls in flight',
      'told to come again',
    ],
    [
      [
        seconds(percentile(tokens, 0.5)),
        seconds(Math.max(...tokens)),
        seconds(completed),
        memory('gateway'),
        memory('worker'),
        `${String(maxInFlight)} at most`,
        String(again),
      ],
    ],
  );
};

/** On programs that have done nothing before. */
const crowdOn = async (bench: Bench, programs: Programs): Promise<Crowd> => {
  const { memory, completed, forgetCalls, maxInFlight } = instrumentsOf(bench, programs);
  const bodies = Array.from({ length: CROWD }, (_, index) =>
    JSON.stringify(bench.requestFor(`crowd-${programs.name}-${String(index)}`)),
  );
  await emptyAirbyte(bench);
  await forgetCalls();
  const before = memory(residentOf);
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  let again = 0;
  const tokens = await Promise.all(
    bodies.map(async (body) => {
      // On a busy machine some wait for longer than the gateway lets them, and are told to come again.
      for (let status = 500; status !== 202; again += Number(status !== 202)) {
        const answer = await post(`${programs.gatewayUrl}/v1/provision`, body);
        ({ status } = answer);
        if (status !== 202 && (status !== 500 || elapsed() > PATIENCE))
          throw new Error(answer.text);
      }
      return elapsed();
    }),
  );
  while ((await completed()) < CROWD) await pause(LOOK_EVERY);
  const took = elapsed();
  await pause(REST);
  const figures = {
    tokens,
    completed: took,
    before,
    peak: memory(peakOf),
    after: memory(residentOf),
    maxInFlight: await maxInFlight(),
    again,
  };
  print(programs.name, figures);
  return figures;
};

/** So many provisions posted at once: until the last has its token, and until the last run is over. */
export const benchCrowd = async (bench: Bench): Promise<Record<string, Crowd>> => {
  const bySide: Record<string, Crowd> = {};
  for (const checkout of bench.checkouts) {
    const wanted = { part: 'crowd', worker: true, checkouts: [checkout] };
    await withPrograms(bench, wanted, async (all) => {
      for (const programs of all) bySide[checkout.name] = await crowdOn(bench, programs);
    });
  }
  return bySide;
};
