import { DefaultLogger, Runtime } from '@temporalio/worker';
import { sum, tableSizes, vacuum } from './growth';
import { closeConnections } from './http';
import { percentile, repeat } from './measure';
import { familyOf } from './process-family';
import { residentOf } from './processes';
import { AT_ONCE, provisionAll } from './provisions';
import type { Setting } from './provisions';
import { withSetting } from './setting';
import { printTable, showMs } from './table';

/*
 * npm run test:postgres -- closed [PROVISIONS]
 * What closed runs cost Temporal on PostgreSQL: its database, and what is asked of it. A provision is two:
 * its run and its lease.
 */

const PROVISIONS = 5000;
/** Of them, when it is looked. */
const SHARES = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1];
const LISTED = 50;
const ASKED = 20;
const SHARDS = 4;

/** As the command line lists runs, and as drift counts them. */
const QUERIES = [
  'Operation = "provision" AND ExecutionStatus = "Failed"',
  'Operation = "provision"',
];

const firstOf = async ({ bench: { client } }: Setting, query: string) => {
  let seen = 0;
  for await (const { workflowId } of client.workflow.list({ query, pageSize: LISTED })) {
    seen += workflowId === '' ? 0 : 1;
    if (seen === LISTED) return;
  }
};

const look = async (setting: Setting) => {
  await vacuum();
  const { client } = setting.bench;
  const { count } = await client.workflow.count('ExecutionStatus != "Running"');
  const lists: number[] = [];
  for (const query of QUERIES)
    lists.push(percentile(await repeat(() => firstOf(setting, query), ASKED), 0.5));
  const postgres = familyOf(Number(process.env.POSTGRES_PID));
  return { count, bytes: sum(await tableSizes()), lists, postgres: postgres.memory() };
};

const main = async () => {
  Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
  const all = Number(process.argv[2] ?? PROVISIONS);
  const rows: string[][] = [];
  await withSetting(SHARDS, async (setting) => {
    let done = 0;
    let before = await look(setting);
    for (const share of SHARES) {
      const count = Math.round(all * share) - done;
      const label = `closed-${String(share * 16)}`;
      const latencies = await provisionAll({ ...setting, label }, { count, atOnce: AT_ONCE });
      done += count;
      const now = await look(setting);
      const kib = (now.bytes - before.bytes) / 1024 / count;
      const { temporal = 0 } = setting.programs.pids;
      rows.push([
        ...[done, now.count].map(String),
        (now.bytes / 1024 / 1024).toFixed(0),
        kib.toFixed(0),
        showMs(percentile(latencies, 0.5)),
        ...now.lists.map(showMs),
        `temporal ${residentOf(temporal).toFixed(0)}, postgres ${now.postgres.toFixed(0)}`,
      ]);
      before = now;
    }
  });
  printTable(
    `Closed runs, ${String(AT_ONCE)} provisions at once`,
    [
      ...['provisions', 'closed runs', 'database, MiB', 'KiB each, since the row above'],
      ...['p50 of a provision', 'the failed ones', 'the newest 50', 'MiB in memory'],
    ],
    rows,
  );
  closeConnections();
};

main().catch((err: unknown) => {
  process.stderr.write(`${err instanceof Error ? String(err.stack) : String(err)}\n`);
  process.exitCode = 1;
});
