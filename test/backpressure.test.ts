import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { findFreePorts } from '../scripts/ports';
import { findCli, startTemporal } from '../scripts/temporal';
import type { Temporal } from '../scripts/temporal';
import { TO_CHANGE } from '../src/temporal/calls';
import { descriptor, request } from './support/fixtures';
import { eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

const CROWD = 1000;
/** Of them, those that are waited for. */
const COMPLETED = 150;
const MAX_IN_FLIGHT = 2;
/** Milliseconds: how fast it goes is the benchmark's to tell. */
const PATIENCE = 300_000;
/** MiB, twice what they were seen to take: enough for a slow machine, too little for a leak. */
const BOUNDS = { gateway: 450, worker: 850 };

let temporal: Temporal;
let harness: Harness;
beforeAll(async () => {
  // A server of its own: on the one that all tests share the others would wait.
  const [port = 0] = await findFreePorts(1);
  const logFile = path.join(os.tmpdir(), `provisioner-tests-temporal-${String(port)}.log`);
  temporal = await startTemporal({ cli: findCli(), port, logFile });
  const env = { AIRBYTE_MAX_IN_FLIGHT: String(MAX_IN_FLIGHT), AIRBYTE_GIVE_UP_AFTER: '10m' };
  harness = await startHarness({ temporal: temporal.address, env });
});
afterAll(async () => {
  await harness.stop();
  await temporal.stop();
});

const bodyOf = (component: string) =>
  request(descriptor({ environment: harness.environment, component }));

const workerUrl = () =>
  /"url":"([^"]+)","msg":"worker probes listen"/.exec(harness.logs())?.[1] ?? '';

const statusAt = async (url: string) => (await fetch(url)).status;

/** MiB of memory the process has. */
const residentOf = (pid: number) => {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
};

/** Asks for readiness, and looks at the memory, again and again until told to stop. */
const watch = () => {
  const seen = { gateway: new Set<number>(), worker: new Set<number>() };
  const peak = { gateway: 0, worker: 0 };
  const programs = {
    gateway: { url: `${harness.gateway().found}/readyz`, pid: harness.gateway().pid },
    worker: { url: `${workerUrl()}/readyz`, pid: harness.worker()?.pid ?? 0 },
  };
  let over = false;
  const watchOne = async (name: keyof typeof programs) => {
    while (!over) {
      seen[name].add(await statusAt(programs[name].url));
      peak[name] = Math.max(peak[name], residentOf(programs[name].pid));
      await pause(100);
    }
  };
  const watching = Promise.all([watchOne('gateway'), watchOne('worker')]);
  return async () => {
    over = true;
    await watching;
    return { seen, peak };
  };
};

/**
 * On a connection of its own: those of the crowd before are as old as the gateway keeps any, and a test
 * that is busy does not notice that one was closed.
 */
const postAlone = async (body: object) => {
  const response = await fetch(`${harness.gateway().found}/v1/provision`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(body),
  });
  return `${String(response.status)} ${await response.text()}`;
};

const toldSo: unknown = expect.stringMatching(/^500 .*could not hand the request to Temporal/);

const Calls = z.object({ maxInFlight: z.number() });

test('a thousand provisions at once all get their tokens, within bounds', async () => {
  const finish = watch();
  const answers = await Promise.all(
    Array.from({ length: CROWD }, (_, index) =>
      harness.post('/v1/provision', bodyOf(`c${String(index)}`)),
    ),
  );
  await eventually(
    async () => {
      const { connections } = await harness.entities();
      return connections.length >= COMPLETED || undefined;
    },
    `${String(COMPLETED)} pipelines`,
    PATIENCE,
  );
  const { seen, peak } = await finish();

  const refused = answers.filter(({ status }) => status !== 202);
  expect(new Set(refused.map(({ text }) => text))).toEqual(new Set());
  expect(new Set(answers.map(({ text }) => text)).size).toBe(CROWD);
  const { maxInFlight } = Calls.parse(await harness.control('GET', '/requests'));
  expect(maxInFlight).toBe(MAX_IN_FLIGHT);
  expect(seen).toEqual({ gateway: new Set([200]), worker: new Set([200]) });
  expect(peak.gateway).toBeLessThan(BOUNDS.gateway);
  expect(peak.worker).toBeLessThan(BOUNDS.worker);
}, 400_000);

test('when Temporal is gone in the middle of a crowd, each is told so soon, and nobody is ready', async () => {
  await temporal.stop();
  const before = Date.now();
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, index) => postAlone(bodyOf(`late${String(index)}`))),
  );
  // Once for the first, and once for who came while these waited; a busy machine takes longer.
  expect(Date.now() - before).toBeLessThan(3 * TO_CHANGE.whole);
  expect([...new Set(answers)]).toEqual([toldSo]);
  expect((await harness.post('/v1/validate', bodyOf('late'))).json()).toEqual({ valid: true });
  expect(await statusAt(`${harness.gateway().found}/readyz`)).toBe(503);
  expect(await statusAt(`${workerUrl()}/readyz`)).toBe(503);
  expect(await statusAt(`${harness.gateway().found}/livez`)).toBe(200);
});
