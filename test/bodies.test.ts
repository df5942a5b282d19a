import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { ValidationResult } from '../src/contract/coordinator';
import { SystemProblem } from '../src/contract/problems';
import { createRoom } from '../src/gateway/reception';
import { CASHFLOW, descriptor, request } from './support/fixtures';
import { eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

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
const SIZE = /^specific \(line \d+\): takes \d+ bytes .* at most 2000000: name fewer streams/;

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

/** A connection to the gateway, and all that came over it. */
const connected = () =>
  new Promise<{ socket: Socket; said: () => string }>((resolve) => {
    const { hostname, port } = gatewayUrl();
    const said: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => {
      resolve({ socket, said: () => Buffer.concat(said).toString() });
    });
    socket.on('data', (data) => said.push(data)).on('error', () => undefined);
  });

const headOf = (bytes: number, path = '/v1/validate') =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: gateway',
    'Content-Type: application/json',
    `Content-Length: ${String(bytes)}`,
    '\r\n',
  ].join('\r\n');

const MOST = 2 * 1024 * 1024;

/** Connections that announce a body of 2 MiB and send so much of it; what is done with them open. */
const withUnfinished = async <Result>(
  { count, sent }: { count: number; sent: number },
  use: () => Promise<Result>,
) => {
  const all = await Promise.all(Array.from({ length: count }, connected));
  const part = Buffer.alloc(sent, ' ');
  try {
    await Promise.all(
      all.map(({ socket }) => {
        socket.write(headOf(MOST));
        return new Promise((resolve) => socket.write(part, resolve));
      }),
    );
    return await use();
  } finally {
    for (const { socket } of all) socket.destroy();
  }
};

const validated = async () => (await harness.post('/v1/validate', request(CASHFLOW))).status;

test('who announces a body and does not send it holds nobody up', async () => {
  await withUnfinished({ count: 300, sent: 1 }, async () => {
    expect(await validated()).toBe(200);
    const many = Array.from({ length: 100 }, validated);
    expect(new Set(await Promise.all(many))).toEqual(new Set([200]));
    expect((await harness.post('/v1/validate', lake(4500, 150))).status).toBe(200);
  });
});

test('a hundred bodies of no announced length are read', async () => {
  const bytes = Buffer.from(JSON.stringify(request(CASHFLOW)));
  const send = () =>
    fetch(`${gatewayUrl().origin}/v1/validate`, {
      method: 'POST',
      body: new Blob([bytes]).stream(),
      headers: { 'content-type': 'application/json' },
      duplex: 'half',
    });
  const answers = await Promise.all(Array.from({ length: 100 }, send));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
});

test('64 MiB of bodies are kept, and who sends more is told so', async () => {
  // 30 of them leave room for two more.
  await withUnfinished({ count: 30, sent: MOST - 1 }, async () => {
    expect((await harness.post('/v1/validate', lake(4500, 150))).status).toBe(200);
  });
  // Twice as many as there is room for. Whoever asks while they still come may take the room of one
  // of them: then it is tried again, with more time for them to come.
  let patience = 250;
  const busy = await eventually(
    () =>
      withUnfinished({ count: 64, sent: MOST - 1 }, async () => {
        await pause((patience *= 2));
        const answer = await harness.post('/v1/validate', request(CASHFLOW));
        expect((await harness.call('GET', '/livez')).status).toBe(200);
        return answer.status === 500 ? answer : undefined;
      }),
    'no room',
  );
  expect(busy.text).toContain('Send the request again in a minute');
  await eventually(async () => (await validated()) === 200 || undefined, 'room');
});

test('a body in 20,000 pieces is read, and one in more closes its connection', async () => {
  const sendPieces = async (count: number) => {
    const { socket, said } = await connected();
    let isClosed = false;
    socket.on('close', () => {
      isClosed = true;
    });
    const head = headOf(0).replace(/Content-Length: 0/, 'Transfer-Encoding: chunked');
    socket.write(`${head}${'1\r\n \r\n'.repeat(count)}0\r\n\r\n`);
    await eventually(() => said() !== '' || isClosed || undefined, 'an end');
    socket.destroy();
    return said().split('\r\n')[0];
  };
  expect(await sendPieces(20_000)).toBe('HTTP/1.1 400 Bad Request');
  expect(await sendPieces(20_001)).toBe('');
  // What a program writes may come later than its connection is closed.
  const told = 'comes in more than 20000 pieces';
  await eventually(() => harness.gateway().output().includes(told) || undefined, told);
});

test('what nobody waits for any more is not started', async () => {
  const { output } = harness.gateway();
  const before = output().length;
  const since = () => output().slice(before);
  // Large bodies are read one after the other; the caller of the last leaves meanwhile.
  const validateLarge = () => harness.post('/v1/validate', lake(4500, 150));
  const first = Promise.all([validateLarge(), validateLarge()]);
  const isReading = async () => {
    const metrics = await (await fetch(`${gatewayUrl().origin}/metrics`)).text();
    return /^provisioner_reading_threads_busy [1-9]/m.test(metrics) || undefined;
  };
  await eventually(isReading, 'the first to be read');
  const text = descriptor({ environment: harness.environment, component: 'left' });
  const left = JSON.stringify(request(`${text}\n#${'x'.repeat(100_000)}`));
  const { socket } = await connected();
  await new Promise((resolve) =>
    socket.write(headOf(left.length, '/v1/provision') + left, resolve),
  );
  socket.end();
  await eventually(() => since().includes('caller left before the answer') || undefined, 'leaving');
  expect((await first).map(({ status }) => status)).toEqual([200, 200]);
  // Behind it in the same queue.
  expect((await validateLarge()).status).toBe(200);
  expect(since()).not.toContain('run started or joined');
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
  ['that inflates to all that is taken', () => [gzipSync(' '.repeat(MOST)), GZIP], 400],
  ['that inflates to a byte more', () => [gzipSync(' '.repeat(MOST + 1)), GZIP], 413],
  ['as large as is taken', () => [' '.repeat(MOST), {}], 400],
  ['a byte larger', () => [' '.repeat(MOST + 1), {}], 413],
  ['that is cut off', () => [gzipSync('{"a": 1}').subarray(0, 20), GZIP], 400],
  ['that is not compressed as it says', () => ['{}', GZIP], 400],
  ['compressed as nobody knows', () => ['{}', { 'content-encoding': 'snail' }], 415],
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

test('there is room for 64 MiB of bodies, and not for a byte more', () => {
  const all = 64 * 1024 * 1024;
  const room = createRoom();
  const [one, other] = [room(), room()];
  one(all - 1);
  other(1);
  expect(() => {
    other(2);
  }).toThrow(SystemProblem);
  one(0);
  other(all);
  expect(() => {
    one(1);
  }).toThrow(SystemProblem);
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
    expect.stringContaining('is over 16 KiB'),
  ]);
  await end();
});
