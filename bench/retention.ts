import { setTimeout as pause } from 'node:timers/promises';
import { msToTs } from '@temporalio/common/lib/time';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { printGrowth, tableSizes, vacuum } from './growth';
import { closeConnections } from './http';
import { AT_ONCE, provisionAll } from './provisions';
import type { Setting } from './provisions';
import { withSetting } from './setting';

/*
 * npm run test:postgres -- retention [PROVISIONS]
 * What the database of Temporal on PostgreSQL keeps of runs that it forgets by itself. It takes more than
 * an hour, the shortest retention there is, and up to half an hour until Temporal deletes.
 */

const PROVISIONS = 150;
const SHARDS = 4;
const RETENTION = '1h';
const LOOK_EVERY = 60_000;
/** Milliseconds: the retention, what Temporal adds by chance, and some. */
const PATIENCE = 110 * 60_000;

const retain = ({ bench: { client } }: Setting) =>
  client.workflowService.updateNamespace({
    namespace: client.options.namespace,
    config: { workflowExecutionRetentionTtl: msToTs(RETENTION) },
  });

const closed = async ({ bench: { client } }: Setting) =>
  (await client.workflow.count('ExecutionStatus != "Running"')).count;

/** Minutes until no closed run is left. */
const untilForgotten = async (setting: Setting) => {
  const began = Date.now();
  for (;;) {
    const left = await closed(setting);
    const minutes = Math.round((Date.now() - began) / 60_000);
    console.log(`${String(minutes)} minutes: ${String(left)} closed runs`);
    if (left === 0) return minutes;
    if (Date.now() - began > PATIENCE) throw new Error(`${String(left)} runs are not forgotten.`);
    await pause(LOOK_EVERY);
  }
};

const main = async () => {
  Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
  const count = Number(process.argv[2] ?? PROVISIONS);
  await withSetting(SHARDS, async (setting) => {
    await retain(setting);
    const steps: [string, Map<string, number>][] = [['before', await tableSizes()]];
    const add = async (what: string) => {
      await pause(5000);
      await vacuum();
      steps.push([what, await tableSizes()]);
    };
    await provisionAll({ ...setting, label: 'retained-one' }, { count, atOnce: AT_ONCE });
    await add(`${String(count)} provisions`);
    await add(`forgotten after ${String(await untilForgotten(setting))} minutes`);
    await provisionAll({ ...setting, label: 'retained-two' }, { count, atOnce: AT_ONCE });
    await add(`${String(count)} provisions more`);
    printGrowth(steps, count);
  });
  closeConnections();
};

main().catch((err: unknown) => {
  process.stderr.write(`${err instanceof Error ? String(err.stack) : String(err)}\n`);
  process.exitCode = 1;
});
