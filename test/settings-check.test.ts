import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { createAuthority } from './support/certificates';

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

/* With a configuration file. */

const folder = mkdtempSync(path.join(os.tmpdir(), 'settings-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const at = (name: string) => path.join(folder, name);

const written = (name: string, parts: object) => {
  writeFileSync(
    at(name),
    stringify({
      environments: {
        development: {
          airbyte: {
            url: 'http://192.0.2.1:8000',
            workspaceId: good.AIRBYTE_WORKSPACE_ID,
            auth: 'none',
          },
        },
      },
      teams: { finance: { domains: ['finance'], environments: ['development'] } },
      ...parts,
    }),
  );
  return { PROVISIONER_CONFIG: at(name), FINGERPRINT_KEY: 'stays', HOST: '0.0.0.0' };
};

const TOKENS = {
  mode: 'tokens',
  tokens: [{ name: 'ci', sha256: 'a'.repeat(64), roles: ['reader'], teams: ['finance'] }],
};

const authority = createAuthority(folder, 'us');
const put = (name: string, text: string) => {
  writeFileSync(at(name), text);
  return at(name);
};
const { cert, key } = authority.issue();
const tls = { certFile: put('tls.crt', cert), keyFile: put('tls.key', key) };
mkdirSync(at('keys'));
put('keys/2026-11', 'ab'.repeat(32));
const encryption = { keysDir: at('keys'), current: '2026-11' };

test('a file that both can work with is not remarked upon, and needs no variable of Airbyte', async () => {
  const env = written('good.yaml', { gateway: { auth: TOKENS, tls }, encryption });
  expect(await said(env)).toBe('');
});

test.each([
  [
    'lets in whoever reaches the gateway, and does not say so',
    { gateway: { auth: { mode: 'none' } } },
    'gateway.auth.mode: is none, so whoever reaches 0.0.0.0 (HOST) may do everything',
  ],
  [
    'names a certificate that is not there',
    { gateway: { auth: TOKENS, tls: { ...tls, certFile: '/none' } } },
    'gateway.tls.certFile: /none cannot be read (ENOENT)',
  ],
  [
    'names a certificate that has expired',
    {
      gateway: {
        auth: TOKENS,
        tls: { certFile: put('old.crt', authority.issue({ days: -1 }).cert), keyFile: tls.keyFile },
      },
    },
    'gateway.tls.certFile: has a certificate that has expired',
  ],
  [
    'names a key that is not there',
    { gateway: { auth: TOKENS }, encryption: { ...encryption, current: '2027-01' } },
    'has no key 2027-01',
  ],
  [
    'is wrong in itself',
    {
      gateway: { auth: TOKENS },
      teams: { finance: { domains: ['finance'], environments: ['moon'] } },
    },
    'teams.finance.environments',
  ],
])('a file that %s is not', async (_what, parts, problem) => {
  expect(await said(written('bad.yaml', parts))).toContain(problem);
});

test('all that is wrong beside the file is said with it', async () => {
  const env = written('worse.yaml', {
    gateway: { auth: { mode: 'none' }, tls: { ...tls, keyFile: '/none' } },
    encryption: { ...encryption, keysDir: '/none' },
  });
  const text = await said({ ...env, ...good, FINGERPRINT_KEY: '', TEMPORAL_ADDRESS: 'http://t' });
  for (const problem of [
    'gateway.auth.mode: is none',
    'gateway.tls.keyFile: /none cannot be read',
    'The keys in /none cannot be read',
    'must not be set: AIRBYTE_URL, AIRBYTE_WORKSPACE_ID',
    'TEMPORAL_ADDRESS must be',
  ])
    expect(text).toContain(problem);
});

test('a gateway of this machine only may ask nobody who he is', async () => {
  const env = written('local.yaml', { gateway: { auth: { mode: 'none' } } });
  expect(await said({ ...env, HOST: '127.0.0.1' })).toBe('');
});
