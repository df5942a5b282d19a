import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { startHarness } from './support/harness';
import type { Harness } from './support/harness';

/* The service `demo` of docker-compose.yml. */

const run = promisify(execFile);
const Failed = z.object({ stdout: z.string(), stderr: z.string() });

const folder = mkdtempSync(path.join(tmpdir(), 'provisioner-demo-'));
let harness: Harness;
beforeAll(async () => {
  copyFileSync(path.join(ROOT, 'scripts', 'compose-demo.mjs'), path.join(folder, 'show.mjs'));
  copyFileSync(path.join(ROOT, 'examples', 'cashflow.yaml'), path.join(folder, 'cashflow.yaml'));
  harness = await startHarness({ env: { BASE_PATH: '/base' } });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await harness.stop();
});

/** What the demo says, and whether it fails. */
const play = async (variables: Record<string, string> = {}) => {
  const env = {
    GATEWAY: harness.gateway().found,
    GATEWAY_LINK: 'http://localhost:1/base',
    TEMPORAL_UI_LINK: 'http://localhost:2',
    SIMULATOR_LINK: 'http://localhost:3',
    ...variables,
  };
  return run(process.execPath, [path.join(folder, 'show.mjs')], { env }).then(
    ({ stdout }) => ({ said: stdout, failed: false }),
    (err: unknown) => {
      const { stdout, stderr } = Failed.parse(err);
      return { said: stdout + stderr, failed: true };
    },
  );
};

test('the demo says how its run ended, and where all of it is seen', async () => {
  const { said, failed } = await play();
  expect(said).toContain('COMPLETED: The connection "Bank bookings to warehouse" is in place.');
  expect(failed).toBe(false);
  const [, token = ''] = /workflows\/(provision\.\S+)/.exec(said) ?? [];
  expect((await harness.status(token)).status).toBe('COMPLETED');
  expect(said.match(/http:\S+/g)).toEqual([
    `http://localhost:2/namespaces/default/workflows/${token}`,
    'http://localhost:2/namespaces/default/workflows',
    'http://localhost:1/base/docs/',
    `http://localhost:1/base/v1/provision/${token}/status`,
    'http://localhost:3/_simulator/entities',
  ]);
});

test('the demo fails where its run does', async () => {
  await harness.fault({ operation: '*', status: 403, times: 0 });
  const { said, failed } = await play();
  await harness.clearFaults();
  expect(failed).toBe(true);
  expect(said).toMatch(/FAILED: .*Airbyte/);
});

test('the demo writes to no Airbyte but the simulated one', async () => {
  const entities = await harness.entities();
  const { said, failed } = await play({ AIRBYTE_URL: 'https://airbyte.example.com' });
  expect(failed).toBe(true);
  expect(said).toContain('AIRBYTE_URL is https://airbyte.example.com');
  expect(said).toContain('start without --profile demo');
  expect(await harness.entities()).toEqual(entities);
  expect((await play({ AIRBYTE_URL: 'http://simulator:8000' })).failed).toBe(false);
});

test('the demo names a gateway that does not answer, and what to look at', async () => {
  const { said, failed } = await play({ GATEWAY: 'http://127.0.0.1:1' });
  expect(failed).toBe(true);
  expect(said).toMatch(/^http:\/\/127\.0\.0\.1:1\/v1\/provision does not answer: \w/);
  expect(said).toContain('docker compose logs gateway');
});
