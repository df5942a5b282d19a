import { ActivityFailure, TimeoutFailure } from '@temporalio/common';
import { explain } from '../workflows/failure';
import { startHarness } from './harness';
import type { Harness } from './harness';

/* What a step that ended tells: which call, about what, for how long, how often. */

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ api: 'public', env: { AIRBYTE_MAX_IN_FLIGHT: '1' } });
});
afterAll(() => harness.stop());
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

const provision = (component: string) =>
  harness.run('provision', { component, sourceName: 'orders' });

test('a call without an answer names the entity, the time and the tries', async () => {
  await harness.fault({ operation: 'createSource', hang: 'before', times: 0 });
  const { status, result } = await provision('hangs');
  expect(status).toBe('FAILED');
  expect(result).toMatch(
    /Airbyte (gave no answer to POST \/sources for the source "orders" within \S+ m?s|had given no answer to POST \/sources for the source "orders" after \S+ m?s, when the time for this step was up) \(tried \d+ times\)\./,
  );
});

test('a connection that breaks names them too', async () => {
  await harness.fault({ operation: 'createSource', reset: 'before', times: 0 });
  const { result } = await provision('breaks');
  expect(result).toMatch(
    /Airbyte could not be reached or hung up \(.+\) at POST \/sources for the source "orders" \(tried \d+ times\)\./,
  );
});

const ended = (how: 'SCHEDULE_TO_START' | 'SCHEDULE_TO_CLOSE' | 'HEARTBEAT') =>
  explain(
    new ActivityFailure(
      'activity failed',
      'putSource',
      '5',
      'TIMEOUT',
      'worker',
      new TimeoutFailure('activity timeout', undefined, how),
    ),
  ).problem;

test('a step that never began says so, and one whose worker ended too', () => {
  expect(ended('SCHEDULE_TO_START')).toBe(
    'The step putSource never began: no worker was free for it in time.',
  );
  expect(ended('HEARTBEAT')).toBe(
    'The step putSource was broken off: its worker ended, or was cut off from Temporal.',
  );
  expect(ended('SCHEDULE_TO_CLOSE')).toBe(
    'The step putSource did not end in time (activity timeout).',
  );
});
