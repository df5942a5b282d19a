import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { makeCertificates, startFront } from './support/temporal-front';
import type { Certificates } from './support/temporal-front';

/* A Temporal that takes calls over TLS only, from whom it knows: docs/install.md. */

const KEY = 'an-api-key-of-the-tests';

const folder = mkdtempSync(path.join(tmpdir(), 'temporal-tls-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates(folder);
});

const temporal = process.env.TEST_TEMPORAL_ADDRESS ?? '';

/** What gateway, worker and command line say when they use a Temporal behind such a front. */
const tryWith = async (env: Record<string, string>, apiKey?: string) => {
  const front = await startFront({ temporal, certificates, ...(apiKey && { apiKey }) });
  let harness: Harness | undefined;
  try {
    harness = await startHarness({
      env: {
        TEMPORAL_ADDRESS: front.address,
        TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.authority,
        ...env,
      },
      worker: false,
    });
    const { status } = await harness.call('GET', '/readyz');
    if (status !== 200) return { ready: status, taken: front.taken() };
    await harness.startWorker();
    const { status: ended } = await harness.run('provision');
    const { cli } = harness;
    const isListed = async () =>
      (await cli('runs', 'list')).stdout.includes('Completed') || undefined;
    await eventually(isListed, 'the run in the list of the command line');
    return { ready: status, ended, logs: harness.logs() };
  } finally {
    await harness?.stop();
    front.close();
  }
};

const expectWorked = (seen: Awaited<ReturnType<typeof tryWith>>) => {
  expect(seen).toMatchObject({ ready: 200, ended: 'COMPLETED' });
  expect(seen.logs).not.toContain(KEY);
};

test('a client certificate and its key are taken from files', async () => {
  const { cert, key } = certificates.client;
  expectWorked(
    await tryWith({ TEMPORAL_TLS_CLIENT_CERT_PATH: cert, TEMPORAL_TLS_CLIENT_KEY_PATH: key }),
  );
});

test('without a client certificate nothing gets through', async () => {
  expect(await tryWith({ TEMPORAL_TLS: 'true' })).toEqual({ ready: 503, taken: 0 });
});

test('an API key is taken from its variable', async () => {
  expectWorked(await tryWith({ TEMPORAL_API_KEY: KEY }, KEY));
});

test('an API key is taken from a profile in a file', async () => {
  const file = path.join(folder, 'temporal.toml');
  writeFileSync(file, `[profile.default]\napi_key = "${KEY}"\n`);
  expectWorked(await tryWith({ TEMPORAL_CONFIG_FILE: file }, KEY));
});

test('another API key does not get through', async () => {
  expect(await tryWith({ TEMPORAL_API_KEY: 'another' }, KEY)).toEqual({ ready: 503, taken: 0 });
});
