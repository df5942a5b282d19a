import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ROOT } from '../scripts/child';

const run = promisify(execFile);

const good = {
  AIRBYTE_URL: 'http://192.0.2.1:8000',
  AIRBYTE_WORKSPACE_ID: '5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6',
};
const snowflake = {
  SNOWFLAKE_HOST: 'h.snowflakecomputing.com',
  SNOWFLAKE_ROLE: 'r',
  SNOWFLAKE_WAREHOUSE: 'w',
  SNOWFLAKE_USER: 'u',
};

const Failed = z.object({ stderr: z.string() });

/** What the check, or another program, says; empty when it has nothing against the variables. */
const said = (env: Record<string, string>, program = 'settings-check') =>
  run(process.execPath, [path.join(ROOT, 'dist', 'src', `${program}.js`)], { env }).then(
    () => '',
    (err: unknown) => Failed.parse(err).stderr,
  );

test('settings that can be worked with are not remarked upon', async () => {
  expect(await said(good)).toBe('');
});

test('what is wrong with the gateway and the worker is said at once', async () => {
  const text = await said({ AIRBYTE_URL: 'nowhere', KEEP_ALIVE: 'long' });
  expect(text).toContain('KEEP_ALIVE');
  expect(text).toContain('AIRBYTE_WORKSPACE_ID is required');
  expect(text).toContain('AIRBYTE_URL must be an http(s) URL');
});

test.each([
  ['settings-check', { TEMPORAL_ADDRESS: 'http://temporal:7233' }, 'TEMPORAL_ADDRESS must be'],
  ['server', { TEMPORAL_ADDRESS: 'http://temporal:7233' }, 'TEMPORAL_ADDRESS must be'],
  ['worker', { TEMPORAL_ADDRESS: 'http://temporal:7233' }, 'TEMPORAL_ADDRESS must be'],
  ['worker', { TEMPORAL_CONFIG_FILE: '/none' }, 'TEMPORAL_CONFIG_FILE must name a file'],
])('what %s says of a bad %j is one line', async (program, env, problem) => {
  const text = await said({ ...good, ...snowflake, SNOWFLAKE_PASSWORD: 'p', ...env }, program);
  expect(text.split('\n')).toEqual([expect.stringContaining(problem), '']);
});

test.each([
  [
    'http://localhost:8000',
    'the container itself: for an Airbyte on this machine write http://host',
  ],
  ['http://nowhere.invalid', 'AIRBYTE_URL, nowhere.invalid, is not found'],
])('an Airbyte at %s is not to be reached', async (url, reason) => {
  expect(await said({ ...good, AIRBYTE_URL: url })).toContain(reason);
});

test('a key file that cannot be read is named', async () => {
  const key = { SNOWFLAKE_PRIVATE_KEY_FILE: '/secrets/none' };
  expect(await said({ ...good, ...snowflake, ...key })).toContain('/secrets/none, cannot be read');
});
