import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { temporal } from '@temporalio/proto';
import { ROOT } from '../scripts/child';
import { findCli } from '../scripts/temporal';
import { STATUS_QUERY, TERMINATE_SIGNAL } from '../workflows/protocol/run-names';
import { counts, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { textOf } from './support/metrics';

/** Milliseconds: Temporal tries for ten seconds the worker that had the run before it asks another. */
const PATIENCE = 60_000;
/** Temporal's state of a step that waits for its next attempt. */
const SCHEDULED = temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED;

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({
    env: {
      AIRBYTE_GIVE_UP_AFTER: '5m',
      // The next attempt comes after the worker that failed at the one before it is killed.
      AIRBYTE_RETRY_INITIAL: '5s',
      AIRBYTE_RETRY_MAX_INTERVAL: '5s',
    },
  });
});
afterAll(() => harness.stop());

const handleOf = (token: string) => harness.client.workflow.getHandle(token);

const ask = (token: string): Promise<unknown> =>
  harness.client.withDeadline(Date.now() + PATIENCE, () => handleOf(token).query(STATUS_QUERY));

const failsAt = (operation: string) => harness.fault({ operation, status: 503, times: 0 });

/** A step has been tried, and waits until it is tried again. */
const backsOff = async (token: string, operation: string) => {
  const before = (await harness.calls(operation)).length;
  await eventually(async () => {
    if ((await harness.calls(operation)).length === before) return undefined;
    const { raw } = await handleOf(token).describe();
    const states = (raw.pendingActivities ?? []).map(({ state }) => state);
    return (states.length === 1 && states[0] === SCHEDULED) || undefined;
  }, `${operation} to be tried again`);
};

const eventsOf = async (token: string) => (await handleOf(token).fetchHistory()).events ?? [];

/** In a process of its own: the SDK's conversion of histories does not work in jest's modules. */
const replay = (token: string) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'provisioner-tests-'));
  const file = path.join(folder, 'run.json');
  const which = ['--workflow-id', token, '--address', harness.env.TEMPORAL_ADDRESS ?? ''];
  const args = ['workflow', 'show', ...which, '--output', 'json'];
  writeFileSync(file, execFileSync(findCli(), args));
  const { stdout } = spawnSync(
    process.execPath,
    [path.join(ROOT, 'dist', 'scripts', 'replay.js'), file],
    { encoding: 'utf8' },
  );
  rmSync(folder, { recursive: true });
  return stdout.trim();
};

/** Tasks of workflows that failed on the worker, by the SDK's reason. */
const failedTasks = async () =>
  [
    ...(await textOf(harness, 'worker')).matchAll(
      /^temporal_workflow_task_execution_failed\{.*failure_reason="(\w+)".*\} (\d+)$/gm,
    ),
  ].map(([, reason, count]) => [reason, count]);

test('a query that meets events before their task is not answered, and does the run no harm', async () => {
  await failsAt('createSource');
  await failsAt('createConnection');
  const token = await harness.start('provision');
  await backsOff(token, 'createSource');

  const first = harness.worker();
  const second = await harness.startWorker();
  await backsOff(token, 'createSource');
  await harness.clearFaults('createSource');
  // Temporal keeps a run for a worker that has asked within ten seconds, as this one does after it.
  expect(await ask(token)).toMatchObject({ status: 'RUNNING' });
  await first?.end('SIGKILL');
  // Nothing waits for a task as yet; when another worker is asked, the end of the step does.
  await expect(ask(token)).rejects.toThrow('Events of the run have had no workflow task yet');
  const waiting = await eventsOf(token);
  expect(waiting.at(-2)?.activityTaskCompletedEventAttributes).toBeTruthy();
  expect(waiting.at(-1)?.workflowTaskScheduledEventAttributes).toBeTruthy();
  expect((await harness.status(token)).status).toBe('RUNNING');
  expect(await failedTasks()).toEqual([['WorkflowError', '1']]);

  // A replay is given it before the end of the step.
  await handleOf(token).signal(TERMINATE_SIGNAL);
  await backsOff(token, 'createConnection');
  expect(await ask(token)).toMatchObject({ status: 'TERMINATING' });
  expect(replay(token)).toBe('replays  run.json');

  await second.end('SIGKILL');
  await harness.startWorker();
  expect(await ask(token)).toMatchObject({ status: 'TERMINATING' });
  await harness.clearFaults();
  expect(await handleOf(token).result()).toMatchObject({ status: 'COMPLETED' });
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
  expect(await ask(token)).toMatchObject({ status: 'TERMINATING' });
  expect(await failedTasks()).toEqual([]);
});
