import { counts, eventually, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { productsOf } from './support/product-harness';
import type { Wish } from './support/product-harness';
import { ValidationStatus } from '../src/contract/coordinator';
import { largestOf, writtenBy } from './support/sizes';

/** As many as go together (docs/descriptor.md). */
const COUNT = 200;
/** Bytes of any payload of the product's run, as Temporal has it; it takes 2 MiB. */
const MOST = 256 * 1024;
/** Events of the product's run; Temporal allows 51,200. */
const EVENTS = 10_000;

let harness: Harness;
let products: ReturnType<typeof productsOf>;
beforeAll(async () => {
  harness = await startHarness({
    env: { AIRBYTE_REQUEST_TIMEOUT: '60s', AIRBYTE_GIVE_UP_AFTER: '10m' },
  });
  products = productsOf(harness);
});
afterAll(() => harness.stop());

const wishes = (count: number): Wish[] =>
  Array.from({ length: count }, (_, index) => ({
    component: `c${String(index)}`,
    connection: { name: `c${String(index)} <> Snowflake` },
  }));

/** To the end, which may take minutes on a busy machine; what the run wrote on the way is bounded. */
const overAndSmall = async (token: string) => {
  const handle = harness.client.workflow.getHandle(token);
  await handle.result().catch(() => undefined);
  expect(largestOf(await writtenBy(harness, token))?.bytes).toBeLessThanOrEqual(MOST);
  const { historyLength } = await handle.describe();
  expect(historyLength).toBeLessThan(EVENTS);
};

const ended = async (operation: 'provision' | 'unprovision') => {
  const token = await products.start(operation, wishes(COUNT));
  await overAndSmall(token);
  return products.finished(token);
};

const validated = async (count: number) => {
  const answer = await harness.post('/v1/validate', products.bodyOf(wishes(count)));
  return JSON.stringify(answer.json());
};

test('a data product of 200 components is valid, and one of 201 is told how many may be', async () => {
  expect(await validated(COUNT)).toBe('{"valid":true}');
  expect(await validated(COUNT + 1)).toContain(
    `has ${String(COUNT + 1)} components of this provisioner; at most ${String(COUNT)} go together`,
  );
  const refused = await harness.post('/v1/provision', products.bodyOf(wishes(COUNT + 1)));
  expect(refused.status).toBe(400);
});

test('200 components are checked against Airbyte, each by itself', async () => {
  const { text: token } = await harness.post('/v2/validate', products.bodyOf(wishes(COUNT)));
  await overAndSmall(token);
  const answer = await harness.call('GET', `/v2/validate/${token}/status`);
  const { status, info } = ValidationStatus.parse(answer.json());
  expect([status, info?.publicInfo]).toEqual(['COMPLETED', { valid: true }]);
  const checks = info?.privateInfo?.checks ?? [];
  for (const { component } of wishes(COUNT))
    expect(checks.filter((check) => check.includes(`: ${component}.`))).not.toEqual([]);
});

test('200 components fail together and leave nothing, then are made, made again, and removed', async () => {
  await harness.fault({ operation: 'createConnection', skip: COUNT - 1, status: 422, times: 1 });
  const failed = await ended('provision');
  expect(failed.status).toBe('FAILED');
  expect(failed.info?.privateInfo.leftBehind).toEqual([]);
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);

  await harness.clearFaults();
  const made = await ended('provision');
  expect(made.status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([COUNT, COUNT, COUNT]);

  await harness.forgetCalls();
  expect((await ended('provision')).status).toBe('COMPLETED');
  expect((await harness.calls()).filter(isWrite)).toEqual([]);

  expect((await ended('unprovision')).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  await eventually(async () => {
    const left = await harness.client.workflow.count(
      `TaskQueue = '${harness.environment}' AND WorkflowType = 'lease' AND ExecutionStatus = 'Running'`,
    );
    return left.count === 0 || undefined;
  }, 'the end of all leases');
});

test('200 components that are terminated leave nothing, and tell their end in a bounded memo', async () => {
  await harness.fault({ operation: 'createConnection', skip: COUNT - 1, status: 503, times: 0 });
  const token = await products.start('provision', wishes(COUNT));
  await eventually(async () => {
    const { connections } = await harness.entities();
    return connections.length === COUNT - 1 || undefined;
  }, 'all connections but one');
  expect((await harness.call('DELETE', `/v1/provision/${token}`)).status).toBe(202);
  await overAndSmall(token);
  expect((await products.finished(token)).status).toBe('TERMINATED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  const { memo } = await harness.client.workflow.getHandle(token).describe();
  expect(JSON.stringify(memo?.status).length).toBeLessThanOrEqual(64_000);
});
