import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { pino } from 'pino';
import { z } from 'zod';
import { createAirbyteHttp } from '../src/airbyte/http';
import { createHttpServer } from '../src/http-server';
import { LASTING } from '../src/concurrency/interest';
import { createLimit } from '../src/concurrency/limit';
import { createRedactor } from '../src/secrets/masking';
import { startHarness } from './support/harness';

/** Milliseconds a connection is idle: more than the 5 s after which Node's servers close theirs. */
const IDLE = 6000;

const agents: http.Agent[] = [];
const servers: Worker[] = [];
afterAll(async () => {
  await Promise.all(servers.map((server) => server.terminate()));
  for (const agent of agents) agent.destroy();
});

/** One connection, kept as proxies keep theirs: whatever the server says of how long it may be idle. */
const keptAgent = () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return agent;
};

/** The status of an answer, and whether its connection had been used before. */
const get = (url: string, agent: http.Agent) =>
  new Promise<{ status: number | undefined; reused: boolean }>((resolve, reject) => {
    const sent = http.get(url, { agent }, (res) => {
      res.resume().on('end', () => {
        resolve({ status: res.statusCode, reused: sent.reusedSocket });
      });
    });
    sent.on('error', reject);
  });

test('idle connections to gateway and worker live on', async () => {
  const harness = await startHarness();
  const worker = /"url":"([^"]+)","msg":"worker probes listen"/.exec(harness.logs())?.[1] ?? '';
  const urls = [`${harness.gateway().found}/livez`, `${worker}/livez`];
  const kept = urls.map((url) => ({ url, agent: keptAgent() }));
  const ask = () => Promise.all(kept.map(({ url, agent }) => get(url, agent)));
  expect(await ask()).toMatchObject([{ status: 200 }, { status: 200 }]);
  await pause(IDLE);
  expect(await ask()).toEqual(urls.map(() => ({ status: 200, reused: true })));

  // A gateway that drains does not wait for those that are idle.
  const ended = harness.gateway().end();
  expect(await ended).toContain('exit code 0');
  await harness.stop();
});

/** As Airbyte may be: idle connections are closed without a word beforehand, and counted. In a thread of its own. */
const CLOSING = `
  const http = require('node:http');
  const { parentPort } = require('node:worker_threads');
  let connections = 0;
  const server = http.createServer((req, res) => {
    req.resume();
    // Without the time for which they may be idle, which Node's servers tell.
    res.setHeader('connection', 'keep-alive').end('{}');
    setTimeout(() => req.socket.end(), 30);
  });
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
  parentPort.on('message', () => parentPort.postMessage(connections));
`;

const compute = (milliseconds: number) => {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
};

test.each([
  ['an answer', () => Promise.resolve()],
  ['a timer', () => pause(1)],
  ['a file', () => readFile(__filename)],
])(
  'a write to Airbyte takes no connection that was closed while the worker computed, after %s',
  async (_what, before) => {
    const server = new Worker(CLOSING, { eval: true });
    servers.push(server);
    const told = async () => z.number().parse((await once(server, 'message'))[0]);
    const airbyte = createAirbyteHttp({
      url: `http://127.0.0.1:${String(await told())}`,
      credentials: () => Promise.resolve({ kind: 'none' }),
      requestTimeout: 10_000,
      limit: createLimit(1),
      redactor: createRedactor([]),
      log: pino({ level: 'silent' }),
    });
    const answer = z.object({});
    const write = () =>
      airbyte({ method: 'POST', path: '/sources', body: {}, answer, interest: LASTING });
    await write();
    await before();
    compute(500);
    await expect(write()).resolves.toEqual({});
    server.postMessage('connections?');
    expect(await told()).toBe(2);
  },
);

test('requests that come too slowly are bounded', () => {
  const server = createHttpServer((_req, res) => res.end());
  expect([server.headersTimeout, server.requestTimeout]).toEqual([30_000, 60_000]);
});
