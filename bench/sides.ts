import path from 'node:path';
import { launch, untilReady } from '../scripts/child';
import type { Child } from '../scripts/child';
import { findFreePorts } from '../scripts/ports';
import type { Bench, Checkout } from './bench';
import type { Pids } from './processes';

/* The programs of a checkout, which run for as long as a part of the benchmark takes. */

const START_TIMEOUT = 30_000;

/** A gateway, and a worker where one is wanted, on a task queue of their own. */
export interface Programs extends Checkout {
  gatewayUrl: string;
  taskQueue: string;
  pids: Pids;
}

interface Server {
  /** What it is settings in errors, and the name of its log. */
  name: string;
  /** Its program. */
  file: string;
  /** The path that answers when it is up. */
  health: string;
  env?: Record<string, string | undefined>;
}

const isUp = (url: string) => async () => {
  const { ok } = await fetch(url, { signal: AbortSignal.timeout(2000) });
  return ok;
};

/** Runs what `begin` launches for as long as `use` takes. */
const whileUp = async <Result>(use: (own: Child[]) => Promise<Result>): Promise<Result> => {
  const own: Child[] = [];
  const kill = () => {
    for (const child of own) child.kill();
  };
  process.once('exit', kill);
  try {
    return await use(own);
  } finally {
    await Promise.all(own.map((child) => child.stop()));
    process.off('exit', kill);
  }
};

const start = async ({ stack }: Bench, { name, file, health, env }: Server, own: Child[]) => {
  const [port = 0] = await findFreePorts(1);
  const url = `http://127.0.0.1:${String(port)}`;
  const child = launch({
    name,
    command: process.execPath,
    args: [file],
    env: { ...env, PORT: String(port), WORKER_PORT: String(port) },
    logFile: path.join(stack.logDir, `${name.replaceAll(' ', '-')}.log`),
  });
  own.push(child);
  await untilReady(child, { isReady: isUp(url + health), timeout: START_TIMEOUT });
  return { url, pid: child.pid };
};

/** A server of the benchmark's own. */
export const withServer = <Result>(
  bench: Bench,
  server: Server,
  use: (url: string) => Promise<Result>,
): Promise<Result> =>
  whileUp(async (own) =>
    use((await start(bench, { env: { PATH: process.env.PATH }, ...server }, own)).url),
  );

interface Wanted {
  /** Names the task queues. */
  part: string;
  /** Without one, a run that is started costs nothing but its start. */
  worker: boolean;
  checkouts?: Checkout[];
  /** Of the gateways. */
  env?: Record<string, string>;
}

/** New programs of all checkouts, or of those named: they remember nothing of another part. */
export const withPrograms = <Result>(
  bench: Bench,
  { part, worker, env, checkouts = bench.checkouts }: Wanted,
  use: (programs: Programs[]) => Promise<Result>,
): Promise<Result> =>
  whileUp(async (own) => {
    const all: Programs[] = [];
    for (const checkout of checkouts) {
      const { name, root } = checkout;
      const taskQueue = `bench-${part}-${name.replaceAll(' ', '-')}`;
      const settings = { ...bench.stack.env, TEMPORAL_TASK_QUEUE: taskQueue, ...checkout.env };
      const program = (what: 'server' | 'worker') => ({
        name: `${part} ${what} of ${name}`,
        file: path.join(root, 'dist', 'src', `${what}.js`),
        health: '/readyz',
        env: { ...settings, ...(what === 'server' && env) },
      });
      const gateway = await start(bench, program('server'), own);
      const temporal = bench.stack.processes.temporal?.pid ?? 0;
      const pids: Pids = { temporal, gateway: gateway.pid };
      if (worker) pids.worker = (await start(bench, program('worker'), own)).pid;
      all.push({ ...checkout, gatewayUrl: gateway.url, taskQueue, pids });
    }
    return use(all);
  });

/** A side of a contest for each of these programs. */
export const sidesOf = <Side>(programs: Programs[], sideOf: (programs: Programs) => Side) =>
  Object.fromEntries(programs.map((each) => [each.name, { pids: each.pids, ...sideOf(each) }]));
