import { Replays, RunDetails, RunList } from '../src/contract/operator';
import { createDrift } from '../src/operator/drift';
import { oneQueue } from '../src/temporal/queues';
import { counts, eventually, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { productsOf } from './support/product-harness';
import type { Wish } from './support/product-harness';

/* What operators see and do of data products' runs. */

let harness: Harness;
let products: ReturnType<typeof productsOf>;
beforeAll(async () => {
  harness = await startHarness({
    env: { OPERATIONS: 'on', AIRBYTE_GIVE_UP_AFTER: '60s', AIRBYTE_REQUEST_TIMEOUT: '5s' },
  });
  products = productsOf(harness);
});
afterAll(() => harness.stop());
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

const wish = (component: string, more: Partial<Wish> = {}): Wish => ({
  component,
  connection: { name: `${component} <> Snowflake` },
  ...more,
});

const list = async (query = '') => {
  const answer = await harness.call(
    'GET',
    `/operations/runs?environment=${harness.environment}&${query}`,
  );
  return RunList.parse(answer.json()).runs;
};

/** Lists lag. */
const listed = (token: string, execution: string) =>
  eventually(
    async () =>
      (await list('limit=200')).find((run) => run.token === token && run.execution === execution),
    `${token} in the list as ${execution}`,
  );

const replay = async (token: string, body: object = {}) =>
  harness.post(`/operations/runs/${token}/replay`, body);

/** A data product of which one component fails at its connection. */
const failedProduct = async (wishes: Wish[]) => {
  await harness.fault({ operation: 'createConnection', skip: 1, status: 422 });
  const token = await products.start('provision', wishes);
  expect((await products.finished(token)).status).toBe('FAILED');
  await harness.clearFaults();
  const children = await products.children(token);
  for (const run of [token, ...children]) await listed(run, 'Failed');
  return { token, children };
};

test('lists and pages of runs have those of data products, and of access too', async () => {
  const { token, children } = await failedProduct([wish('a'), wish('b')]);
  const operations = (await list()).map(({ operation }) => operation);
  expect(new Set(operations)).toEqual(new Set(['provisionProduct', 'provision']));
  expect((await list('operation=provisionProduct')).map((run) => run.token)).toEqual([token]);
  expect(await list('operation=updateacl')).toEqual([]);
  const shown = await harness.cli('runs', 'show', token);
  expect(shown.stdout).toMatch(/^Token +provisionProduct\./);
  expect(shown.stdout).toMatch(/\nData product +finance\.cashflow\.0\n/);
  expect(shown.stdout).toContain('Each component has a run of its own');
  expect(shown.stdout).toMatch(
    /\nIn Airbyte\n {2}Nothing of it was there when the run ended, as far as the run has looked\./,
  );
  const [child = ''] = children;
  const answer = await harness.call('GET', `/operations/runs/${child}`);
  expect(RunDetails.parse(answer.json())).toMatchObject({
    dataProduct: 'finance.cashflow.0',
    status: 'FAILED',
    airbyte: { now: [] },
  });
  const typo = await harness.cli('runs', 'list', '--operation', 'provisionproduct');
  expect(typo.stderr).toContain('provisionProduct, unprovisionProduct, updateacl');
});

test('a failed data product is replayed as a whole; a component alone only by force', async () => {
  const { token, children } = await failedProduct([wish('c'), wish('d')]);
  const [child = ''] = children;
  const refused = await replay(child);
  expect(refused.status).toBe(409);
  expect(refused.text).toContain(token);
  expect((await replay(child, { force: true })).status).toBe(200);
  expect((await harness.finished(child)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);

  const together = { failed: true, environment: harness.environment };
  await eventually(async () => {
    const dry = await harness.post('/operations/runs/replay', { ...together, dryRun: true });
    const { replays } = Replays.parse(dry.json());
    const would = replays.filter(({ outcome }) => outcome === 'would be replayed');
    return would.some((one) => one.token === token) || undefined;
  }, 'the replay of the data product');
  expect((await replay(token)).status).toBe(200);
  expect((await products.finished(token)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([2, 2, 2]);
});

test('a data product that a later request has changed is not replayed', async () => {
  const whole = await failedProduct([wish('e'), wish('f')]);
  const newer = await products.start('provision', [wish('e', { database: 'newer' })]);
  expect((await products.finished(newer)).status).toBe('COMPLETED');
  await listed(newer, 'Completed');
  const refused = await replay(whole.token);
  expect(refused.status).toBe(409);
  expect(refused.text).toMatch(/came later and has ended Completed/);

  const part = await failedProduct([wish('g'), wish('h')]);
  const alone = await harness.start('unprovision', { component: 'g' });
  await harness.finished(alone);
  await listed(alone, 'Completed');
  expect((await replay(part.token)).text).toContain(alone);
});

test.each(['DELETE', 'cancel'] as const)(
  'the components of a data product that a %s has ended are not among the failed',
  async (how) => {
    // One that failed by itself is listed as ever.
    const { children: failed } = await failedProduct([wish('m'), wish('n')]);
    await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
    const token = await products.start('provision', [wish('o'), wish('p')]);
    await eventually(
      async () => (await harness.calls('createConnection')).length > 0 || undefined,
      'the connections',
    );
    if (how === 'DELETE') await harness.call('DELETE', `/v1/provision/${token}`);
    else await harness.client.workflow.getHandle(token).cancel();
    await products.finished(token);
    await listed(token, 'Canceled');
    const ended = await products.children(token);
    for (const run of ended) await listed(run, 'Failed');
    const tokens = (await list('failed=true&limit=200')).map((run) => run.token);
    expect(tokens).toEqual(expect.arrayContaining(failed));
    expect(tokens.filter((one) => [token, ...ended].includes(one))).toEqual([]);
    const together = { failed: true, environment: harness.environment, dryRun: true };
    const dry = await harness.post('/operations/runs/replay', together);
    const replays = Replays.parse(dry.json()).replays.map((one) => one.token);
    expect(replays.filter((one) => [token, ...ended].includes(one))).toEqual([]);
  },
);

test('the check for drift knows what data products have provisioned, and what was undone', async () => {
  const drift = () =>
    createDrift({ client: harness.client, queues: oneQueue(harness.environment) }).check();
  const kept = await products.start('provision', [wish('i'), wish('j')]);
  expect((await products.finished(kept)).status).toBe('COMPLETED');
  const [child = ''] = await products.children(kept);
  await failedProduct([wish('k'), wish('l')]);
  for (const run of await products.children(kept)) await listed(run, 'Completed');
  await harness.forgetCalls();
  const ofOurs = async () =>
    (await drift()).findings.filter(({ component }) => /\.[ijkl]$/.test(component));
  expect(await ofOurs()).toEqual([]);
  expect((await harness.calls()).filter(isWrite)).toEqual([]);

  const { privateInfo = {} } = (await harness.status(child)).info ?? {};
  await harness.airbyte('DELETE', `/connections/${String(privateInfo.connectionId)}`);
  expect(await ofOurs()).toMatchObject([{ kind: 'missing', entity: 'connection', token: child }]);

  expect((await products.run('unprovision', [wish('i'), wish('j')])).status).toBe('COMPLETED');
  const removed = (await list('operation=unprovision')).map(({ token }) => token);
  for (const run of removed) await listed(run, 'Completed');
  await eventually(async () => ((await ofOurs()).length === 0 ? true : undefined), 'no drift');
});
