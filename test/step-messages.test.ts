import { ActivityFailure, TimeoutFailure } from '@temporalio/common';
import { notDone } from '../src/airbyte/errors';
import { explain } from '../workflows/run/failure';
import { accessOf } from './support/access';
import { eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

/* What a step that ended tells: which call, about what, for how long, how often. */

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({
    api: 'public',
    simulator: { edition: 'enterprise' },
    env: { AIRBYTE_MAX_IN_FLIGHT: '1' },
  });
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

test('a look for what an answer that got lost has brought is no try', async () => {
  // The step gives up while the lost write may still come about; the undo waits until it may not.
  const waits = await startHarness({
    api: 'public',
    env: { AIRBYTE_GIVE_UP_AFTER: '6s', AIRBYTE_SETTLE_TIME: '12s' },
  });
  try {
    await waits.fault({ operation: 'createSource', reset: 'before', times: 1 });
    const run = await waits.run('provision', { component: 'lost', sourceName: 'orders' });
    expect(run.result).toMatch(/at POST \/sources for the source "orders"\.$/m);
    expect((await waits.calls('createSource')).length).toBe(1);
  } finally {
    await waits.stop();
  }
});

const answers = (fault: object) => ({ operation: 'createSource', times: 0, ...fault });
const SOURCE = 'POST /sources for the source "orders"';

test.each([
  ['503', answers({ status: 503 }), `Airbyte answered 503 to ${SOURCE}`],
  ['422', answers({ status: 422 }), `Airbyte answered 422 to ${SOURCE}`],
  [
    'a web page',
    answers({ status: 200, html: true }),
    `Airbyte answered ${SOURCE} with a web page`,
  ],
  [
    'no JSON',
    answers({ status: 200, body: 'odd' }),
    `Airbyte's answer to ${SOURCE} was cut off or is not JSON`,
  ],
  [
    'odd JSON',
    answers({ status: 200, body: { odd: true } }),
    `Airbyte's answer to ${SOURCE} has another form than expected`,
  ],
])('an answer that is %s names them', async (_what, fault, words) => {
  await harness.fault(fault);
  const { status, result } = await provision('answered');
  expect(status).toBe('FAILED');
  expect(result).toContain(words);
});

test('a tag that Airbyte refuses is named', async () => {
  await harness.fault({ operation: 'createTag', status: 422 });
  const { result } = await harness.run('provision', {
    component: 'tagged',
    connection: { tags: ['finance'] },
  });
  expect(result).toContain('Airbyte answered 422 to POST /tags for the tag "finance"');
});

test('whom a grant, a look and a revocation were about is named', async () => {
  const access = accessOf(harness);
  const ALICE = 'user:alice@foo.bar';
  const refused = async (operation: string, refs: string[]) => {
    await harness.fault({ operation, status: 422 });
    return (await access.update(refs)).result;
  };
  expect(await refused('createPermission', [ALICE, 'group:devs'])).toContain(
    `Airbyte answered 422 to POST /permissions for ${ALICE}`,
  );
  expect(await refused('createGroupPermission', [ALICE, 'group:devs'])).toMatch(
    /Airbyte answered 422 to POST \/groups\/\S+\/permissions for group:devs/,
  );
  expect(await refused('listPermissions', [ALICE])).toContain(
    `Airbyte answered 422 to GET /permissions for ${ALICE}`,
  );
  await access.update([ALICE]);
  expect(await refused('deletePermission', [])).toMatch(
    /Airbyte answered 422 to DELETE \/permissions\/\S+ for user:alice@foo\.bar/,
  );
  await access.forget();
});

test('a step whose worker is gone until its time is up names its entity', async () => {
  const silent = await startHarness({
    api: 'public',
    env: { AIRBYTE_REQUEST_TIMEOUT: '1m', AIRBYTE_GIVE_UP_AFTER: '5s' },
  });
  try {
    await silent.fault({ operation: 'createSource', hang: 'before', times: 0 });
    const token = await silent.start('provision', { component: 'silent', sourceName: 'orders' });
    const isAsked = async () => (await silent.calls('createSource'))[0];
    await eventually(isAsked, 'the creation');
    await silent.worker()?.end('SIGKILL');
    const isOver = async () =>
      (await silent.client.workflow.getHandle(token).fetchHistory()).events?.find(
        (event) => event.activityTaskTimedOutEventAttributes,
      );
    await eventually(isOver, 'the end of the step');
    await silent.clearFaults();
    await silent.startWorker();
    const { result } = await silent.finished(token);
    expect(result).toContain('The step putSource (Source orders) did not end in time');
  } finally {
    await silent.stop();
  }
});

test('a step whose time is up in between calls names the last one', () => {
  const call = { method: 'GET', path: '/permissions', writes: false, about: 'user:a@foo.bar' };
  expect(notDone('giveAccess', call, new Error('late')).message).toBe(
    'The time for the step giveAccess was up before all of it was done; the last call was GET /permissions for user:a@foo.bar.',
  );
  expect(notDone('giveAccess', undefined, new Error('late')).message).toBe(
    'The time for the step giveAccess was up before all of it was done.',
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
