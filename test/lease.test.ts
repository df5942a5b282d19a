import { counts, eventually, leaseId, startHarness } from './support/harness';
import type { Harness } from './support/harness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({
    env: { AIRBYTE_GIVE_UP_AFTER: '90s' },
  });
});
afterAll(() => harness.stop());
beforeEach(() => harness.resetAirbyte());

const leaseOf = (component: string) =>
  harness.client.workflow.getHandle(leaseId(harness, component));

/** A run that has the component and repeats its first write until the fault is lifted. */
const holding = async (component: string) => {
  await harness.fault({ operation: 'createSource', status: 503, times: 0 });
  const token = await harness.start('provision', { component });
  await eventually(
    async () => (await harness.calls('createSource')).length > 0 || undefined,
    'the creation of the source',
  );
  return token;
};

const waitsFor = (token: string, holder: string) =>
  eventually(async () => {
    const { result } = await harness.status(token);
    return result === `Waiting for ${holder}, which comes first` || undefined;
  }, `${token} to wait for ${holder}`);

/** What it asked the worker to do, of which a run that only waits has nothing. */
const stepsOf = async (token: string) => {
  const { events = [] } = await harness.client.workflow.getHandle(token).fetchHistory();
  return (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes);
};

test('twenty requests for one component at once run one after the other and leave one of each, or none', async () => {
  const requests = Array.from({ length: 20 }, (_, index) =>
    index % 3 === 2
      ? harness.start('unprovision', {}, { removeData: index % 2 === 0 })
      : harness.start('provision', { connection: { prefix: `p${String(index)}_` } }),
  );
  const tokens = [...new Set(await Promise.all(requests))];
  expect(tokens).toHaveLength(16);
  const statuses = await Promise.all(tokens.map((token) => harness.finished(token)));
  expect(statuses.map(({ status }) => status)).toEqual(tokens.map(() => 'COMPLETED'));
  const left = counts(await harness.entities());
  expect([
    [0, 0, 0],
    [1, 1, 1],
  ]).toContainEqual(left);

  const closed = await Promise.all(
    tokens.map(async (token) => {
      const { closeTime } = await harness.client.workflow.getHandle(token).describe();
      return { token, closeTime: closeTime?.getTime() ?? 0 };
    }),
  );
  const last = closed.sort((one, other) => one.closeTime - other.closeTime).at(-1)?.token ?? '';
  expect(left).toEqual(last.startsWith('provision') ? [1, 1, 1] : [0, 0, 0]);
});

test('the second run does nothing while the first has the component, and says for whom it waits', async () => {
  const first = await holding('payments');
  const second = await harness.start('unprovision');
  await waitsFor(second, first);
  expect(await stepsOf(second)).toEqual([]);
  expect((await leaseOf('payments').describe()).memo).toEqual({ holder: first });

  expect((await harness.run('unprovision', { component: 'other' })).status).toBe('COMPLETED');
  expect((await harness.status(second)).status).toBe('RUNNING');
  await harness.client.workflow.getHandle(first).cancel();
  expect((await harness.finished(first)).status).toBe('FAILED');
  expect((await harness.finished(second)).status).toBe('COMPLETED');
});

test('runs get the component in the order in which they came', async () => {
  const first = await holding('payments');
  const second = await harness.start('unprovision');
  await waitsFor(second, first);
  const third = await harness.start('provision', { connection: { prefix: 'third_' } });
  await waitsFor(third, second);
  await harness.clearFaults();
  await Promise.all([second, third].map((token) => harness.finished(token)));
  const { connections } = await harness.entities();
  expect(connections).toMatchObject([{ prefix: 'third_' }]);
});

test('a run that is terminated frees the component at once', async () => {
  const first = await holding('payments');
  const second = await harness.start('unprovision');
  await waitsFor(second, first);
  const before = Date.now();
  await harness.client.workflow.getHandle(first).terminate();
  expect((await harness.finished(second)).status).toBe('COMPLETED');
  // Sooner than a waiting run tries by itself, which is after 30 seconds.
  expect(Date.now() - before).toBeLessThan(25_000);
  // Temporal asks it to end once the run that holds it has ended.
  const ended = await eventually(async () => {
    const { status } = await leaseOf('payments').describe();
    return status.name === 'RUNNING' ? undefined : status.name;
  }, 'the end of the lease');
  expect(ended).toBe('COMPLETED');
});

test('a lease that somebody terminates does not keep the others waiting for ever', async () => {
  const first = await holding('payments');
  const second = await harness.start('unprovision');
  await waitsFor(second, first);
  await leaseOf('payments').terminate();
  expect((await harness.finished(second)).status).toBe('COMPLETED');
  await harness.client.workflow.getHandle(first).cancel();
  await harness.finished(first);
});

test('a waiting run can be cancelled, has done nothing, and does not hold up the next', async () => {
  const first = await holding('payments');
  const second = await harness.start('provision', { connection: { prefix: 'second_' } });
  await waitsFor(second, first);
  const third = await harness.start('unprovision');
  await waitsFor(third, second);
  await harness.client.workflow.getHandle(second).cancel();
  expect(await harness.finished(second)).toMatchObject({
    status: 'FAILED',
    result:
      'The component was not provisioned. An operator cancelled the run.\nWhat to do: Send the request again when it may go on.',
  });
  expect(await stepsOf(second)).toEqual([]);
  await harness.client.workflow.getHandle(first).cancel();
  expect((await harness.finished(third)).status).toBe('COMPLETED');
});
