import { counts, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

let harness: Harness;
beforeAll(async () => {
  // A run that is stuck stays so until the test ends it.
  harness = await startHarness({ env: { AIRBYTE_GIVE_UP_AFTER: '80s' } });
});
afterAll(() => harness.stop());
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

const remove = (token: string) => harness.call('DELETE', `/v1/provision/${token}`);

/** The end of a run as the Coordinator polls for it, and each status on the way. */
const statusesUntilEnd = async (token: string) => {
  const seen = new Set<string>();
  const last = await eventually(async () => {
    const status = await harness.status(token);
    seen.add(status.status);
    return ['RUNNING', 'TERMINATING'].includes(status.status) ? undefined : status;
  }, `the end of ${token}`);
  return { seen: [...seen], last };
};

/** A provision that has made source and destination, and tries its connection in vain. */
const stuckProvision = async (component: string) => {
  await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
  const token = await harness.start('provision', { component });
  await eventually(
    async () => (await harness.calls('createConnection')).length > 0 || undefined,
    'the connection step',
  );
  return token;
};

test('a running provision is terminated: 202, TERMINATING, undone, TERMINATED', async () => {
  const token = await stuckProvision('stuck');
  // Compensation goes on until the fault is gone, so that TERMINATING is there to be seen.
  await harness.fault({ operation: 'deleteSource', status: 503, times: 0 });
  const answer = await remove(token);
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 202, text: '' });
  await eventually(
    async () => (await harness.calls('deleteSource')).length > 0 || undefined,
    'the first undo',
  );
  expect((await harness.status(token)).status).toBe('TERMINATING');
  expect((await remove(token)).status).toBe(202);
  await harness.clearFaults();
  const { seen, last } = await statusesUntilEnd(token);
  expect(seen).not.toContain('RUNNING');
  expect(last.status).toBe('TERMINATED');
  expect(last.result).toContain('The run was ended by a DELETE of its token.');
  const { memo } = await harness.client.workflow.getHandle(token).describe();
  expect(memo?.phase).toBe('Ended by a DELETE');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);

  const late = await remove(token);
  expect(late.status).toBe(200);
  expect(late.json()).toEqual(await harness.status(token));
});

test('a last step that succeeds all the same does not save a terminated run', async () => {
  await harness.fault({ operation: 'createConnection', delay: 300 });
  const token = await harness.start('provision', { component: 'last' });
  await eventually(
    async () => (await harness.calls('createConnection')).length > 0 || undefined,
    'the connection step',
  );
  expect((await remove(token)).status).toBe(202);
  const { last } = await statusesUntilEnd(token);
  expect(last.status).toBe('TERMINATED');
  expect((await harness.calls('createConnection')).map(({ status }) => status)).toEqual([200]);
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('without a worker a terminated run is TERMINATING, and TERMINATED once one comes', async () => {
  const token = await stuckProvision('no-worker');
  await harness.worker()?.end('SIGKILL');
  expect((await harness.status(token)).status).toBe('RUNNING');
  expect((await remove(token)).status).toBe(202);
  expect((await remove(token)).status).toBe(202);
  expect((await harness.status(token)).status).toBe('TERMINATING');
  await harness.clearFaults();
  await harness.startWorker();
  expect((await statusesUntilEnd(token)).last.status).toBe('TERMINATED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test("an operator's cancel is not told as a termination, with a worker or without", async () => {
  const token = await stuckProvision('cancelled');
  await harness.worker()?.end('SIGKILL');
  await harness.client.workflow.getHandle(token).cancel();
  expect((await harness.status(token)).status).toBe('RUNNING');
  await harness.clearFaults();
  await harness.startWorker();
  const { seen, last } = await statusesUntilEnd(token);
  expect(seen).not.toContain('TERMINATING');
  expect(last.status).toBe('FAILED');
});

test('a run that has ended answers 200 with how it ended', async () => {
  const completed = await harness.start('provision');
  await harness.finished(completed);
  const answer = await remove(completed);
  expect({ status: answer.status, json: answer.json() }).toEqual({
    status: 200,
    json: await harness.status(completed),
  });
  await harness.fault({ operation: 'deleteDestination', status: 403, times: 0 });
  const failed = await harness.start('unprovision');
  await harness.finished(failed);
  expect((await remove(failed)).json()).toMatchObject({ status: 'FAILED' });
});

test('the same request after a termination starts anew under the same token', async () => {
  const token = await stuckProvision('anew');
  await remove(token);
  expect((await statusesUntilEnd(token)).last.status).toBe('TERMINATED');
  await harness.clearFaults();
  expect(await harness.start('provision', { component: 'anew' })).toBe(token);
  expect((await statusesUntilEnd(token)).last.status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
});
