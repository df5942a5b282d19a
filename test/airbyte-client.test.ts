import { counts, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.stop();
  harness = undefined;
});

const begin = async (...options: Parameters<typeof startHarness>) => {
  harness = await startHarness(...options);
  return harness;
};

const noOAuth = { AIRBYTE_CLIENT_ID: '', AIRBYTE_CLIENT_SECRET: '' };

test.each([
  ['basic', { ...noOAuth, AIRBYTE_USERNAME: 'airbyte', AIRBYTE_PASSWORD: 'password' }],
  ['none', noOAuth],
] as const)('works where Airbyte wants %s authentication', async (auth, env) => {
  const { run, entities, calls } = await begin({ simulator: { auth }, env });
  expect((await run('provision')).status).toBe('COMPLETED');
  expect(counts(await entities())).toEqual([1, 1, 1]);
  expect((await calls('createAccessToken')).length).toBe(0);
});

test('says that basic credentials are refused, and not what they are', async () => {
  const env = { ...noOAuth, AIRBYTE_USERNAME: 'airbyte', AIRBYTE_PASSWORD: 'wrong-canary' };
  const { run, logs } = await begin({ simulator: { auth: 'basic' }, env });
  const status = await run('provision');
  expect(status.result).toContain('Airbyte answered 401');
  expect(status.result).toContain("check the provisioner's credentials for Airbyte");
  expect(JSON.stringify(status) + logs()).not.toContain('wrong-canary');
});

test('asks for one token, however many calls wait for it, and keeps it', async () => {
  const { run, calls } = await begin({ simulator: { latency: 50 } });
  await Promise.all(['a', 'b', 'c', 'd'].map((component) => run('provision', { component })));
  await run('unprovision', { component: 'a' });
  expect((await calls('createAccessToken')).length).toBe(1);
});

test('asks for a new token before the old one ends', async () => {
  const { run, calls } = await begin({ simulator: { tokenLifetime: 6 } });
  await eventually(async () => {
    await run('provision');
    return (await calls('createAccessToken')).length > 1 || undefined;
  }, 'a second token');
  expect((await calls()).filter(({ status }) => status === 401)).toEqual([]);
});

test('has at most three calls in flight', async () => {
  const { run, control } = await begin({ simulator: { latency: 30 } });
  const components = Array.from({ length: 8 }, (_, index) => `c${String(index)}`);
  await Promise.all(components.map((component) => run('provision', { component })));
  expect(await control('GET', '/requests')).toMatchObject({ maxInFlight: 3 });
});

test('an answer of another form than the API says ends the run, and what it made is removed', async () => {
  const { fault, run, entities } = await begin();
  await fault({ operation: 'createSource', status: 200, commit: true, body: { id: 'novel' } });
  const status = await run('provision');
  expect(status.result).toContain(
    'Airbyte\'s answer to POST /sources for the source "Payments CSV" has another form than expected (sourceId,',
  );
  expect(counts(await entities())).toEqual([0, 0, 0]);
});
