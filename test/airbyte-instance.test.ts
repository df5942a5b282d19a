import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isRefused } from '../src/contract/call-error';
import type { AirbyteAuth } from '../src/airbyte/session';
import type { SimulatorOptions } from '../simulator/simulator';
import { startSimulator } from '../simulator/simulator';
import {
  airbyteOf,
  atEnd,
  clientOf,
  detectAt,
  interest,
  source,
  startAirbyte,
} from './support/airbyte-clients';
import { counts, startHarness } from './support/harness';

const oauth: AirbyteAuth = {
  kind: 'oauth',
  clientId: 'simulator',
  clientSecret: 'simulator-secret',
};
const basic: AirbyteAuth = { kind: 'basic', username: 'airbyte', password: 'password' };
const none: AirbyteAuth = { kind: 'none' };

interface Found {
  what: string;
  airbyte: SimulatorOptions;
  auth: AirbyteAuth;
  found: object;
}

const FOUND: Found[] = [
  {
    what: "today's, with both APIs",
    airbyte: { version: '2.0.0' },
    auth: oauth,
    found: { api: 'public', version: '2.0.0', edition: 'community', authMode: 'simple' },
  },
  {
    what: 'an enterprise edition behind OIDC',
    airbyte: { edition: 'enterprise', authMode: 'oidc' },
    auth: oauth,
    found: { api: 'public', edition: 'enterprise', authMode: 'oidc' },
  },
  {
    what: 'one without a public API, behind a proxy that wants a password',
    airbyte: { version: '0.50.0', apis: ['config'], auth: 'basic' },
    auth: basic,
    found: { api: 'config', version: '0.50.0' },
  },
  {
    what: 'one with its authentication switched off',
    airbyte: { auth: 'none' },
    auth: none,
    found: { api: 'public', authMode: 'none' },
  },
  {
    what: 'one that keeps its Config API to itself',
    airbyte: { apis: ['public'] },
    auth: oauth,
    found: { api: 'public', version: undefined, authMode: undefined },
  },
];

test.each(FOUND)('finds $what, and works with it', async ({ airbyte, auth, found: instance }) => {
  const { url, client } = await startAirbyte(airbyte);
  expect(await detectAt(url, auth)).toMatchObject(instance);
  const found = await client({ credentials: () => Promise.resolve(auth) });
  const made = await found.createActor('source', source);
  expect(
    await (await client({ credentials: () => Promise.resolve(auth) })).listActors('source'),
  ).toMatchObject([{ id: made.id }]);
});

interface Refused {
  what: string;
  airbyte: SimulatorOptions;
  auth: AirbyteAuth;
  below?: string;
  problem: RegExp;
  solution: RegExp;
}

const REFUSED: Refused[] = [
  {
    what: 'an application where authentication is off',
    airbyte: { auth: 'none' },
    auth: oauth,
    problem: /authentication switched off/,
    solution: /Leave AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET empty/,
  },
  {
    what: 'no credentials where there is authentication',
    airbyte: {},
    auth: none,
    problem: /wants the token of an application \(its auth mode is simple\)/,
    solution: /Set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET/,
  },
  {
    what: 'a password where an application is wanted',
    airbyte: { authMode: 'oidc' },
    auth: basic,
    problem: /its auth mode is oidc/,
    solution: /Set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET/,
  },
  {
    what: 'the address of a page of its user interface',
    airbyte: {},
    auth: oauth,
    below: '/workspaces',
    problem: /answered GET \/api\/public\/v1\/health with a web page instead of JSON/,
    solution: /AIRBYTE_URL: it must be the root of the Airbyte host/,
  },
  {
    what: 'the address of an API',
    airbyte: {},
    auth: oauth,
    below: '/api/public/v1',
    problem: /There is no Airbyte at AIRBYTE_URL/,
    solution: /AIRBYTE_URL: it must be the root of the Airbyte host/,
  },
];

test.each(REFUSED)('refuses $what, and says what to do', async (row) => {
  const { url } = await startAirbyte(row.airbyte);
  const address = `${url}${row.below ?? ''}`;
  const client = () => clientOf({ url: address, credentials: () => Promise.resolve(row.auth) });
  for (const ask of [() => detectAt(address, row.auth), client]) {
    const err: unknown = await ask().catch((cause: unknown) => cause);
    expect(isRefused(err)).toBe(true);
    expect(String(err)).toMatch(row.problem);
    expect(Reflect.get(Object(err), 'solution')).toMatch(row.solution);
  }
});

test.each([
  ['a proxy that wants a password', 401, 'refused'],
  ['a proxy before an Airbyte that is down', 502, 'again'],
])('%s is told apart from an API that is not there', async (_what, status, kind) => {
  const { url, control } = await startAirbyte();
  await control('/faults', { operation: 'getHealthCheck', status, html: true });
  await expect(detectAt(url, none)).rejects.toMatchObject({ kind, status });
});

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address: AddressInfo | string | null = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
};

test('is found when it comes, by who asked before in vain', async () => {
  const port = await freePort();
  const { airbyteFor } = airbyteOf({ url: `http://127.0.0.1:${String(port)}` });
  await expect(airbyteFor(interest)).rejects.toMatchObject({ kind: 'again' });
  const simulator = await startSimulator({ port });
  atEnd(() => simulator.close());
  expect(await (await airbyteFor(interest)).listConnections()).toEqual([]);
});

test('is looked for once, however many ask at once', async () => {
  const { url, requests } = await startAirbyte({ latency: 30 });
  const { airbyteFor } = airbyteOf({ url });
  await Promise.all(Array.from({ length: 5 }, () => airbyteFor(interest)));
  const calls = (await requests()).filter((name) => name === 'getInstanceConfiguration');
  expect(calls).toHaveLength(1);
});

test('a worker is ready while Airbyte is down, finds it later and says once what it found', async () => {
  const harness = await startHarness({ worker: false, env: { AIRBYTE_API: 'auto' } });
  atEnd(() => harness.stop());
  await harness.fault({ operation: 'getHealthCheck', html: true, times: 0 });
  const worker = await harness.startWorker();
  const token = await harness.start('provision');
  const probes = /"url":"([^"]+)","msg":"worker probes listen"/.exec(worker.output())?.[1] ?? '';
  expect((await fetch(`${probes}/readyz`)).status).toBe(200);
  await harness.clearFaults();
  expect((await harness.finished(token)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
  const told = worker
    .output()
    .split('\n')
    .filter((line) => line.includes('"found Airbyte"'));
  expect(told).toEqual([expect.stringContaining('"version":"2.0.0","edition":"community"')]);
});
