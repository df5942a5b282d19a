import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Bench } from './bench';
import { post, postOk } from './http';
import { percentile } from './measure';
import { printTable } from './table';

const CROWD = 1000;
/** Milliseconds between two looks at the memory and at the runs. */
const LOOK_EVERY = 250;
/** Milliseconds of rest before the memory is read for the last time. */
const REST = 10_000;
/** Milliseconds after which nobody comes again. */
const PATIENCE = 600_000;

type Memory = Record<'gateway' | 'worker', number>;

export interface Crowd {
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

/** MiB a process has in memory; NaN where there is no /proc. */
export const residentOf = async (pid = 0) => {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1024;
};

const Calls = z.object({ maxInFlight: z.number() });

const instrumentsOf = ({ stack, client }: Bench) => ({
  memory: async (): Promise<Memory> => ({
    gateway: await residentOf(stack.processes.gateway?.pid),
    worker: await residentOf(stack.processes.worker?.pid),
  }),
  completed: async () =>
    (await client.workflow.count('WorkflowType="provision" AND ExecutionStatus="Completed"')).count,
  forgetCalls: () => fetch(`${stack.airbyteUrl}/_simulator/requests`, { method: 'DELETE' }),
  maxInFlight: async () => {
    const answer = await fetch(`${stack.airbyteUrl}/_simulator/requests`);
    return Calls.parse(await answer.json()).maxInFlight;
  },
});

export const watchMemory = (read: () => Promise<Memory>) => {
  const peak: Memory = { gateway: 0, worker: 0 };
  let over = false;
  const look = async () => {
    while (!over) {
      const { gateway, worker } = await read();
      peak.gateway = Math.max(peak.gateway, gateway);
      peak.worker = Math.max(peak.worker, worker);
      await pause(LOOK_EVERY);
    }
  };
  const looking = look();
  return async () => {
    over = true;
    await looking;
    return peak;
  };
};

const print = ({ tokens, completed, before, peak, after, maxInFlight, again }: Crowd) => {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const memory = (name: keyof Memory) =>
    [before, peak, after].map((at) => at[name].toFixed(0)).join(' / ');
  printTable(
    `e. ${String(CROWD)} provisions at once; MiB of memory before / at most / ${seconds(REST)} after`,
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

/** So many provisions posted at once: until the last has its token, and until the last run is over. */
export const benchCrowd = async (bench: Bench): Promise<Crowd> => {
  const { memory, completed, forgetCalls, maxInFlight } = instrumentsOf(bench);
  const bodies = Array.from({ length: CROWD }, (_, index) =>
    JSON.stringify(bench.requestFor(`crowd-${String(index)}`)),
  );
  await postOk(`${bench.stack.airbyteUrl}/_simulator/reset`, '', 200);
  await forgetCalls();
  const completedBefore = await completed();
  const before = await memory();
  const stopWatching = watchMemory(memory);
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  let again = 0;
  const crowd = async () => {
    const tokens = await Promise.all(
      bodies.map(async (body) => {
        // On a busy machine some wait for longer than the gateway lets them, and are told to come again.
        for (let status = 500; status !== 202; again += Number(status !== 202)) {
          const answer = await post(`${bench.stack.gatewayUrl}/v1/provision`, body);
          ({ status } = answer);
          if (status !== 202 && (status !== 500 || elapsed() > PATIENCE))
            throw new Error(answer.text);
        }
        return elapsed();
      }),
    );
    while ((await completed()) < completedBefore + CROWD) await pause(LOOK_EVERY);
    return { tokens, took: elapsed() };
  };
  // Else a crowd that fails leaves a process that looks for ever.
  const { tokens, took } = await crowd().finally(stopWatching);
  const peak = await stopWatching();
  await pause(REST);
  const figures = {
    ...{ tokens, completed: took, before, peak },
    ...{ after: await memory(), maxInFlight: await maxInFlight(), again },
  };
  print(figures);
  return figures;
};
