import { z } from 'zod';
import { counts, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

/** Milliseconds after the call at which Airbyte does what nobody waits for any more. */
const LATE = 31_000;

const harnesses: Harness[] = [];
afterAll(() => Promise.all(harnesses.map((harness) => harness.stop())));

const begin = async (env: Record<string, string>) => {
  const harness = await startHarness({ env: { AIRBYTE_GIVE_UP_AFTER: '3m', ...env } });
  harnesses.push(harness);
  return harness;
};

/** Callers give up after a second, so that Airbyte is thirty seconds late. */
const LATE_AIRBYTE = { AIRBYTE_REQUEST_TIMEOUT: '1s', AIRBYTE_SETTLE_TIME: '45s' };

const CREATIONS = ['createSource', 'createDestination', 'createConnection'];

/** Each creation is asked for once, as what comes of it is adopted. */
const adopted = async () => {
  const harness = await begin(LATE_AIRBYTE);
  for (const operation of CREATIONS) await harness.fault({ operation, commitLater: LATE });
  const { status } = await harness.run('provision');
  const calls = await Promise.all(CREATIONS.map((operation) => harness.calls(operation)));
  return [status, counts(await harness.entities()), calls.map(({ length }) => length)];
};

/** Nobody wants the connection any more when it comes. */
const removed = async () => {
  const harness = await begin(LATE_AIRBYTE);
  await harness.fault({ operation: 'createConnection', commitLater: LATE });
  const token = await harness.start('provision');
  await eventually(
    async () => (await harness.calls('createConnection')).length > 0 || undefined,
    'the connection step',
  );
  expect((await harness.call('DELETE', `/v1/provision/${token}`)).status).toBe(202);
  const { status, result } = await eventually(async () => {
    const seen = await harness.status(token);
    return seen.status === 'TERMINATING' ? undefined : seen;
  }, `the end of ${token}`);
  expect(result).toContain('the connection "Payments CSV <> Snowflake" (deleted)');
  return [
    status,
    counts(await harness.entities()),
    (await harness.calls('createConnection')).length,
  ];
};

test('what Airbyte creates thirty seconds after its caller gave up is adopted, or removed', async () => {
  expect(await Promise.all([adopted(), removed()])).toEqual([
    ['COMPLETED', [1, 1, 1], [1, 1, 1]],
    ['TERMINATED', [0, 0, 0], 1],
  ]);
}, 240_000);

const hasAsked = (harness: Harness, operation: string) =>
  eventually(
    async () => (await harness.calls(operation)).length > 0 || undefined,
    `a call of ${operation}`,
  );

const Faults = z.object({ late: z.number() });

test('an update that comes late does not come over that of the next run', async () => {
  const harness = await begin({ AIRBYTE_REQUEST_TIMEOUT: '500ms', AIRBYTE_SETTLE_TIME: '3s' });
  await harness.run('provision');
  await harness.fault({ operation: 'putSource', commitLater: 3000 });
  const second = await harness.start('provision', { url: 'https://files.example.invalid/2.csv' });
  await hasAsked(harness, 'putSource');
  const third = await harness.start('provision', { url: 'https://files.example.invalid/3.csv' });
  for (const token of [second, third])
    expect((await harness.finished(token)).status).toBe('COMPLETED');
  await eventually(async () => {
    const { late } = Faults.parse(await harness.control('GET', '/faults'));
    return late === 0 || undefined;
  }, 'the late update');
  const { sources } = await harness.entities();
  expect(sources).toMatchObject([
    { configuration: { url: 'https://files.example.invalid/3.csv' } },
  ]);
});

test('a creation under way is awaited before anything is undone', async () => {
  const harness = await begin({ AIRBYTE_REQUEST_TIMEOUT: '20s', AIRBYTE_SETTLE_TIME: '200ms' });
  await harness.fault({ operation: 'createSource', delay: 2000 });
  await harness.fault({ operation: 'createDestination', status: 422 });
  const { status, result } = await harness.run('provision');
  expect(status).toBe('FAILED');
  expect(result).toContain('Undone: the source "Payments CSV" (deleted)');
  expect((await harness.calls('createSource')).map((call) => call.status)).toEqual([200]);
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('a run that is cancelled while it discovers waits for nothing, as it has asked for nothing', async () => {
  const harness = await begin({ AIRBYTE_REQUEST_TIMEOUT: '60s', AIRBYTE_SETTLE_TIME: '20m' });
  await harness.fault({ operation: 'getStreamProperties', hang: 'before' });
  const token = await harness.start('provision');
  await hasAsked(harness, 'getStreamProperties');
  await harness.client.workflow.getHandle(token).cancel();
  const { status, result } = await harness.finished(token);
  expect(status).toBe('FAILED');
  expect(result).toContain('the source "Payments CSV" (deleted)');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});
