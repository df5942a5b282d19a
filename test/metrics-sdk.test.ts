import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { withSdk } from '../src/metrics/sdk';

/* What a worker tells at /metrics where the SDK beside it does not answer. */

const toldBeside = async (sdk: RequestListener) => {
  const errors: unknown[] = [];
  const server = createServer(sdk).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = server.address();
  const exposition = withSdk(
    { type: 'text/plain', text: () => Promise.resolve('provisioner_ready 1\n') },
    {
      address: `127.0.0.1:${String(typeof at === 'object' ? at?.port : at)}`,
      missing: (err) => errors.push(err),
    },
  );
  const text = await exposition.text();
  server.close();
  server.closeAllConnections();
  return { text, missing: errors.length };
};

test('metrics of the SDK come after those of the worker', async () => {
  expect(await toldBeside((_req, res) => res.end('temporal_request 1\n'))).toEqual({
    text: 'provisioner_ready 1\ntemporal_request 1\n',
    missing: 0,
  });
});

test.each<[string, RequestListener]>([
  ['hangs', () => undefined],
  ['stops in the middle', (_req, res) => void res.write('temporal_')],
  ['hangs up', (req) => req.socket.destroy()],
  ['fails', (_req, res) => res.writeHead(500).end('oh')],
])('of an SDK that %s the worker says so, and serves its own metrics', async (_how, sdk) => {
  const { text, missing } = await toldBeside(sdk);
  expect(text).toMatch(/^provisioner_ready 1\n# The metrics of Temporal's SDK are missing: .*\n$/);
  expect(missing).toBe(1);
});
