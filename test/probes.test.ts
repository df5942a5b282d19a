import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { pino } from 'pino';
import { createProbes } from '../src/probes';

/* What a worker serves where the SDK beside it does not answer. */

const listening: Server[] = [];
afterEach(() => {
  for (const server of listening.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

const addressOf = async (server: Server) => {
  listening.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const at = server.address();
  return `127.0.0.1:${String(typeof at === 'object' ? at?.port : at)}`;
};

const metricsBeside = async (sdk: RequestListener) => {
  const lines: string[] = [];
  const probes = createProbes({
    isReady: () => Promise.resolve(true),
    exposition: { type: 'text/plain', text: () => Promise.resolve('provisioner_ready 1\n') },
    sdkAddress: await addressOf(createServer(sdk)),
    log: pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }),
  });
  const response = await fetch(`http://${await addressOf(probes)}/metrics`);
  return { status: response.status, text: await response.text(), logged: lines.join('') };
};

test('metrics of the SDK come after those of the worker', async () => {
  expect(await metricsBeside((_req, res) => res.end('temporal_request 1\n'))).toEqual({
    status: 200,
    text: 'provisioner_ready 1\ntemporal_request 1\n',
    logged: '',
  });
});

test.each<[string, RequestListener]>([
  ['hangs', () => undefined],
  ['stops in the middle', (_req, res) => void res.write('temporal_')],
  ['hangs up', (req) => req.socket.destroy()],
  ['fails', (_req, res) => res.writeHead(500).end('oh')],
])('of an SDK that %s the worker says so, and serves its own metrics', async (_how, sdk) => {
  const { status, text, logged } = await metricsBeside(sdk);
  expect(status).toBe(200);
  expect(text).toMatch(/^provisioner_ready 1\n# The metrics of Temporal's SDK are missing: .*\n$/);
  expect(logged).toContain("the SDK's metrics are missing from /metrics");
});
