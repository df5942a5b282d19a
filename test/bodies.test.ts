import { createServer, request as sendTo } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import express from 'express';
import type { ErrorRequestHandler } from 'express';
import { z } from 'zod';
import { ValidationResult } from '../src/contract';
import { listen } from '../src/program';
import { createRoom } from '../src/requests';
import { CASHFLOW, descriptor, request } from './fixtures';
import { eventually, startHarness } from './harness';
import type { Harness } from './harness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

const streams = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `s${String(index).padStart(5, '0')}` }));

/** More than a run takes, in a body that is let in. */
const tooLarge = () =>
  descriptor({ environment: harness.environment, connection: { streams: streams(42_000) } });

const Refusal = z.object({ errors: z.array(z.string()) });
const SIZE =
  /^dataProduct\.components\[1\]\.specific \(line \d+\): takes \d+ bytes .* at most 2000000: name fewer streams/;

test('a plan that no run takes is refused wherever it would start one, and can be removed', async () => {
  const text = tooLarge();
  const verdict = ValidationResult.parse(
    (await harness.post('/v1/validate', request(text))).json(),
  );
  expect(verdict.error?.errors).toEqual([expect.stringMatching(SIZE)]);
  const refused = await harness.post('/v1/provision', request(text));
  expect(refused.status).toBe(400);
  expect(Refusal.parse(refused.json()).errors).toEqual([expect.stringMatching(SIZE)]);
  const { text: token } = await harness.post('/v2/validate', request(text));
  await eventually(async () => {
    const status = await harness.call('GET', `/v2/validate/${token}/status`);
    return status.text.includes('"valid":false') || undefined;
  }, 'the verdict');
  const removed = await harness.post('/v1/unprovision', request(text));
  expect(removed.status).toBe(202);
  expect((await harness.finished(removed.text)).status).toBe('COMPLETED');
  const access = { refs: [], provisionInfo: { request: text, result: '{}' } };
  expect((await harness.post('/v1/updateacl', access)).status).toBe(202);
});

test('the input of a run is as it was before it went through a thread', async () => {
  const text = descriptor({ environment: harness.environment, component: 'input' });
  const { text: token } = await harness.post('/v1/provision', request(text));
  expect((await harness.finished(token)).status).toBe('COMPLETED');
  const again = await harness.post('/v1/provision', request(text));
  expect(again.text).toBe(token);
});

const lake = (count: number, length: number) => {
  const names = streams(count).map(({ name }) => name.padEnd(length, 'x'));
  const source = {
    connector: 's3',
    name: 'Lake',
    connectionConfiguration: {
      bucket: 'lake',
      region_name: 'eu-west-1',
      streams: names.map((name) => ({ name, globs: [`${name}/**`], format: { filetype: 'csv' } })),
    },
  };
  return request(descriptor({ environment: harness.environment, component: 'lake', source }));
};

test('4,500 streams with long names are valid, and taken', async () => {
  const body = lake(4500, 150);
  expect(body.descriptor.length).toBeGreaterThan(1_400_000);
  expect((await harness.post('/v1/validate', body)).json()).toEqual({ valid: true });
  const { status, text: token } = await harness.post('/v1/provision', body);
  expect(status).toBe(202);
  await harness.client.workflow.getHandle(token).terminate();
});

test('probes are answered while a body is read', async () => {
  let probes = 0;
  const over = new AbortController();
  const reading = harness
    .post('/v1/validate', request(`${tooLarge()}\n#${'x'.repeat(10_000)}`))
    .finally(() => {
      over.abort();
    });
  while (!over.signal.aborted) {
    expect((await harness.call('GET', '/livez')).status).toBe(200);
    probes += 1;
  }
  expect((await reading).status).toBe(200);
  // Were the loop held, one would be answered before and one after.
  expect(probes).toBeGreaterThan(20);
});

const gatewayUrl = () => new URL(harness.gateway().found);

/** Announces a body and never sends it. */
const announce = (bytes: number) =>
  new Promise<Socket>((resolve) => {
    const { hostname, port } = gatewayUrl();
    const socket = connect(Number(port), hostname, () => {
      const lines = [
        'POST /v1/validate HTTP/1.1',
        'Host: gateway',
        'Content-Type: application/json',
        `Content-Length: ${String(bytes)}`,
      ];
      socket.write(`${lines.join('\r\n')}\r\n\r\n{`, () => resolve(socket));
    });
    socket.on('error', () => undefined);
  });

test('bodies that there is no room for are told so before they are received', async () => {
  const body = request(CASHFLOW);
  const sockets: Socket[] = [];
  try {
    const busy = await eventually(async () => {
      sockets.push(await announce(2 * 1024 * 1024));
      const answer = await harness.post('/v1/validate', body);
      return answer.status === 500 ? answer : undefined;
    }, 'no room');
    expect(busy.text).toContain('Send the request again in a minute');
    expect((await harness.call('GET', '/livez')).status).toBe(200);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await eventually(async () => {
    const { status } = await harness.post('/v1/validate', body);
    return status === 200 || undefined;
  }, 'room');
  // 64 MiB; what was sent before may have been answered just now.
  expect(sockets.length).toBeGreaterThan(30);
});

const sendRaw = async (body: string | Buffer, headers: Record<string, string>) => {
  const response = await fetch(`${gatewayUrl().origin}/v1/validate`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, text: await response.text() };
};

test.each<[string, () => [string | Buffer, Record<string, string>], number]>([
  ['compressed', () => [gzipSync(JSON.stringify(request(CASHFLOW))), GZIP], 200],
  ['that inflates beyond what is taken', () => [gzipSync(' '.repeat(50_000_000)), GZIP], 413],
  ['in letters nobody knows', () => ['{}', { 'content-type': 'application/json; charset=x' }], 415],
  ['of no JSON', () => ['{', {}], 400],
  ['of a text', () => ['"a"', {}], 400],
  ['of nothing', () => ['', {}], 200],
  ['of brackets', () => ['['.repeat(1_000_000), {}], 400],
  ['of a nest', () => [`{"a":${'['.repeat(500)}${']'.repeat(500)}}`, {}], 400],
])('a body %s is answered', async (_what, make, status) => {
  expect((await sendRaw(...make())).status).toBe(status);
});
const GZIP = { 'content-encoding': 'gzip' };

test('a body is as large as it may be, and not a byte larger', async () => {
  const padded = (bytes: number) => JSON.stringify(request(CASHFLOW)).padEnd(bytes);
  const most = 2 * 1024 * 1024;
  expect((await sendRaw(padded(most), {})).status).toBe(200);
  expect((await sendRaw(padded(most + 1), {})).status).toBe(413);
  expect((await sendRaw(gzipSync(padded(most)), GZIP)).status).toBe(200);
  expect((await sendRaw(gzipSync(padded(most + 1)), GZIP)).status).toBe(413);
});

test('there is room for 64 MiB of bodies, and not for a byte more', async () => {
  let letIn = (_isIn: boolean): void => undefined;
  const app = express().use(createRoom());
  app.use(() => {
    letIn(true);
  });
  const refused: ErrorRequestHandler = (_err, _req, res, _next) => {
    letIn(false);
    res.end();
  };
  const server = createServer(app.use(refused));
  const url = await listen(server, { host: '127.0.0.1', port: 0, variable: '' });
  /** Announces a body and never sends it. */
  const isIn = (bytes: number) =>
    new Promise<boolean>((resolve) => {
      letIn = resolve;
      const headers = { 'content-length': String(bytes) };
      const sent = sendTo(url, { method: 'POST', headers });
      sent.on('error', () => undefined).flushHeaders();
    });
  const large = 2 * 1024 * 1024;
  for (let count = 0; count < 31; count += 1) expect(await isIn(large)).toBe(true);
  expect([await isIn(large - 1), await isIn(1), await isIn(1)]).toEqual([true, true, false]);
  server.closeAllConnections();
  server.close();
});

test('parameters of a reverse provisioning are bounded, too', async () => {
  const body = (params: unknown) => ({
    useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0',
    environment: harness.environment,
    params,
  });
  const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) });
  expect((await harness.post('/v1/reverse-provisioning', body(deep(97)))).status).toBe(202);
  const refused = await harness.post('/v1/reverse-provisioning', body(deep(1000)));
  expect(refused.status).toBe(400);
  expect(refused.text).toContain('is nested too deeply: at most 100 levels are read');
});

test('commands of the operator are small', async () => {
  const { found, end } = await harness.startGateway({ OPERATIONS: 'on' });
  const send = (bytes: number) =>
    fetch(`${found}/operations/runs/replay`, {
      method: 'POST',
      body: `{"none": "${'x'.repeat(bytes)}"}`,
      headers: { 'content-type': 'application/json' },
    });
  const around = '{"none": ""}'.length;
  expect((await send(16 * 1024 - around)).status).toBe(400);
  const refused = await send(16 * 1024 - around + 1);
  expect([refused.status, await refused.text()]).toEqual([
    413,
    expect.stringContaining('is over 16 kB'),
  ]);
  await end();
});
