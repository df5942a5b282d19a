import { counts, eventually, startHarness } from './harness';
import type { Harness } from './harness';

/** Milliseconds after the call at which Airbyte does what nobody waits for any more. */
const LATE = 31_000;

const harnesses: Harness[] = [];
afterAll(() => Promise.all(harnesses.map((harness) => harness.stop())));

/** Callers give up after a second, so that Airbyte is thirty seconds late. */
const begin = async () => {
  const harness = await startHarness({
    env: {
      AIRBYTE_REQUEST_TIMEOUT: '1s',
      AIRBYTE_GIVE_UP_AFTER: '3m',
      AIRBYTE_SETTLE_TIME: '45s',
    },
  });
  harnesses.push(harness);
  return harness;
};

const CREATIONS = ['createSource', 'createDestination', 'createConnection'];

/** Each creation is asked for once, as what comes of it is adopted. */
const adopted = async () => {
  const harness = await begin();
  for (const operation of CREATIONS) await harness.fault({ operation, commitLater: LATE });
  const { status } = await harness.run('provision');
  const calls = await Promise.all(CREATIONS.map((operation) => harness.calls(operation)));
  return [status, counts(await harness.entities()), calls.map(({ length }) => length)];
};

/** Nobody wants the connection any more when it comes. */
const removed = async () => {
  const harness = await begin();
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
