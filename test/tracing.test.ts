import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../scripts/child';
import { ATTRIBUTES, SPANS } from '../src/tracing/spans';
import { API } from './support/airbyte-operations';
import { descriptor, request } from './support/fixtures';
import type { Changes } from './support/fixtures';
import { CANARY, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { startReceiver } from './support/otlp-receiver';
import type { Receiver, SeenSpan } from './support/otlp-receiver';
import { productDescriptor } from './support/product-harness';
import { rowsIn, spanRows, withSpanTable } from './support/span-table';

/* What a collector gets of real programs, one that takes nothing but valid OTLP. */

let receiver: Receiver;
let harness: Harness;
beforeAll(async () => {
  receiver = await startReceiver();
  harness = await startHarness({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=tests',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      AIRBYTE_REQUEST_TIMEOUT: '30s',
      AIRBYTE_GIVE_UP_AFTER: '120s',
    },
  });
});
afterAll(async () => {
  await harness.stop();
  await receiver.close();
});
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
  expect(receiver.faults).toEqual([]);
});

const CALLER = '00f067aa0ba902b7';
const traceparentOf = (traceId: string, flags = '01') => `00-${traceId}-${CALLER}-${flags}`;
const idOf = (digit: string) => digit.repeat(32);

const post = async (
  body: object,
  headers: Record<string, string>,
  url = harness.gateway().found,
) => {
  const response = await fetch(`${url}/v1/provision`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(202);
  return response.text();
};
const provision = (changes: Changes, headers: Record<string, string> = {}, url?: string) =>
  post(request(descriptor({ environment: harness.environment, ...changes })), headers, url);

const named = (spans: SeenSpan[], name: string) => spans.filter((span) => span.name === name);

/** All spans of a trace with so many runs in it, each of which has a lease. */
const traceOf = (traceId: string, runs = 1) =>
  eventually(() => {
    const spans = receiver.spansOf(traceId);
    const ended = spans.filter(({ name }) => name.startsWith('RunWorkflow:'));
    return ended.length >= 2 * runs ? spans : undefined;
  }, `the spans of ${traceId}`);

const strangersIn = (spans: SeenSpan[]) => {
  const known = new Set([...spans.map(({ spanId }) => spanId), CALLER, undefined]);
  return spans.filter(({ parentSpanId }) => !known.has(parentSpanId));
};

const memoOf = async (token: string) =>
  (await harness.client.workflow.getHandle(token).describe()).memo;

test('a failed and compensated provision is one trace, below the span of who called', async () => {
  const traceId = idOf('a');
  await harness.fault({ operation: 'createConnection', status: 400 });
  const token = await provision({ component: 'failing' }, { traceparent: traceparentOf(traceId) });
  const status = await harness.finished(token);
  const spans = await traceOf(traceId);

  expect(status.status).toBe('FAILED');
  expect(strangersIn(spans)).toEqual([]);
  expect(spans.filter(({ parentSpanId }) => parentSpanId === CALLER)).toEqual(
    named(spans, 'POST /v1/provision'),
  );
  expect(named(spans, 'RunWorkflow:provision')[0]).toMatchObject({
    attributes: { 'temporal.workflow.id': token, 'error.type': 'ProvisioningFailed' },
    status: { code: 'ERROR', message: 'connect: AirbyteRefused' },
  });
  // The trace is in what the Coordinator, an operator and a log are told of the run.
  expect(status.logs?.[0]?.message).toBe(`The trace of this run is ${traceId}.`);
  expect(await memoOf(token)).toMatchObject({ traceId });
  expect(harness.gateway().output()).toContain(`"traceId":"${traceId}","token":"${token}"`);

  if (API === 'config') return;
  const rows = spanRows(spans, CALLER);
  const file = path.join(ROOT, 'docs', 'tracing.md');
  if (process.env.RECORD_DOCUMENTS) {
    writeFileSync(file, withSpanTable(readFileSync(file, 'utf8'), rows));
    execFileSync('npx', ['prettier', '--write', file], { cwd: ROOT });
  }
  expect(rowsIn(readFileSync(file, 'utf8')).toSorted()).toEqual(
    rows.map((row) => row.replaceAll(/ +/g, ' ')).toSorted(),
  );
});

test('a request in no trace begins one, of which its answers tell; who only asks begins none', async () => {
  const token = await provision({ component: 'alone' });
  await harness.finished(token);
  const memo = await memoOf(token);
  const spans = await traceOf(String(memo?.traceId));
  expect(strangersIn(spans)).toEqual([]);
  expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined)).toEqual(
    named(spans, 'POST /v1/provision'),
  );
  expect(receiver.all().filter(({ name }) => name.startsWith('GET /v1'))).toEqual([]);
});

test('an id that the caller has for itself is that of the trace', async () => {
  const token = await provision(
    { component: 'uuid' },
    { traceId: '6D1E3C5B-0000-4000-8000-00000000ABCD' },
  );
  await harness.finished(token);
  const traceId = '6d1e3c5b00004000800000000000abcd';
  expect(await memoOf(token)).toMatchObject({ traceId });
  expect(strangersIn(await traceOf(traceId))).toEqual([]);
});

test('of a trace that the caller does not keep nothing is sent, and its id is told all the same', async () => {
  const [kept, not] = [idOf('b'), idOf('c')];
  const unsampled = await provision(
    { component: 'not' },
    { traceparent: traceparentOf(not, '00') },
  );
  await harness.finished(unsampled);
  const sampled = await provision({ component: 'kept' }, { traceparent: traceparentOf(kept) });
  await harness.finished(sampled);
  await traceOf(kept);
  expect(receiver.spansOf(not)).toEqual([]);
  expect(await memoOf(unsampled)).toMatchObject({ traceId: not });
});

test('the runs of a data product are in the trace of the whole', async () => {
  const traceId = idOf('d');
  const wishes = ['one', 'two'].map((component) => ({
    component,
    connection: { name: `${component} <> Snowflake` },
  }));
  const token = await post(
    {
      descriptorKind: 'DATAPRODUCT_DESCRIPTOR',
      descriptor: productDescriptor(harness.environment, wishes),
    },
    { traceparent: traceparentOf(traceId) },
  );
  expect((await harness.finished(token)).status).toBe('COMPLETED');
  const spans = await traceOf(traceId, 3);
  expect(strangersIn(spans)).toEqual([]);
  const [whole] = named(spans, 'RunWorkflow:provisionProduct');
  const parts = named(spans, 'RunWorkflow:provision');
  expect(parts.map(({ parentSpanId }) => parentSpanId)).toEqual([whole?.spanId, whole?.spanId]);
  expect(named(spans, 'WaitForComponents')).toHaveLength(2);
  const [part] = parts;
  expect(await memoOf(String(part?.attributes['temporal.workflow.id']))).toMatchObject({ traceId });
});

test('attempts, a cancellation and the wait for a lease are seen', async () => {
  const [first, second] = [idOf('e'), idOf('f')];
  await harness.fault({ operation: 'createSource', status: 503, times: 0 });
  const held = await provision({ component: 'busy' }, { traceparent: traceparentOf(first) });
  await eventually(
    () => named(receiver.spansOf(first), 'RunActivity:putSource')[1],
    'a second attempt',
  );
  const waiting = await provision(
    { component: 'busy', datasetName: 'other' },
    { traceparent: traceparentOf(second) },
  );
  await eventually(async () => {
    const { result } = await harness.status(waiting);
    return result.includes(held) ? result : undefined;
  }, 'a run that waits');
  await harness.client.workflow.getHandle(held).cancel();
  await harness.finished(held);
  await harness.clearFaults();
  expect((await harness.finished(waiting)).status).toBe('COMPLETED');

  const cancelled = await traceOf(first);
  expect(strangersIn(cancelled)).toEqual([]);
  const [run] = named(cancelled, 'RunWorkflow:provision');
  expect(run).toMatchObject({
    attributes: { 'provisioner.outcome': 'cancelled', 'error.type': 'cancelled' },
    status: { code: 'ERROR' },
  });
  const attempts = named(cancelled, 'RunActivity:putSource').map(({ attributes }) => attributes);
  expect(attempts[1]).toMatchObject({
    'temporal.attempt': 2,
    'provisioner.outcome': 'retried',
  });
  expect(attempts[1]?.['error.type']).toMatch(/^Airbyte/);
  const [wait] = named(await traceOf(second), 'WaitForLease');
  expect(wait?.attributes['provisioner.lease']).toMatch(/^component\./);
  expect(wait?.startTimeUnixNano).toBeLessThan(run?.endTimeUnixNano ?? 0n);
  expect((wait?.endTimeUnixNano ?? 0n) + 1_000_000_000n).toBeGreaterThan(
    run?.endTimeUnixNano ?? 0n,
  );
});

test('a run that is started outside of any trace has one of its own, with its id', async () => {
  await harness.fault({ operation: 'createSource', status: 400 });
  const token = await provision({ component: 'again' });
  await harness.finished(token);
  expect(await harness.cli('runs', 'replay', token)).toMatchObject({ code: 0 });
  const { runId } = await harness.client.workflow.getHandle(token).describe();
  await harness.finished(token);
  const spans = await traceOf(runId.replaceAll('-', ''));
  expect(strangersIn(spans)).toEqual([]);
  expect(named(spans, 'RunWorkflow:provision')[0]?.parentSpanId).toBeUndefined();
  expect(named(spans, 'RunActivity:putSource')).toHaveLength(1);
});

test('a gateway without a collector hands on the trace of its caller', async () => {
  const traceId = idOf('9');
  const plain = await harness.startGateway({ OTEL_EXPORTER_OTLP_ENDPOINT: '' });
  const traceparent = traceparentOf(traceId);
  const token = await provision({ component: 'through' }, { traceparent }, plain.found);
  await harness.finished(token);
  const spans = await traceOf(traceId);
  expect(spans.filter(({ parentSpanId }) => parentSpanId === CALLER)).toEqual(
    named(spans, 'RunWorkflow:provision'),
  );
  expect(await memoOf(token)).toMatchObject({ traceId });
});

test('without traces nobody takes nothing fails, which the log says once, and when they are taken again', async () => {
  const said = (words: string) =>
    harness
      .worker()
      ?.output()
      .split('\n')
      .filter((line) => line.includes(words)).length;
  receiver.answerWith(400);
  for (const component of ['lost-one', 'lost-two'])
    expect((await harness.finished(await provision({ component }))).status).toBe('COMPLETED');
  await eventually(() => (said('traces are not taken') === 0 ? undefined : true), 'a warning');
  receiver.answerWith(200);
  const traceId = idOf('8');
  await harness.finished(
    await provision({ component: 'found' }, { traceparent: traceparentOf(traceId) }),
  );
  await traceOf(traceId);
  expect([said('traces are not taken'), said('traces are taken again')]).toEqual([1, 1]);
});

/* Last, as they look at all that was sent. */

/** What the names in braces stand for. */
const FILLED: Record<string, string> = {
  method: '(GET|POST|PUT|PATCH|DELETE|other)',
  route: '(/.*|other)',
  path: '(/.*|other)',
};
const patternOf = (name: string) => {
  const pattern = name.replaceAll(/\{(\w+)\}/g, (_all, what: string) => FILLED[what] ?? '\\w+');
  return new RegExp(`^${pattern}$`);
};

test('each span is one of those that docs/tracing.md has, and so are its attributes', () => {
  const rows = Object.values(SPANS);
  const seen = new Set<string>();
  const strange = receiver.all().filter(({ name, kind, service, attributes }) => {
    const row = rows.find(
      (each) =>
        patternOf(each.name).test(name) &&
        each.kind.toUpperCase() === kind &&
        service === `airbyte-provisioner-${each.by}`,
    );
    const allowed: readonly string[] = row?.attributes ?? [];
    if (row) seen.add(row.name + row.kind);
    for (const key of Object.keys(attributes)) seen.add(key);
    return !row || Object.keys(attributes).some((key) => !allowed.includes(key));
  });
  expect(strange).toEqual([]);
  // Calls to fabrics are traced in fabric-provision.test.ts.
  const rare = [
    ...['WaitForAirbyteinternal', 'WaitForFabricinternal'],
    ...['provisioner.spans_left_out', 'fabric.system'],
  ];
  const wanted = [...rows.map(({ name, kind }) => name + kind), ...Object.keys(ATTRIBUTES)];
  expect(wanted.filter((each) => !seen.has(each) && !rare.includes(each))).toEqual([]);
});

test('no secret, no word of a body and none of Airbyte is in what was sent; what the collector wants is', () => {
  const bytes = receiver.bytes();
  expect(bytes.length).toBeGreaterThan(50_000);
  const secrets = [
    CANARY,
    'simulator-secret',
    'files.example.invalid',
    'Injected',
    'Payments',
    'Bearer',
  ];
  expect(secrets.filter((text) => bytes.includes(text))).toEqual([]);
  expect(bytes.includes('deployment.environment.name')).toBe(true);
  expect(new Set(receiver.headers.map((each) => each['x-key']))).toEqual(new Set(['a b']));
});
