import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { pino } from 'pino';
import { withSdk } from '../src/metrics/sdk';

/* What a worker tells at /metrics where the SDK beside it does not answer. */

const toldBeside = async (sdk: RequestListener) => {
  const lines: string[] = [];
  const server = createServer(sdk).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = server.address();
  const exposition = withSdk(
    { type: 'text/plain', text: () => Promise.resolve('provisioner_ready 1\n') },
    {
      address: `127.0.0.1:${String(typeof at === 'object' ? at?.port : at)}`,
      log: pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }),
    },
  );
  const text = await exposition.text();
  server.close();
  server.closeAllConnections();
  return { text, logged: lines.join('') };
};

test('metrics of the SDK come after those of the worker', async () => {
  expect(await toldBeside((_req, res) => res.end('temporal_request 1\n'))).toEqual({
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
  const { text, logged } = await toldBeside(sdk);
  expect(text).toMatch(/^provisioner_ready 1\n# The metrics of Temporal's SDK are missing: .*\n$/);
  expect(logged).toContain("the SDK's metrics are missing from /metrics");
});
