import { counts, startHarness } from './support/harness';
import type { Harness } from './support/harness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ env: { AIRBYTE_GIVE_UP_AFTER: '80s' } });
});
afterAll(() => harness.stop());
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

/** In each the job has ended, in 300 ms, before it is looked at again. */
test.each([
  ['while Airbyte did not answer', { operation: 'getJob', status: 503, times: 4 }],
  ['and the answer to its start was lost', { operation: 'createJob', hang: 'after' }],
  ['and is done late, after its start was given up', { operation: 'createJob', commitLater: 700 }],
])('a clearing that ends %s is not started again', async (_when, fault) => {
  await harness.run('provision');
  await harness.fault(fault);
  const { status } = await harness.run('unprovision', {}, { removeData: true });
  expect(status).toBe('COMPLETED');
  expect((await harness.entities()).jobs).toMatchObject([{ jobType: 'clear' }]);
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('a clearing of an earlier run is not taken for one of this run', async () => {
  await harness.run('provision');
  for (const operation of ['deleteConnection', 'deleteSource', 'deleteDestination'])
    await harness.fault({ operation, status: 403 });
  const remove = () => harness.run('unprovision', {}, { removeData: true });
  expect((await remove()).status).toBe('FAILED');
  expect((await remove()).status).toBe('COMPLETED');
  const { jobs } = await harness.entities();
  expect(jobs.map(({ jobType }) => jobType)).toEqual(['clear', 'clear']);
});

/** Seconds that Temporal gives a step of a run, all its attempts together. */
const timeOf = async (token: string, step: string) => {
  const { events } = await harness.client.workflow.getHandle(token).fetchHistory();
  const [scheduled] = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: given }) =>
    given?.activityType?.name === step ? given : [],
  );
  return Number(scheduled?.scheduleToCloseTimeout?.seconds);
};

test('a clearing may take a day, as a first sync may; its start no longer than any step', async () => {
  await harness.run('provision');
  const token = await harness.start('unprovision', {}, { removeData: true });
  expect((await harness.finished(token)).status).toBe('COMPLETED');
  expect(await timeOf(token, 'startClear')).toBe(80);
  expect(await timeOf(token, 'followClear')).toBe(24 * 3600);
});
