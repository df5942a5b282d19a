import { DefaultLogger, Runtime } from '@temporalio/worker';
import { benchDelays } from './delays';
import { measureGrowth, printGrowth } from './growth';
import { closeConnections } from './http';
import { percentile } from './measure';
import { residentOf, workOf } from './processes';
import { familyOf } from './process-family';
import { AT_ONCE, provisionAll } from './provisions';
import type { Setting } from './provisions';
import { withSetting } from './setting';
import { printTable } from './table';

/*
 * npm run test:postgres -- sizing [RUNS [SHARDS,SHARDS…]]
 * What provisions cost Temporal on PostgreSQL, by history shards, and how its database grows;
 * `node dist/bench/sizing.js [RUNS]` has the same of the dev server.
 */

const isOnPostgres = Number(process.env.TEMPORAL_POSTGRES) > 0;
const SHARDS = [1, 4, 16];
const RUNS = 200;
const ALONE = 40;
const WARM_UP = 10;

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
    memory: `temporal ${residentOf(temporal).toFixed(0)}, gateway ${residentOf(gateway).toFixed(0)}, worker ${residentOf(worker).toFixed(0)}, postgres ${postgres.memory().toFixed(0)}`,
  };
};

const main = async () => {
  Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
  const [runs = RUNS, shards = SHARDS.join(',')] = process.argv.slice(2);
  const rows: string[][] = [];
  for (const each of isOnPostgres ? shards.split(',').map(Number) : [1])
    await withSetting(each, async (setting) => {
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
  if (isOnPostgres)
    await withSetting(4, async (setting) => {
      await benchDelays(setting.bench);
      printGrowth(await measureGrowth(setting, Number(runs)), Number(runs));
    });
  closeConnections();
};

main().catch((err: unknown) => {
  process.stderr.write(`${err instanceof Error ? String(err.stack) : String(err)}\n`);
  process.exitCode = 1;
});
