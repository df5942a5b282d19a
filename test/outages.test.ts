import path from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { findFreePorts } from '../scripts/ports';
import { findCli, startTemporal } from '../scripts/temporal';
import { counts, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { descriptor, request } from './support/fixtures';

/** What a test has started, ended after it in reverse. */
const started: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of started.splice(0).toReversed()) await end();
});

const begin = async (...options: Parameters<typeof startHarness>) => {
  const harness = await startHarness(...options);
  started.push(harness.stop);
  return harness;
};

const temporalAt = async (port: number, more: object = {}) => {
  const logFile = path.join(os.tmpdir(), `provisioner-tests-temporal-${String(port)}.log`);
  const temporal = await startTemporal({ cli: findCli(), port, logFile, ...more });
  started.push(temporal.stop);
  return temporal;
};

const terminatedText: unknown = expect.stringContaining(
  'An operator terminated the run; nothing was undone.',
);

const body = (harness: Harness) => request(descriptor({ environment: harness.environment }));
const isReady = async (harness: Harness) => (await harness.call('GET', '/readyz')).status === 200;

test('without a worker a request gets its token and its status, and runs when one comes', async () => {
  const harness = await begin({ worker: false });
  const token = await harness.start('provision');
  expect(await harness.status(token)).toEqual({
    status: 'RUNNING',
    result: 'Waiting for a worker',
    logs: [],
  });
  await harness.startWorker();
  expect((await harness.finished(token)).status).toBe('COMPLETED');
});

test('a status needs no worker once one has worked', async () => {
  const harness = await begin();
  await harness.fault({ operation: 'createConnection', hang: 'before' });
  const ends = await harness.start('unprovision');
  await harness.finished(ends);
  const hangs = await harness.start('provision');
  await eventually(
    async () => (await harness.status(hangs)).result.includes('connection') || undefined,
    'the connection step',
  );
  await harness.worker()?.end('SIGKILL');
  expect((await harness.status(ends)).status).toBe('COMPLETED');
  const status = await harness.status(hangs);
  expect(status).toMatchObject({ status: 'RUNNING', result: 'Putting the connection in place' });
});

test('Airbyte being down does not keep a request waiting', async () => {
  const harness = await begin();
  await harness.simulator.close();
  const answer = await harness.post('/v1/provision', body(harness));
  expect(answer.status).toBe(202);
  const status = await harness.finished(answer.text);
  expect(status.result).toContain('could not be reached');
});

test('what the core of the SDK warns of is in the log of the worker as JSON', async () => {
  const [port = 0] = await findFreePorts(1);
  const temporal = await temporalAt(port);
  const harness = await begin({ temporal: `127.0.0.1:${String(port)}` });
  await harness.run('provision');
  await temporal.stop();
  const logged = () => harness.worker()?.output() ?? '';
  await eventually(
    () => Promise.resolve(logged().includes('"sdkComponent":"core"') || undefined),
    'a warning of the core',
    30_000,
  );
  const lines = logged().trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('{"level":'))).toEqual([]);
});

test('gateway and worker start while Temporal is down, say so, and recover by themselves', async () => {
  const [port = 0] = await findFreePorts(1);
  const harness = await begin({ worker: false, temporal: `127.0.0.1:${String(port)}` });
  const worker = harness.startWorker();
  expect((await harness.call('GET', '/livez')).status).toBe(200);
  expect(await isReady(harness)).toBe(false);
  const refused = await harness.post('/v1/provision', body(harness));
  expect(refused.status).toBe(500);
  expect(refused.json()).toMatchObject({
    error: 'The provisioner could not hand the request to Temporal.',
    moreInfo: { solutions: [expect.stringContaining('again'), expect.any(String)] },
  });
  await temporalAt(port);
  await eventually(async () => (await isReady(harness)) || undefined, 'readiness');
  await worker;
  expect((await harness.run('provision')).status).toBe('COMPLETED');
});

test('a token outlives the restart of gateway, worker and Temporal', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'provisioner-tests-'));
  started.push(() => rm(folder, { recursive: true }));
  const [port = 0] = await findFreePorts(1);
  const dbFile = path.join(folder, 'temporal.db');
  const temporal = await temporalAt(port, { dbFile });
  const harness = await begin({ temporal: temporal.address });
  const done = await harness.start('provision');
  const before = await harness.finished(done);
  await harness.fault({ operation: 'createConnection', hang: 'before', times: 1 });
  const open = await harness.start('provision', { component: 'open' });
  await harness.worker()?.end('SIGKILL');
  await temporal.stop();
  await temporalAt(port, { dbFile });
  await harness.restartGateway();
  await eventually(async () => (await isReady(harness)) || undefined, 'readiness');
  expect(await harness.status(done)).toEqual(before);
  expect((await harness.status(open)).status).toBe('RUNNING');
  await harness.startWorker();
  expect((await harness.finished(open)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([2, 2, 2]);
});

test('without search attributes runs start all the same, and the log says once how to add them', async () => {
  const [port = 0] = await findFreePorts(1);
  const temporal = await temporalAt(port, { searchAttributes: false });
  const harness = await begin({ temporal: temporal.address });
  // At once, so that all are under way when the first finds out.
  const names = Array.from({ length: 10 }, (_, index) => `at-once-${String(index)}`);
  const all = await Promise.all(names.map((component) => harness.run('provision', { component })));
  expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['COMPLETED']));
  expect((await harness.run('unprovision', { component: 'at-once-0' })).status).toBe('COMPLETED');
  const hints = harness.logs().match(/temporal operator search-attribute create[^"]*/g);
  expect(hints).toEqual([
    'temporal operator search-attribute create --name DataProduct --type Keyword --name Component --type Keyword --name Environment --type Keyword --name Operation --type Keyword',
  ]);
});

test('the worker tells whether it works, and its metrics', async () => {
  const harness = await begin();
  const [, url = ''] = /"url":"([^"]+)","msg":"worker probes listen"/.exec(harness.logs()) ?? [];
  for (const probe of ['/livez', '/readyz']) expect((await fetch(url + probe)).status).toBe(200);
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('temporal_num_pollers');
});

test('a run can be found and read in Temporal', async () => {
  const harness = await begin();
  const token = await harness.start('provision');
  await harness.finished(token);
  const run = await harness.client.workflow.getHandle(token).describe();
  expect(run.memo).toEqual({ phase: 'See its steps' });
  expect(await run.staticSummary()).toBe(
    `provision payments of cashflow in ${harness.environment}`,
  );
  expect(await run.staticDetails()).toContain('- **Source** Payments CSV (file)');
  expect(run.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])).toEqual(
    expect.arrayContaining([
      ['DataProduct', 'finance.cashflow.0'],
      ['Component', 'finance.cashflow.0.payments'],
      ['Environment', harness.environment],
      ['Operation', 'provision'],
    ]),
  );
});

test('a run that an operator cancels undoes what it did; one that is terminated says that it did not', async () => {
  const harness = await begin({ env: { AIRBYTE_GIVE_UP_AFTER: '60s' } });
  await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
  const atConnection = async (token: string) =>
    eventually(
      async () => (await harness.status(token)).result.includes('connection') || undefined,
      'the connection step',
    );
  const cancelled = await harness.start('provision');
  await atConnection(cancelled);
  await harness.client.workflow.getHandle(cancelled).cancel();
  expect((await harness.finished(cancelled)).result).toBe(
    [
      'The component was not provisioned. An operator cancelled the run.',
      'What to do: Send the request again when it may go on.',
      'Undone: the destination "Snowflake" (deleted); the source "Payments CSV" (deleted).',
    ].join('\n'),
  );
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);

  const terminated = await harness.start('provision');
  await atConnection(terminated);
  await harness.client.workflow.getHandle(terminated).terminate();
  expect(await harness.finished(terminated)).toMatchObject({
    status: 'FAILED',
    result: terminatedText,
  });
});
