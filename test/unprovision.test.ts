import { counts, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());
afterEach(() => harness.resetAirbyte());

const COMPONENT = 'urn:dmb:cmp:finance:cashflow:0:payments';

const enriched = (privateInfo: unknown) =>
  JSON.stringify({ components: [{ id: COMPONENT, info: { publicInfo: {}, privateInfo } }] });

test('removes the pipeline by its ids with at most nine calls', async () => {
  const { info } = await harness.run('provision');
  await harness.forgetCalls();
  const latestEnrichedDescriptor = enriched(info?.privateInfo);
  const status = await harness.run('unprovision', {}, { latestEnrichedDescriptor });
  expect(status).toMatchObject({
    status: 'COMPLETED',
    result: 'Nothing of the component is left in Airbyte.',
    info: { privateInfo: {} },
  });
  expect((await harness.calls()).length).toBeLessThanOrEqual(9);
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('finds the pipeline by name when it knows no ids', async () => {
  await harness.run('provision');
  expect((await harness.run('unprovision')).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test("does not believe ids that are another component's", async () => {
  const theirs = await harness.run('provision', { component: 'theirs' });
  await harness.run('provision');
  const latestEnrichedDescriptor = enriched(theirs.info?.privateInfo);
  await harness.run('unprovision', {}, { latestEnrichedDescriptor });
  const { connections } = await harness.entities();
  expect(connections.map(({ connectionId }) => connectionId)).toEqual([
    theirs.info?.privateInfo.connectionId,
  ]);
});

test('is done at once when there is nothing, again or from the start', async () => {
  await harness.run('provision');
  await harness.run('unprovision');
  await harness.forgetCalls();
  expect((await harness.run('unprovision')).status).toBe('COMPLETED');
  expect((await harness.run('unprovision', { component: 'never' })).status).toBe('COMPLETED');
  expect((await harness.calls()).filter(isWrite)).toEqual([]);
});

test('a descriptor broken in its specific part still removes the pipeline', async () => {
  await harness.run('provision');
  const status = await harness.run('unprovision', { url: 'not a URL', connection: { name: 7 } });
  expect(status.status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('with removeData the data is cleared first', async () => {
  await harness.run('provision');
  const status = await harness.run('unprovision', {}, { removeData: true });
  expect(status.status).toBe('COMPLETED');
  expect(status.logs?.map(({ message }) => message)).toContain(
    'Cleared the data in the destination',
  );
  const { jobs } = await harness.entities();
  expect(jobs).toMatchObject([{ jobType: 'clear', status: 'succeeded' }]);
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('data that cannot be cleared keeps the pipeline, so that the same request can go on', async () => {
  await harness.run('provision');
  await harness.fault({ operation: 'createJob', status: 403 });
  const failed = await harness.run('unprovision', {}, { removeData: true });
  expect(failed.status).toBe('FAILED');
  expect(failed.result).toContain('Left behind in Airbyte: the connection "Payments CSV');
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
  const again = await harness.run('unprovision', {}, { removeData: true });
  expect(again.status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('one delete that fails does not stop the others; the same request removes the rest', async () => {
  await harness.run('provision');
  await harness.fault({ operation: 'deleteDestination', status: 403 });
  const failed = await harness.run('unprovision');
  expect(failed.status).toBe('FAILED');
  expect(failed.result).toMatch(/Left behind in Airbyte: the destination "Snowflake \[.*\]"\./);
  const { destinations } = await harness.entities();
  expect(failed.info?.privateInfo.destinationId).toBe(destinations[0]?.destinationId);
  expect(counts(await harness.entities())).toEqual([0, 1, 0]);
  expect((await harness.run('unprovision')).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('a connection that goes with its source is not called left behind', async () => {
  await harness.run('provision');
  await harness.fault({ operation: 'deleteConnection', status: 403, times: 0 });
  expect((await harness.run('unprovision')).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('a run that could not look says that nothing was deleted', async () => {
  await harness.run('provision');
  await harness.fault({ operation: 'listSources', status: 403 });
  const status = await harness.run('unprovision');
  expect(status.result).toContain(
    'Left behind in Airbyte: whatever was there, as nothing was deleted.',
  );
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
});

test('the data of a paused connection is cleared too', async () => {
  const { info } = await harness.run('provision');
  const id = String(info?.privateInfo.connectionId);
  await harness.airbyte('PATCH', `/connections/${id}`, { status: 'inactive' });
  const status = await harness.run('unprovision', {}, { removeData: true });
  expect(status.status).toBe('COMPLETED');
  const { jobs } = await harness.entities();
  expect(jobs).toMatchObject([{ jobType: 'clear', status: 'succeeded' }]);
});

test.each(['deleteConnection', 'deleteSource', 'deleteDestination'])(
  'a %s that only says it deleted is not believed',
  async (operation) => {
    await harness.run('provision');
    await harness.fault({ operation, lie: true, times: 2 });
    expect((await harness.run('unprovision')).status).toBe('COMPLETED');
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  },
);

test('a deployment after a removal makes a new pipeline under the same token', async () => {
  const token = await harness.start('provision');
  await harness.finished(token);
  await harness.run('unprovision');
  expect(await harness.start('provision')).toBe(token);
  expect((await harness.finished(token)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
});
