import { setTimeout as pause } from 'node:timers/promises';
import { sql } from '../scripts/postgres/cluster';
import { AT_ONCE, provisionAll } from './provisions';
import type { Setting } from './provisions';
import { printTable } from './table';

/* How the database of a Temporal on PostgreSQL grows. */

const database = Number(process.env.TEMPORAL_POSTGRES);

/** Those of the server that was started last. */
const databases = () =>
  sql(
    database,
    'postgres',
    "SELECT datname FROM pg_database WHERE datname ~ '^temporal_[0-9a-f]{16}' ORDER BY oid DESC LIMIT 2",
  );

/** Bytes by table, its indexes and what is stored apart included; of both databases of the server. */
export const tableSizes = async (): Promise<Map<string, number>> => {
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

export const sum = (sizes: Map<string, number>) =>
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

export const vacuum = async () => {
  for (const name of await databases()) await sql(database, name, 'VACUUM ANALYZE');
};

/** What the database wrote: rows of the list of runs, and its log. */
const written = async () => {
  const [visibility = ''] = await databases();
  const [rows = ''] = await sql(
    database,
    visibility,
    "SELECT n_tup_ins, n_tup_upd FROM pg_stat_user_tables WHERE relname = 'executions_visibility'",
  );
  const [log] = await sql(
    database,
    'postgres',
    "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')",
  );
  const [inserted, updated] = rows.split('|').map(Number);
  return [inserted ?? NaN, updated ?? NaN, Number(log) / 1024];
};

/** The database, run by run, and after they were deleted. */
export const measureGrowth = async (setting: Setting, runs: number) => {
  const steps: [string, Map<string, number>][] = [['before', await tableSizes()]];
  const add = async (what: string) => {
    await pause(5000);
    await vacuum();
    steps.push([what, await tableSizes()]);
  };
  const before = await written();
  await provisionAll({ ...setting, label: 'growth-one' }, { count: runs, atOnce: AT_ONCE });
  // The statistics of PostgreSQL are a second behind.
  await pause(2000);
  const after = await written();
  const each = after.map((value, at) => ((value - (before[at] ?? NaN)) / runs).toFixed(1));
  printTable(
    'What the database writes for a provision',
    ['rows of runs added', 'changed', "KiB of PostgreSQL's log"],
    [each],
  );
  await add(`${String(runs)} provisions`);
  const deleted = await deleteAll(setting);
  await pause(20_000);
  await add(`${String(deleted)} runs deleted`);
  await provisionAll({ ...setting, label: 'growth-two' }, { count: runs, atOnce: AT_ONCE });
  await add(`${String(runs)} provisions more`);
  return steps;
};

const kib = (bytes: number) => (bytes / 1024).toFixed(0);

export const printGrowth = (steps: [string, Map<string, number>][], runs: number) => {
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
