import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { sql } from '../scripts/postgres/cluster';
import { findCli } from '../scripts/temporal';
import { counts, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

/* What a Temporal that keeps its state in PostgreSQL does otherwise than the dev server: docs/postgres.md. */

const database = Number(process.env.TEMPORAL_POSTGRES);
const COMPONENT = defineSearchAttributeKey('Component', 'KEYWORD');

let harness: Harness;
let connection: Connection;
let client: Client;
beforeAll(async () => {
  harness = await startHarness();
  connection = await Connection.connect({ address: process.env.TEST_TEMPORAL_ADDRESS ?? '' });
  client = new Client({ connection });
});
afterAll(async () => {
  await harness.stop();
  await connection.close();
});

const isListed = async (workflowId: string) =>
  (await client.workflow.count(`WorkflowId = "${workflowId}"`)).count === 1;
const untilListed = (workflowId: string) =>
  eventually(async () => (await isListed(workflowId)) || undefined, `${workflowId} in the list`);

const startOne = (workflowId: string, component = 'c') =>
  client.workflow.start('nobodyRunsThis', {
    workflowId,
    taskQueue: `${harness.environment}-nobody`,
    typedSearchAttributes: [{ key: COMPONENT, value: component }],
  });

test('an id has 255 characters at most: with more a run is not started, and nobody says why', async () => {
  const id = (length: number) => `${harness.environment}.`.padEnd(length, 'i');
  const handle = await startOne(id(255));
  await untilListed(id(255));
  await expect(
    connection.withDeadline(Date.now() + 3000, () => startOne(id(256))),
  ).rejects.toMatchObject({ cause: { code: 4 } });
  await handle.terminate();
});

test('a keyword has 255 characters at most: a run with a longer one is in no list', async () => {
  const id = (what: string) => `${harness.environment}.${what}`;
  const handles = [
    await startOne(id('long'), '🦜'.repeat(256)),
    await startOne(id('fits'), '🦜'.repeat(255)),
  ];
  await untilListed(id('fits'));
  await handles[0]?.signal('listed once more');
  expect(await isListed(id('long'))).toBe(false);
  for (const handle of handles) await handle.terminate();
});

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
  for (const token of tokens) expect((await harness.finished(token)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([5, 5, 5]);
  await harness.clearFaults();
  for (const component of names)
    expect((await harness.run('unprovision', { component, sourceName: component })).status).toBe(
      'COMPLETED',
    );
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('a worker may have the longest version that is taken', async () => {
  const [name, build] = ['d'.repeat(100), 'b'.repeat(100)];
  const versioned = await startHarness({ worker: false });
  try {
    await versioned.startWorker({ WORKER_DEPLOYMENT_NAME: name, WORKER_BUILD_ID: build });
    const token = await versioned.start('provision');
    const command = ['worker', 'deployment', 'set-current-version', '--yes', '--address'];
    const which = ['--deployment-name', name, '--build-id', build];
    const address = versioned.env.TEMPORAL_ADDRESS ?? '';
    await eventually(
      () =>
        promisify(execFile)(findCli(), [...command, address, ...which]).then(
          () => true,
          () => undefined,
        ),
      'the version as the current one',
    );
    expect((await versioned.finished(token)).status).toBe('COMPLETED');
    const query = `WorkflowId = "${token}" AND ExecutionStatus = "Completed"`;
    await eventually(
      async () => (await client.workflow.count(query)).count === 1 || undefined,
      'the end of the run in the list',
    );
  } finally {
    await versioned.stop();
  }
});
