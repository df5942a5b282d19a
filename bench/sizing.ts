import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { ROOT } from '../scripts/child';
import { sql } from '../scripts/postgres/cluster';
import { startStack } from '../scripts/stack';
import { dataConverter } from '../src/temporal/payload-codec';
import { emptyAirbyte, provision, requestsOn } from './bench';
import type { Bench } from './bench';
import { benchDelays } from './delays';
import { closeConnections } from './http';
import { percentile, timed } from './measure';
import { residentOf, workOf } from './processes';
import { familyOf } from './process-family';
import { withPrograms } from './sides';
import type { Programs } from './sides';
import { printTable } from './table';

/*
 * npm run test:postgres -- sizing [RUNS [SHARDS,SHARDS…]]
 * What provisions cost Temporal on PostgreSQL, by history shards, and how its database grows.
 */

const SHARDS = [1, 4, 16];
const RUNS = 200;
const AT_ONCE = 20;
const ALONE = 40;
const WARM_UP = 10;

const database = Number(process.env.TEMPORAL_POSTGRES);

interface Setting {
  bench: Bench;
  programs: Programs;
  /** Names the components. */
  label: string;
}

/** Milliseconds of each of so many first provisions, so many at once. */
const provisionAll = async (
  { bench, programs: { gatewayUrl }, label }: Setting,
  { count, atOnce }: { count: number; atOnce: number },
) => {
  await emptyAirbyte(bench);
  const latencies: number[] = [];
  const waiting = Array.from({ length: count }, (_, at) => `${label}-${String(at)}`).values();
  const caller = async () => {
    for (const component of waiting) {
      const body = JSON.stringify(bench.requestFor(component));
      latencies.push(await timed(() => provision(bench, { gatewayUrl, body })));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  return latencies;
};

/** What each costs; of the programs, what they worked for those at once. */
const measurePace = async (setting: Setting, runs: number) => {
  const { temporal = 0, gateway = 0, worker = 0 } = setting.programs.pids;
  const postgres = familyOf(Number(process.env.POSTGRES_PID));
  await provisionAll({ ...setting, label: `${setting.label}-warm` }, { count: WARM_UP, atOnce: 5 });
  const alone = await provisionAll(
    { ...setting, label: `${setting.label}-alone` },
    { count: ALONE, atOnce: 1 },
  );
  const worked = workOf({ temporal, gateway, worker });
  const postgresWorked = postgres.work();
  const began = performance.now();
  const busy = await provisionAll(setting, { count: runs, atOnce: AT_ONCE });
  const seconds = (performance.now() - began) / 1000;
  const work = { ...worked(), postgres: postgresWorked() };
  return {
    alone: percentile(alone, 0.5),
    busy: percentile(busy, 0.5),
    pace: runs / seconds,
    work: Object.entries(work).map(([name, ms]) => `${name} ${(ms / runs).toFixed(0)}`),
    memory: `temporal ${residentOf(temporal).toFixed(0)}, postgres ${postgres.memory().toFixed(0)}`,
  };
};

/** Those of the server that was started last. */
const databases = () =>
  sql(
    database,
    'postgres',
    "SELECT datname FROM pg_database WHERE datname ~ '^temporal_[0-9a-f]{16}' ORDER BY oid DESC LIMIT 2",
  );

/** Bytes by table, its indexes and what is stored apart included; of both databases of the server. */
const tableSizes = async (): Promise<Map<string, number>> => {
  const sizes = new Map<string, number>();
  for (const name of await databases()) {
    const rows = await sql(
      database,
      name,
      "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    );
    for (const row of rows) {
      const [table = '', bytes] = row.split('|');
      sizes.set(table, (sizes.get(table) ?? 0) + Number(bytes));
    }
  }
  return sizes;
};

const sum = (sizes: Map<string, number>) =>
  [...sizes.values()].reduce((all, each) => all + each, 0);

/** Ends what is still open, such as leases, and deletes all runs, as retention does. */
const deleteAll = async ({ bench: { client } }: Setting) => {
  let deleted = 0;
  const seen = new Set<string>();
  for (;;) {
    let found = 0;
    for await (const { workflowId, runId } of client.workflow.list({
      query: 'ExecutionStatus != "Running"',
    })) {
      if (seen.has(runId)) continue;
      seen.add(runId);
      found += 1;
      await client.workflowService.deleteWorkflowExecution({
        namespace: client.options.namespace,
        workflowExecution: { workflowId, runId },
      });
      deleted += 1;
    }
    if (found === 0) return deleted;
    await pause(2000);
  }
};

const vacuum = async () => {
  for (const name of await databases()) await sql(database, name, 'VACUUM ANALYZE');
};

/** The database, run by run, and after they were deleted. */
const measureGrowth = async (setting: Setting, runs: number) => {
  const steps: [string, Map<string, number>][] = [['before', await tableSizes()]];
  const add = async (what: string) => {
    await pause(5000);
    await vacuum();
    steps.push([what, await tableSizes()]);
  };
  await provisionAll({ ...setting, label: 'growth-one' }, { count: runs, atOnce: AT_ONCE });
  await add(`${String(runs)} provisions`);
  const deleted = await deleteAll(setting);
  await pause(20_000);
  await add(`${String(deleted)} runs deleted`);
  await provisionAll({ ...setting, label: 'growth-two' }, { count: runs, atOnce: AT_ONCE });
  await add(`${String(runs)} provisions more`);
  return steps;
};

const kib = (bytes: number) => (bytes / 1024).toFixed(0);

const printGrowth = (steps: [string, Map<string, number>][], runs: number) => {
  const [, before = new Map<string, number>()] = steps[0] ?? [];
  const [, after = new Map<string, number>()] = steps[1] ?? [];
  const tables = [...after.keys()]
    .filter((table) => (after.get(table) ?? 0) - (before.get(table) ?? 0) > 8192)
    .sort((one, other) => (after.get(other) ?? 0) - (after.get(one) ?? 0));
  const row = (name: string, of: (sizes: Map<string, number>) => number) => [
    name,
    ...steps.map(([, sizes]) => kib(of(sizes))),
    kib((of(after) - of(before)) / runs),
  ];
  printTable(
    'The database, KiB with indexes',
    ['table', ...steps.map(([what]) => what), 'a provision'],
    [...tables.map((table) => row(table, (sizes) => sizes.get(table) ?? 0)), row('all', sum)],
  );
};

const withStack = async (shards: number, use: (setting: Setting) => Promise<void>) => {
  process.env.NUM_HISTORY_SHARDS = String(shards);
  const logDir = path.join(ROOT, '.cache', 'logs', 'sizing');
  const stack = await startStack({ freePorts: 'always', isBare: true, logDir });
  const connection = Connection.lazy({ address: stack.temporalAddress });
  const client = new Client({ connection, dataConverter });
  const checkouts = [{ name: 'ours', root: ROOT }];
  const bench: Bench = { stack, client, checkouts, requestFor: requestsOn(stack) };
  try {
    await withPrograms(bench, { part: 'sizing', worker: true }, async ([programs]) => {
      if (programs) await use({ bench, programs, label: 'sized' });
    });
  } finally {
    await connection.close();
    await stack.stop();
  }
};

const main = async () => {
  Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
  const [runs = RUNS, shards = SHARDS.join(',')] = process.argv.slice(2);
  const rows: string[][] = [];
  for (const each of shards.split(',').map(Number))
    await withStack(each, async (setting) => {
      const { alone, busy, pace, work, memory } = await measurePace(setting, Number(runs));
      rows.push([
        String(each),
        `${alone.toFixed(0)} ms`,
        `${busy.toFixed(0)} ms`,
        pace.toFixed(1),
        work.join(', '),
        memory,
      ]);
    });
  printTable(
    `First provisions, one after the other and ${String(AT_ONCE)} at once`,
    ['shards', 'p50 alone', 'p50 at once', 'per s', 'ms on a core for each', 'MiB'],
    rows,
  );
  await withStack(4, async (setting) => {
    await benchDelays(setting.bench);
    printGrowth(await measureGrowth(setting, Number(runs)), Number(runs));
  });
  closeConnections();
};

main().catch((err: unknown) => {
  process.stderr.write(`${err instanceof Error ? String(err.stack) : String(err)}\n`);
  process.exitCode = 1;
});
