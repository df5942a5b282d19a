import { execFile, execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../scripts/child';
import { gatewayConfig } from '../src/config/config';
import { readTraceId, readTraceparent, traceparentOf } from '../src/tracing/context';
import { MAX_BATCH, MAX_QUEUED } from '../src/tracing/exporter';
import { runSpanId, startOf } from '../src/tracing/header';
import { MAX_TEXT } from '../src/tracing/spans';
import { samples } from '../src/tracing/tracing';
import { startReceiver } from './support/otlp-receiver';

/* Traces without programs. */

const DIST = path.join(ROOT, 'dist', 'src');

const ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test.each([
  [`00-${ID}-${SPAN}-01`, true],
  [`00-${ID}-${SPAN}-00`, false],
  [`00-${ID}-${SPAN}-03`, true],
  [`cc-${ID}-${SPAN}-01-what-comes-later`, true],
])('the traceparent %s is understood', (text, sampled) => {
  const trace = { traceId: ID, spanId: SPAN, sampled };
  expect(readTraceparent(text)).toEqual(trace);
  expect(readTraceparent(traceparentOf(trace))).toEqual(trace);
});

test.each([
  undefined,
  '',
  `00-${ID}-${SPAN}`,
  `00-${ID}-${SPAN}-01-more`,
  `ff-${ID}-${SPAN}-01`,
  `cc-${ID}-${SPAN}-01more`,
  `00-${ID.toUpperCase()}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${ID}-${'0'.repeat(16)}-01`,
  ` 00-${ID}-${SPAN}-01`,
])('the traceparent %s counts as none', (text) => {
  expect(readTraceparent(text)).toBeUndefined();
});

test.each([
  [ID, ID],
  ['A3CE929D0E0E4736', '0000000000000000a3ce929d0e0e4736'],
  ['4bf92f35-77b3-4da6-a3ce-929d0e0e4736', ID],
  ['deployment 7', undefined],
  ['0'.repeat(32), undefined],
  [undefined, undefined],
])('of the traceId %s the trace is %s', (text, traceId) => {
  expect(readTraceId(text)?.traceId).toBe(traceId);
});

test('a run has a trace and a span of its own by its id, and what cannot be read in its header is left', () => {
  const runId = '01a219b7-14e2-7e10-b9d3-2f3e9f315103';
  const own = { traceId: '01a219b714e27e10b9d32f3e9f315103' };
  expect(startOf(undefined, runId)).toEqual(own);
  expect(startOf({ data: Buffer.from('{'), metadata: {} }, runId)).toEqual(own);
  expect(runSpanId(runId)).toBe('b9d32f3e9f315103');
});

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };

test('where traces go, and which, is as the variables of OpenTelemetry say', () => {
  expect(gatewayConfig({}).tracing).toBeUndefined();
  expect(gatewayConfig({ OTEL_TRACES_SAMPLER: 'always_on' }).tracing).toBeUndefined();
  expect(gatewayConfig(endpoint).tracing).toEqual({
    url: 'http://collector:4318/v1/traces',
    headers: {},
    timeout: 10_000,
    delay: 5000,
    sampler: { followsParent: true, ratio: 1 },
    serviceName: undefined,
    attributes: {},
  });
  const more = {
    ...endpoint,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.com/otlp',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20YTpi, x-team = data',
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
  };
  expect(gatewayConfig(more).tracing).toMatchObject({
    url: 'https://traces.example.com/otlp',
    headers: { authorization: 'Basic YTpi', 'x-team': 'data' },
    sampler: { followsParent: false, ratio: 0.25 },
  });
});

test.each([
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /OTEL_EXPORTER_OTLP_PROTOCOL must be http\/protobuf/],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'geheim' }, /OTEL_EXPORTER_OTLP_HEADERS must be key=value/],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'a=%zz' }, /OTEL_RESOURCE_ATTRIBUTES must be key=value/],
  [{ OTEL_TRACES_SAMPLER_ARG: '2' }, /OTEL_TRACES_SAMPLER_ARG must be at most 1/],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '60001' }, /OTEL_EXPORTER_OTLP_TIMEOUT must be at most 60000/],
])('%p is refused', (given, message) => {
  expect(() => gatewayConfig({ ...endpoint, ...given })).toThrow(message);
  expect(() => gatewayConfig({ ...endpoint, ...given })).not.toThrow(/geheim/);
});

test('a ratio keeps that part of the traces, and follows who has decided if it is to', () => {
  // Of the end of an id, which decides, the first three digits count up.
  const ids = Array.from(
    { length: 4096 },
    (_, n) => `${'1'.repeat(19)}${n.toString(16).padStart(3, '0')}${'8'.repeat(10)}`,
  );
  const kept = (followsParent: boolean, sampled?: boolean) =>
    ids.filter((traceId) => samples({ followsParent, ratio: 0.25 }, { traceId, sampled })).length;
  expect([kept(true), kept(false), kept(false, true)]).toEqual([1024, 1024, 1024]);
  expect([kept(true, true), kept(true, false)]).toEqual([4096, 0]);
});

/** Adds spans in a process of its own, in rounds that are each told of, and ends; what it logged. */
const exporting = async (url: string, { spans, rounds }: { spans: number; rounds: number }) => {
  const script = `
    const { createExporter } = require(${JSON.stringify(path.join(DIST, 'tracing', 'exporter.js'))});
    const log = require('pino').pino();
    const { url, spans, rounds } = JSON.parse(process.argv[1]);
    const config = { url, headers: {}, timeout: 1000, delay: 10, attributes: {} };
    const exporter = createExporter(config, { program: 'worker', log });
    const span = (n) => ({ traceId: '${ID}', spanId: '${SPAN}', name: 'span-' + n, kind: 'internal',
      start: 1e12, end: 1e12, attributes: { 'provisioner.lease': 'x'.repeat(1000) } });
    (async () => {
      for (let round = 0; round < rounds; round += 1) {
        for (let n = 1; n <= spans; n += 1) exporter.add(span(n));
        if (round < rounds - 1) await new Promise((resolve) => setTimeout(resolve, 300));
      }
      const began = Date.now();
      await exporter.stop();
      console.log(JSON.stringify({ stopped: Date.now() - began }));
      process.exit(0);
    })();`;
  const args = ['-e', script, JSON.stringify({ url, spans, rounds })];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  return stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
};

/** An address where nobody is. */
const nobody = async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${String(typeof address === 'object' && address?.port)}/v1/traces`;
};

test('a collector that is not there is told of once, however many spans are lost', async () => {
  const lines = await exporting(await nobody(), { spans: 2 * MAX_QUEUED, rounds: 4 });
  const isStop = (line: unknown) => JSON.stringify(line).startsWith('{"stopped":');
  expect(lines.filter((line) => !isStop(line))).toMatchObject([
    { level: 40, msg: 'traces are not taken, and lost until they are' },
  ]);
  expect(lines.filter(isStop)).toHaveLength(1);
});

test('so many spans wait beside those under way, and not one more; what is too long in them is cut', async () => {
  const receiver = await startReceiver();
  receiver.answerWith(202);
  const most = MAX_QUEUED + MAX_BATCH;
  await exporting(`${receiver.url}/v1/traces`, { spans: most + 1, rounds: 1 });
  await receiver.close();
  const sent = receiver.bytes().toString('latin1');
  const names = new Set(sent.match(/span-\d+/g));
  expect([names.size, names.has(`span-${String(most + 1)}`)]).toEqual([most, false]);
  const has = (length: number) => sent.includes('x'.repeat(length));
  expect([has(MAX_TEXT - 1), has(MAX_TEXT)]).toEqual([true, false]);
});

test('without a collector nothing of OpenTelemetry is loaded but its types', () => {
  const modules = [
    'tracing/tracing',
    'tracing/starts',
    'tracing/steps',
    'tracing/runs',
    'tracing/calls',
    'gateway/traced',
  ];
  const script = `
    for (const name of ${JSON.stringify(modules)}) require(${JSON.stringify(DIST)} + '/' + name + '.js');
    const { createTracing } = require(${JSON.stringify(path.join(DIST, 'tracing', 'tracing.js'))});
    const config = process.argv[1] && JSON.parse(process.argv[1]);
    createTracing(config || undefined, { program: 'worker', log: {} }).then(() =>
      console.log(Object.keys(require.cache).filter((file) => /@opentelemetry.(sdk|otlp|exporter|resources)/.test(file)).length));`;
  const loaded = (...args: string[]) =>
    Number(execFileSync(process.execPath, ['-e', script, ...args], { encoding: 'utf8' }));
  expect(loaded()).toBe(0);
  expect(loaded(JSON.stringify(gatewayConfig(endpoint).tracing))).toBeGreaterThan(20);
});
