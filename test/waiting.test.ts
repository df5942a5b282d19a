import { z } from 'zod';
import { RunDetails } from '../src/contract/operator';
import { counts, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { productsOf } from './support/product-harness';

const SLOTS = 3;
/** Runs that wait for their first sync, beside one that has something to do. */
const MANY = 200;
/** Milliseconds; how fast they go is the benchmark's to tell. */
const PATIENCE = 900_000;
const WAIT = { syncOnProvision: true, waitForSync: true };

let harness: Harness;
/** Airbyte's jobs end when a test ends them. */
beforeAll(async () => {
  harness = await startHarness({
    env: {
      WORKER_ACTIVITY_SLOTS: String(SLOTS),
      AIRBYTE_GIVE_UP_AFTER: '10m',
      AIRBYTE_REQUEST_TIMEOUT: '30s',
    },
    simulator: { jobDuration: 3_600_000 },
  });
});
afterAll(() => harness.stop());

/** The ids of Airbyte's jobs, of which there are to be so many. */
const jobs = (wanted: number, jobType: string) =>
  eventually(
    async () => {
      const all = (await harness.entities()).jobs.filter((job) => job.jobType === jobType);
      return all.length >= wanted ? all.map(({ jobId }) => String(jobId)) : undefined;
    },
    `${String(wanted)} jobs of the type ${jobType}`,
    PATIENCE,
  );

const end = (jobId: string) => harness.airbyte('DELETE', `/jobs/${jobId}`);
const endAll = async (ids: string[]) => {
  for (const id of ids) await end(id);
};

/** So many more looks at Airbyte's jobs than there were. */
const looks = async (more: number) => {
  const before = (await harness.calls('getJob')).length;
  await eventually(
    async () => (await harness.calls('getJob')).length >= before + more || undefined,
    `${String(more)} looks`,
  );
};

const lengthOf = async (token: string) =>
  (await harness.client.workflow.getHandle(token).describe()).historyLength;

const stepsOf = async (token: string) => {
  const { stdout } = await harness.cli('runs', 'show', token, '--json');
  return RunDetails.parse(JSON.parse(stdout)).steps;
};

/** A run whose first sync goes on, and that is looked at by now. */
const following = async (component: string) => {
  await harness.resetAirbyte();
  await harness.forgetCalls();
  const token = await harness.start('provision', { component, connection: WAIT });
  const [jobId = ''] = await jobs(1, 'sync');
  await looks(2);
  return { token, jobId };
};

test('a run that waits for its sync has no new events, and is told as one that waits', async () => {
  const { token, jobId } = await following('quiet');
  const length = await lengthOf(token);
  await looks(3);
  expect(await lengthOf(token)).toBe(length);
  const step = (await stepsOf(token)).at(-1);
  expect(step).toMatchObject({
    activity: 'followSync',
    state: 'waiting',
    attempts: 0,
    waitsFor: `The first sync, Airbyte's job ${jobId}, goes on`,
  });
  expect(step).not.toHaveProperty('lastError');
  const page = await harness.cli('runs', 'show', token);
  expect(page.stdout).toContain(`    The first sync, Airbyte's job ${jobId}, goes on.\n`);
  expect(page.stdout).toContain('    Looks again at ');

  // A look is no try: this failure is the first.
  await harness.fault({ operation: 'getJob', status: 403 });
  const { result } = await harness.finished(token);
  expect(result).toMatch(/Airbyte answered 403 to .*jobs/);
  expect(result).not.toContain('tried');
});

test('a worker that is killed while a sync is followed is no loss: the same job is followed', async () => {
  const { token, jobId } = await following('killed');
  await harness.worker()?.end('SIGKILL');
  await harness.startWorker();
  await looks(2);
  await end(jobId);
  const { result } = await harness.finished(token);
  expect(result).toContain(`The first sync, Airbyte's job ${jobId}, ended cancelled.`);
  expect(await jobs(1, 'sync')).toEqual([jobId]);
});

test('removals whose clearing takes long hold no slot', async () => {
  await harness.resetAirbyte();
  const components = Array.from({ length: SLOTS + 1 }, (_, index) => `cleared-${String(index)}`);
  await Promise.all(components.map((component) => harness.run('provision', { component })));
  const tokens = await Promise.all(
    components.map((component) =>
      harness.start('unprovision', { component }, { removeData: true }),
    ),
  );
  const clearings = await jobs(tokens.length, 'clear');
  expect((await harness.run('provision', { component: 'beside' })).status).toBe('COMPLETED');
  await endAll(clearings);
  for (const token of tokens)
    expect((await harness.finished(token)).result).toMatch(/job \d+, ended cancelled\./);
  // What could not be cleared is kept, and was not cleared again.
  expect(counts(await harness.entities())[2]).toBe(components.length + 1);
  expect(await jobs(tokens.length, 'clear')).toEqual(clearings);
});

test('a data product that waits for the run of a component has no new events', async () => {
  await harness.resetAirbyte();
  const wish = { component: 'own', connection: WAIT };
  const products = productsOf(harness);
  const alone = await harness.start('provision', wish);
  const [jobId = ''] = await jobs(1, 'sync');
  const token = await products.start('provision', [wish]);
  const waiting = () =>
    eventually(async () => {
      const step = (await stepsOf(token)).find(({ activity }) => activity === 'followRun');
      return step?.state === 'waiting' && step.nextAttemptAt ? step : undefined;
    }, 'the product to wait');
  const first = await waiting();
  expect(first).toMatchObject({ waitsFor: `The run ${alone} goes on`, attempts: 0 });
  const length = await lengthOf(token);
  await eventually(
    async () => (await waiting()).nextAttemptAt !== first.nextAttemptAt || undefined,
    'another look at the run',
  );
  expect(await lengthOf(token)).toBe(length);
  await end(jobId);
  expect((await harness.finished(alone)).status).toBe('FAILED');
  await endAll((await jobs(2, 'sync')).filter((id) => id !== jobId));
  expect((await products.finished(token)).status).toBe('FAILED');
});

test('a data product that is cancelled while it waits for the run of a component ends at once', async () => {
  const { token: alone, jobId } = await following('others');
  const wish = { component: 'others', connection: WAIT };
  const products = productsOf(harness);
  const token = await products.start('provision', [wish]);
  await eventually(
    async () => (await stepsOf(token)).some(({ state }) => state === 'waiting') || undefined,
    'the product to wait',
  );
  await harness.client.workflow.getHandle(token).cancel();
  expect((await products.finished(token)).status).toBe('FAILED');
  expect((await harness.status(alone)).status).toBe('RUNNING');
  await end(jobId);
  await harness.finished(alone);
});

const Slots = z.coerce.number();

/** The slots for steps that the worker uses now. */
const slotsUsed = async () => {
  const [, url = ''] =
    /"url":"([^"]+)","msg":"worker probes listen"/.exec(harness.worker()?.output() ?? '') ?? [];
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const line = /^temporal_worker_task_slots_used\{[^}]*ActivityWorker[^}]*\} (\d+)/m.exec(metrics);
  return Slots.parse(line?.[1]);
};

test(
  `${String(MANY)} runs that wait for their first sync leave a worker of ${String(SLOTS)} slots free for another`,
  async () => {
    await harness.resetAirbyte();
    const components = Array.from({ length: MANY }, (_, index) => `many-${String(index)}`);
    for (const component of components)
      await harness.start('provision', { component, connection: WAIT });
    await jobs(MANY, 'sync');
    const { status } = await harness.run('provision', { component: 'one-more' });
    expect(status).toBe('COMPLETED');
    await eventually(async () => (await slotsUsed()) === 0 || undefined, 'all slots to be free');
  },
  PATIENCE,
);
