import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { findCli } from '../scripts/temporal';
import { eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

/* What a Temporal that keeps its state in PostgreSQL does otherwise than the dev server: docs/postgres.md. */

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
  await expect(connection.withDeadline(Date.now() + 3000, () => startOne(id(256)))).rejects.toThrow(
    'Failed to start Workflow',
  );
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
