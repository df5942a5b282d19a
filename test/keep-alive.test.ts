import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createHttpServer } from '../src/http-server';
import { listen } from '../src/program';
import { startHarness } from './harness';

/** Milliseconds a connection is idle: more than the 5 s after which Node's servers close theirs. */
const IDLE = 6000;

const agents: http.Agent[] = [];
afterAll(() => {
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

test('idle connections to gateway and worker live on; a write to Airbyte takes none that died', async () => {
  const harness = await startHarness();
  const worker = /"url":"([^"]+)","msg":"worker probes listen"/.exec(harness.logs())?.[1] ?? '';
  const urls = [`${harness.gateway().found}/livez`, `${worker}/livez`];
  const kept = urls.map((url) => ({ url, agent: keptAgent() }));
  const ask = () => Promise.all(kept.map(({ url, agent }) => get(url, agent)));
  const connections = new Set<unknown>();
  // A server as Airbyte may be: idle connections are closed without a word beforehand.
  const airbyte = http.createServer((req, res) => {
    connections.add(req.socket);
    res.end('{}');
  });
  airbyte.keepAliveTimeout = IDLE - 1000;
  const address = await listen(airbyte, { host: '127.0.0.1', port: 0, variable: '' });
  const write = async () => (await fetch(address, { method: 'POST', body: '{}' })).status;

  expect([await ask(), await write()]).toMatchObject([[{ status: 200 }, { status: 200 }], 200]);
  await pause(IDLE);
  expect([await ask(), await write()]).toEqual([
    urls.map(() => ({ status: 200, reused: true })),
    200,
  ]);
  expect(connections.size).toBe(2);
  airbyte.close();

  // A gateway that drains does not wait for those that are idle.
  const ended = harness.gateway().end();
  expect(await ended).toContain('exit code 0');
  await harness.stop();
});

test('requests that come too slowly are bounded', () => {
  const server = createHttpServer((_req, res) => res.end());
  expect([server.headersTimeout, server.requestTimeout]).toEqual([30_000, 60_000]);
});
