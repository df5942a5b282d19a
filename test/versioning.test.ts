import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { findCli } from '../scripts/temporal';
import { counts, eventually, leaseId, startHarness } from './support/harness';
import type { Harness } from './support/harness';

const connections: Connection[] = [];
const harnesses: Harness[] = [];
afterAll(async () => {
  await Promise.all(harnesses.map((harness) => harness.stop()));
  await Promise.all(connections.map((connection) => connection.close()));
});

const begin = async (behavior: 'pinned' | 'auto-upgrade') => {
  const harness = await startHarness({ worker: false, env: { AIRBYTE_GIVE_UP_AFTER: '2m' } });
  harnesses.push(harness);
  const address = harness.env.TEMPORAL_ADDRESS ?? '';
  const connection = await Connection.connect({ address });
  connections.push(connection);
  const client = new Client({ connection });
  const deploymentName = harness.environment;

  /** The builds whose workers took the run's workflow tasks, in this order. */
  const buildsOf = async (workflowId: string) => {
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const builds = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: done }) =>
      done ? [done.deploymentVersion?.buildId ?? 'none'] : [],
    );
    return [...new Set(builds)];
  };
  return {
    harness,
    buildsOf,
    startVersion: (buildId: string) =>
      harness.startWorker({
        WORKER_DEPLOYMENT_NAME: deploymentName,
        WORKER_BUILD_ID: buildId,
        WORKER_VERSIONING: behavior,
      }),
    /** As the operator does; the server knows a version once its worker has polled. */
    makeCurrent: (buildId: string) =>
      eventually(async () => {
        const command = ['worker', 'deployment', 'set-current-version', '--yes'];
        const which = ['--deployment-name', deploymentName, '--build-id', buildId];
        return promisify(execFile)(findCli(), [...command, ...which, '--address', address]).catch(
          () => undefined,
        );
      }, `version ${buildId} as the current one`),
    /** A run that goes no further than the connection until the faults are cleared. */
    startHeld: async (component: string) => {
      await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
      const token = await harness.start('provision', { component });
      const isThere = async () => (await harness.calls('createConnection'))[0];
      await eventually(isThere, 'the connection step');
      return token;
    },
  };
};

test('a pinned run ends where it began, and new ones go to the current version', async () => {
  const { harness, buildsOf, startVersion, makeCurrent, startHeld } = await begin('pinned');
  const old = await startVersion('a');
  const early = await harness.start('provision', { component: 'early' });
  await makeCurrent('a');
  expect((await harness.finished(early)).status).toBe('COMPLETED');
  const held = await startHeld('held');

  await startVersion('b');
  const between = await harness.run('unprovision', { component: 'between' });
  expect(between.status).toBe('COMPLETED');
  await makeCurrent('b');
  const fresh = await harness.start('unprovision', { component: 'fresh' });
  expect((await harness.finished(fresh)).status).toBe('COMPLETED');
  expect(await buildsOf(fresh)).toEqual(['b']);

  await harness.clearFaults();
  expect((await harness.finished(held)).status).toBe('COMPLETED');
  expect(await buildsOf(held)).toEqual(['a']);
  const lease = leaseId(harness, 'held');
  await eventually(async () => (await buildsOf(lease)).length > 0 || undefined, 'the lease');
  expect(await buildsOf(lease)).toEqual(['a']);

  expect(await old.end()).toContain('exit code 0');
  const again = await harness.start('unprovision', { component: 'held' });
  expect((await harness.finished(again)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
});

test('a run of a worker with auto-upgrade goes on with the current version', async () => {
  const { harness, buildsOf, startVersion, makeCurrent, startHeld } = await begin('auto-upgrade');
  const old = await startVersion('a');
  await makeCurrent('a');
  const held = await startHeld('held');
  await startVersion('b');
  await makeCurrent('b');
  expect(await old.end()).toContain('exit code 0');
  await harness.clearFaults();
  expect((await harness.finished(held)).status).toBe('COMPLETED');
  expect(await buildsOf(held)).toEqual(['a', 'b']);
});

test('a run begun without versions goes on with the current version', async () => {
  const { harness, buildsOf, startVersion, makeCurrent, startHeld } = await begin('pinned');
  const old = await harness.startWorker();
  const held = await startHeld('held');
  await startVersion('a');
  await makeCurrent('a');
  expect(await old.end()).toContain('exit code 0');
  await harness.clearFaults();
  expect((await harness.finished(held)).status).toBe('COMPLETED');
  expect(await buildsOf(held)).toEqual(['none', 'a']);
});
