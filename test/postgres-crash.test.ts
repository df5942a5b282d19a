import { sql } from '../scripts/postgres/cluster';
import { counts, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

/* The database of Temporal crashes; alone, as all suites share it. */

const database = Number(process.env.TEMPORAL_POSTGRES);

let harness: Harness;
beforeAll(async () => {
  // A step has fifteen minutes usually: the seconds until Temporal answers again are not to end it here.
  harness = await startHarness({ env: { AIRBYTE_GIVE_UP_AFTER: '1m' } });
});
afterAll(() => harness.stop());

/** As if one of PostgreSQL's processes had crashed: it ends them all, and recovers. */
const crash = async () => {
  const [pid] = await sql(
    database,
    'postgres',
    "SELECT pid FROM pg_stat_activity WHERE datname LIKE 'temporal%' LIMIT 1",
  );
  process.kill(Number(pid), 'SIGKILL');
};

test('runs live through a crash of the database, and the gateway answers again', async () => {
  const names = ['one', 'two', 'three', 'four', 'five'];
  await harness.fault({ operation: 'createConnection', delay: 300, times: 0 });
  const tokens: string[] = [];
  for (const component of names) {
    tokens.push(await harness.start('provision', { component, sourceName: component }));
    await crash();
    await eventually(
      () =>
        sql(database, 'postgres', 'SELECT 1').then(
          () => true,
          () => undefined,
        ),
      'the database again',
    );
    await eventually(
      async () => (await harness.call('GET', '/readyz')).status === 200 || undefined,
      'the gateway ready',
    );
  }
  const ends = await Promise.all(tokens.map((token) => harness.finished(token)));
  expect(ends.filter(({ status }) => status !== 'COMPLETED')).toEqual([]);
  expect(counts(await harness.entities())).toEqual([5, 5, 5]);
  await harness.clearFaults();
  for (const component of names)
    expect((await harness.run('unprovision', { component, sourceName: component })).status).toBe(
      'COMPLETED',
    );
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});
