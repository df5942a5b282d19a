import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { calledAt } from '../src/airbyte/apis';
import { createLimit } from '../src/concurrency/limit';
import type { Load } from '../src/concurrency/load';
import { createCounter, createGauge } from '../src/metrics/instruments';
import { STEPS } from '../src/metrics/labels';
import { createWorkerMetrics } from '../src/metrics/worker';
import { createOpenRuns } from '../src/runs/open-runs';
import { oneQueue } from '../src/temporal/queues';
import { failureCauseOf } from '../workflows/run/failure';
import { interestOf } from './support/airbyte-clients';
import { familiesIn, valueIn } from './support/metrics';

/* Metrics, without the programs that serve them (metrics-served.test.ts). */

const over = () => new Error('over');

test('a value that is not in the list of its label counts as other', async () => {
  const registry = new Registry();
  const labels = { kind: ['apple', 'pear'] };
  const count = createCounter(registry, {
    type: 'counter',
    name: 'fruits_total',
    help: 'Fruits',
    labels,
  });
  count({ kind: 'apple' });
  count({ kind: 'urn:dmb:cmp:finance:cashflow:0:payments' });
  const text = await registry.metrics();
  expect(valueIn(text, 'fruits_total', { kind: 'apple' })).toBe(1);
  expect(valueIn(text, 'fruits_total', { kind: 'pear' })).toBe(0);
  expect(valueIn(text, 'fruits_total', { kind: 'other' })).toBe(1);
  expect(text).not.toContain('urn:');
});

const History = z.looseObject({
  events: z.array(
    z.looseObject({
      activityTaskScheduledEventAttributes: z
        .looseObject({ activityType: z.looseObject({ name: z.string() }) })
        .optional(),
    }),
  ),
});

test('no step of any recorded run counts as other', async () => {
  const folder = path.join(__dirname, 'histories');
  const steps = new Set<string>();
  for (const file of await readdir(folder)) {
    const { events } = History.parse(JSON.parse(await readFile(path.join(folder, file), 'utf8')));
    for (const { activityTaskScheduledEventAttributes: scheduled } of events)
      if (scheduled) steps.add(scheduled.activityType.name);
  }
  expect(steps.size).toBeGreaterThan(0);
  expect([...steps].filter((step) => !STEPS.includes(step))).toEqual([]);
});

test('of a label without a list the first few values are told, and all others as one', async () => {
  const registry = new Registry();
  const gauge = createGauge(registry, {
    type: 'gauge',
    name: 'places',
    help: 'Places',
    labels: { place: { first: 2 } },
  });
  const all = ['a', 'b', 'c', 'd', 'a'].map((place) => [{ place }, 1] as const);
  gauge.replace(all);
  const text = await registry.metrics();
  expect(['a', 'b', 'other', 'c'].map((place) => valueIn(text, 'places', { place }))).toEqual([
    2,
    1,
    2,
    undefined,
  ]);
});

test('calls to fabrics are counted and timed, and what nobody lists is bounded', async () => {
  const metrics = createWorkerMetrics({ isReady: () => Promise.resolve(true) });
  const called = { system: 'Snowflake', operation: 'POST /api/v2/statements', seconds: 0.2 };
  for (const outcome of [200, 200, 'unreachable'] as const)
    metrics.fabricCalled({ ...called, outcome });
  const CALLS = 'provisioner_fabric_calls_total';
  const first = await metrics.exposition.text();
  const { system, operation } = called;
  expect(valueIn(first, CALLS, { system, operation, status: '200' })).toBe(2);
  expect(valueIn(first, CALLS, { system, operation, status: 'unreachable' })).toBe(1);
  const timed = 'provisioner_fabric_call_duration_seconds_count';
  expect(valueIn(first, timed, { system, operation })).toBe(3);
  for (let index = 1; index <= 100; index += 1)
    metrics.fabricCalled({ ...called, operation: `GET /${String(index)}`, outcome: 200 });
  for (let index = 1; index <= 10; index += 1)
    metrics.fabricCalled({ ...called, system: `System ${String(index)}`, outcome: 200 });
  const text = await metrics.exposition.text();
  const ofCall = (asked: string) =>
    valueIn(text, CALLS, { system, operation: asked, status: '200' });
  expect([ofCall('GET /99'), ofCall('GET /100'), ofCall('other')]).toEqual([1, undefined, 1]);
  const ofSystem = (one: string) => valueIn(text, CALLS, { system: one, operation, status: '200' });
  expect([ofSystem('System 9'), ofSystem('System 10'), ofSystem('other')]).toEqual([
    1,
    undefined,
    1,
  ]);
});

test('twenty environments have series of their own, and one more has none', async () => {
  const metrics = createWorkerMetrics({ isReady: () => Promise.resolve(true) });
  const environments = Array.from({ length: 21 }, (_, index) => `env${String(index)}`);
  const components = environments.map((environment) => `${environment}/finance.cashflow.0.x`);
  metrics.checkedForDrift({
    environment: undefined,
    components,
    checkedAt: '2026-01-31T06:00:00.000Z',
    findings: components.map((component) => ({
      kind: 'missing',
      component,
      entity: 'source',
      name: 'Payments',
      ids: [],
      remedy: '',
    })),
  });
  const text = await metrics.exposition.text();
  const missing = (environment: string) =>
    valueIn(text, 'provisioner_drift_entities', { environment, kind: 'missing' });
  expect([missing('env0'), missing('env19'), missing('env20'), missing('other')]).toEqual([
    1,
    1,
    undefined,
    1,
  ]);
});

test('what was found in one environment stands until that one is checked again, or is gone', async () => {
  const metrics = createWorkerMetrics({ isReady: () => Promise.resolve(true) });
  const check = (environment: string, at: number, missing: number) => {
    const component = `${environment}/finance.cashflow.0.x`;
    metrics.checkedForDrift({
      environment,
      components: [component],
      checkedAt: new Date(at * 1000).toISOString(),
      findings: Array.from({ length: missing }, () => ({
        kind: 'missing',
        component,
        entity: 'source',
        name: 'Payments',
        ids: [],
        remedy: '',
      })),
    });
  };
  const shown = async () => {
    const text = await metrics.exposition.text();
    const checks = familiesIn(text).get('provisioner_drift_checked_timestamp_seconds')?.samples;
    return {
      checked: checks?.map(({ labels, value }) => [labels, value]),
      missing: ['dev', 'prod'].map((environment) =>
        valueIn(text, 'provisioner_drift_entities', { environment, kind: 'missing' }),
      ),
    };
  };
  // The check of all environments, where no file names any, has no label; it is 0 until there is one.
  expect(await shown()).toEqual({ checked: [[{}, 0]], missing: [undefined, undefined] });
  check('dev', 100, 2);
  check('prod', 200, 0);
  const [dev, prod] = [{ environment: 'dev' }, { environment: 'prod' }];
  const checked = [
    [{}, 0],
    [dev, 100],
    [prod, 200],
  ];
  expect(await shown()).toEqual({ checked, missing: [2, 0] });
  check('dev', 300, 1);
  metrics.driftOnlyOf(['dev']);
  const left = [
    [{}, 0],
    [dev, 300],
  ];
  expect(await shown()).toEqual({ checked: left, missing: [1, undefined] });
});

test('a check of all environments is told without a label', async () => {
  const metrics = createWorkerMetrics({ isReady: () => Promise.resolve(true) });
  metrics.checkedForDrift({
    environment: undefined,
    components: [],
    findings: [],
    checkedAt: new Date(4e5).toISOString(),
  });
  const text = await metrics.exposition.text();
  const checks = familiesIn(text).get('provisioner_drift_checked_timestamp_seconds')?.samples;
  expect(checks?.map(({ labels, value }) => [labels, value])).toEqual([[{}, 400]]);
});

test('environments beyond the twenty tell the newest of their checks', async () => {
  const metrics = createWorkerMetrics({ isReady: () => Promise.resolve(true) });
  for (let at = 23; at > 0; at -= 1)
    metrics.checkedForDrift({
      environment: `env${String(at)}`,
      components: [],
      checkedAt: new Date(at * 1000).toISOString(),
      findings: [],
    });
  const text = await metrics.exposition.text();
  const environment = 'other';
  expect(valueIn(text, 'provisioner_drift_checked_timestamp_seconds', { environment })).toBe(3);
});

test('calls to several Airbytes are added up', async () => {
  const metrics = createWorkerMetrics({ isReady: () => Promise.resolve(true) });
  const [one, other] = [metrics.loadOfOne(), metrics.loadOfOne()];
  one({ busy: 3, waiting: 2 });
  other({ busy: 1, waiting: 4 });
  one({ busy: 2, waiting: 0 });
  const text = await metrics.exposition.text();
  expect([
    valueIn(text, 'provisioner_airbyte_calls_in_flight'),
    valueIn(text, 'provisioner_airbyte_calls_waiting'),
  ]).toEqual([3, 4]);
});

test.each([
  ['GET', '/api/public/v1/sources/5ae6b09b', 'public', 'GET /sources/{id}'],
  [
    'DELETE',
    '/api/public/v1/groups/1/permissions/2',
    'public',
    'DELETE /groups/{id}/permissions/{id}',
  ],
  ['POST', '/api/v1/sources/discover_schema', 'config', 'POST /sources/discover_schema'],
  ['GET', '/api/v1/health', 'config', 'GET /health'],
])('%s %s is a call of the %s API: %s', (method, path, api, operation) => {
  expect(calledAt(method, path)).toEqual({ api, operation });
});

test('a limit tells how many are under way and how many wait, whoever leaves', async () => {
  const loads: Load[] = [];
  const limit = createLimit(1, (load) => loads.push(load));
  const { interest, cancelled } = interestOf();
  let end = (): void => undefined;
  const first = limit(() => new Promise<void>((resolve) => (end = resolve)), {
    interest: interestOf().interest,
    over,
  });
  const second = limit(() => Promise.resolve(), { interest, over });
  expect(loads.at(-1)).toEqual({ busy: 1, waiting: 1 });
  cancelled.abort();
  await expect(second).rejects.toThrow('over');
  expect(loads.at(-1)).toEqual({ busy: 1, waiting: 0 });
  end();
  await first;
  expect(loads.at(-1)).toEqual({ busy: 0, waiting: 0 });
});

test('five thousand open runs are counted, and one more is not', async () => {
  let lists = 0;
  async function* list() {
    lists += 1;
    await Promise.resolve();
    for (let index = 0; ; index += 1)
      yield {
        type: 'provision',
        memo: { phase: 'Waiting for a worker' },
        startTime: new Date(index),
      };
  }
  const openRuns = createOpenRuns({
    client: { withDeadline: (_deadline, work) => work(), workflow: { list } },
    queues: oneQueue('any'),
  });
  expect(await openRuns()).toHaveLength(5000);
  jest.useFakeTimers({ now: Date.now() + 9000, doNotFake: ['nextTick', 'setImmediate'] });
  await openRuns();
  expect(lists).toBe(1);
  jest.setSystemTime(Date.now() + 2000);
  await openRuns();
  jest.useRealTimers();
  expect(lists).toBe(2);
});

test.each([
  ['Waiting for a worker', 'waiting_for_worker'],
  [
    'Waiting for provision.development.finance.cashflow.0.payments.0123456789ab, which comes first',
    'waiting_for_run',
  ],
  [`Waiting for ${'x'.repeat(400)}…`, 'waiting_for_run'],
  ['In place; waiting for the other components of the data product', 'waiting_for_components'],
  ['Waiting for the first sync to end', 'working'],
  ['See its steps', 'working'],
  ['Failed; waiting for what Airbyte may still do', 'undoing'],
  ['Failed; undoing what was done', 'undoing'],
  ['Cancelled; undoing what was done', 'undoing'],
  [
    'Ended by a DELETE; waiting until 2026-11-21T17:08:02Z for what Airbyte may still do',
    'undoing',
  ],
])('a run in the phase "%s" is told as %s', async (phase, state) => {
  async function* list() {
    await Promise.resolve();
    yield { type: 'provision', memo: { phase }, startTime: new Date(7) };
  }
  const client = {
    withDeadline: <R>(_at: number, work: () => Promise<R>) => work(),
    workflow: { list },
  };
  const openRuns = createOpenRuns({ client, queues: oneQueue('any') });
  expect(await openRuns()).toEqual([{ operation: 'provision', state, startedAt: 7 }]);
});

const ofType = (type: string, cause?: Error) =>
  ApplicationFailure.create({ message: 'x', type, nonRetryable: true, ...(cause && { cause }) });

test.each([
  [
    'of Airbyte, which did not do it',
    ofType('ProvisioningFailed', ofType('AirbyteUnavailable')),
    'unavailable',
  ],
  ['of who asked', ofType('ProvisioningFailed', ofType('AirbyteRefused')), 'refused'],
  ['of ours', ofType('ProvisioningFailed', ofType('TypeError')), 'broken'],
  [
    'of a worker that was lost',
    ofType('ProvisioningFailed', new TimeoutFailure('x', undefined, 'HEARTBEAT')),
    'broken',
  ],
])('a run that fails is counted as a failure %s', (_whose, err, cause) => {
  expect(failureCauseOf(err)).toBe(cause);
});
