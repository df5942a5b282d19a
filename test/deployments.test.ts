import { z } from 'zod';
import { DEFAULT_TASK_QUEUE, deploymentOf } from '../src/contract/ids';
import { RunList } from '../src/contract/operator';
import { isRecord } from '../src/contract/json';
import { createRunHistory } from '../src/runs/history';
import { counts, eventually, leaseId, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { productsOf } from './support/product-harness';

/* Two deployments in one namespace: a gateway, a worker and an Airbyte each, and the same descriptor. */

let one: Harness;
let other: Harness;
beforeAll(async () => {
  // A run that is stuck stays so until the test ends it.
  const env = { AIRBYTE_GIVE_UP_AFTER: '80s', OPERATIONS: 'on' };
  [one, other] = await Promise.all([startHarness({ env }), startHarness({ env })]);
});
afterAll(() => Promise.all([one.stop(), other.stop()]));
afterEach(async () => {
  for (const each of [one, other]) {
    await each.clearFaults();
    await each.resetAirbyte();
  }
});

const RunLook = z.object({
  airbyte: z.object({ now: z.array(z.object({ kind: z.string() })) }),
});

/** Both are asked for the same component of the same environment. */
const asked = (component: string) => ({ environment: one.environment, component });

/** A run that has the component, and tries its first write until the fault is lifted. */
const stuck = async (harness: Harness, component: string) => {
  await harness.fault({ operation: 'createSource', status: 503, times: 0 });
  const token = await harness.start('provision', asked(component));
  await eventually(
    async () => (await harness.calls('createSource')).length > 0 || undefined,
    'the creation of the source',
  );
  return token;
};

test('the default task queue adds nothing to ids; each other one twelve digits of its own', () => {
  expect(deploymentOf(DEFAULT_TASK_QUEUE)).toBeUndefined();
  expect(deploymentOf('sales')).toMatch(/^[0-9a-f]{12}$/);
  expect(deploymentOf('sales')).not.toBe(deploymentOf('sales2'));
});

test('the same descriptor is provisioned in both; neither joins the other or waits for it', async () => {
  const held = await stuck(one, 'same');
  const free = await other.start('provision', asked('same'));
  expect(free).not.toBe(held);
  // The one in the first deployment still holds the component there.
  expect((await other.finished(free)).status).toBe('COMPLETED');
  expect((await one.status(held)).status).toBe('RUNNING');
  expect((await one.entities()).connections).toEqual([]);
  expect(counts(await other.entities())).toEqual([1, 1, 1]);
  await one.clearFaults();
  expect((await one.finished(held)).status).toBe('COMPLETED');
  expect((await one.run('unprovision', asked('same'))).status).toBe('COMPLETED');
  expect([counts(await one.entities()), counts(await other.entities())]).toEqual([
    [0, 0, 0],
    [1, 1, 1],
  ]);
});

test('a data product is held in each by itself', async () => {
  const [first, second] = [productsOf(one), productsOf({ ...other, environment: one.environment })];
  await one.fault({ operation: 'createSource', status: 503, times: 0 });
  const held = await first.start('provision', [{ component: 'part' }]);
  await eventually(
    async () => (await one.calls('createSource')).length > 0 || undefined,
    'the creation of the source',
  );
  const free = await second.run('provision', [{ component: 'part' }]);
  expect(free.status).toBe('COMPLETED');
  expect((await one.status(held)).status).toBe('RUNNING');
  await one.clearFaults();
  expect((await first.finished(held)).status).toBe('COMPLETED');
});

test('a token of the other is one that there is not: no status, no end, no replay, no list', async () => {
  const held = await stuck(one, 'foreign');
  const at = `/operations/runs/${held}`;
  const unknown: unknown = expect.stringContaining('there is no run with the token');
  for (const [method, path, status, body] of [
    ['GET', `/v1/provision/${held}/status`, 400],
    ['DELETE', `/v1/provision/${held}`, 400],
    ['GET', at, 404],
    ['POST', `${at}/cancel`, 404, '{}'],
    ['POST', `${at}/replay`, 404, '{"force":true}'],
  ] as const) {
    const answer = await other.call(method, path, body);
    expect({ path, status: answer.status, text: answer.text }).toEqual({
      path,
      status,
      text: unknown,
    });
  }
  const listed = async ({ call }: Harness) =>
    RunList.parse((await call('GET', '/operations/runs')).json()).runs.map(({ token }) => token);
  await eventually(
    async () => (await listed(one)).includes(held) || undefined,
    'the run in the list of its deployment',
  );
  expect(await listed(other)).not.toContain(held);
  expect((await one.status(held)).status).toBe('RUNNING');
  await one.clearFaults();
  expect((await one.finished(held)).status).toBe('COMPLETED');
});

test('what came later in the other deployment stands in the way of no replay', async () => {
  await one.fault({ operation: 'createSource', status: 403 });
  const failed = await one.start('provision', asked('replayed'));
  expect((await one.finished(failed)).status).toBe('FAILED');
  expect((await other.run('provision', asked('replayed'))).status).toBe('COMPLETED');
  const { status, text } = await one.call('POST', `/operations/runs/${failed}/replay`, '{}');
  expect({ status, text }).toEqual({
    status: 200,
    text: JSON.stringify({ token: failed, outcome: 'replayed' }),
  });
  expect((await one.finished(failed)).status).toBe('COMPLETED');
});

test('a look at a component sees the Airbyte of its own deployment', async () => {
  const token = await one.start('provision', asked('seen'));
  await one.finished(token);
  const gone = await other.start('unprovision', asked('seen'));
  await other.finished(gone);
  const [mine, theirs] = await Promise.all([
    one.call('GET', `/operations/runs/${token}`),
    other.call('GET', `/operations/runs/${gone}`),
  ]);
  const kindsOf = (answer: { json: () => unknown }) =>
    RunLook.parse(answer.json()).airbyte.now.map(({ kind }) => kind);
  expect(kindsOf(mine)).toEqual(['source', 'destination', 'connection']);
  expect(kindsOf(theirs)).toEqual([]);
});

/** What a gateway of before gave to its runs, which said nothing of its deployment. */
const asBefore = (input: unknown): unknown => {
  if (!isRecord(input)) throw new Error('a run without an input');
  const { deployment: _ours, parts, ...rest } = input;
  const before = (part: unknown) =>
    isRecord(part) ? { ...part, input: asBefore(part.input) } : part;
  return { ...rest, ...(Array.isArray(parts) && { parts: parts.map(before) }) };
};

/** Does again what the failed run of a token was to do, as the version before would have: it fails too. */
const failAsBefore = async (type: string, token: string) => {
  const { client, environment: taskQueue } = one;
  const handle = client.workflow.getHandle(token);
  const [input] = await createRunHistory({ client }).argsOf(await handle.describe());
  await one.fault({ operation: 'createSource', status: 403 });
  const args = [asBefore(input)];
  await client.workflow.start(type, { workflowId: token, taskQueue, args });
  expect((await one.finished(token)).status).toBe('FAILED');
};

const products = () => productsOf(one);
test.each([
  {
    what: 'a run',
    type: 'provision',
    begin: () => one.start('provision', asked('older')),
    later: () => one.start('unprovision', asked('older')),
    tokenIn: (token: string) => Promise.resolve([token]),
  },
  {
    what: "a data product's run",
    type: 'provisionProduct',
    begin: () => products().start('provision', [{ component: 'older' }]),
    later: () => one.start('unprovision', asked('older')),
    tokenIn: (token: string) => products().children(token),
  },
])('$what of an older gateway is replayed as the only writer of its component', async (of) => {
  await one.fault({ operation: 'createSource', status: 403 });
  const token = await of.begin();
  expect((await one.finished(token)).status).toBe('FAILED');
  await failAsBefore(of.type, token);

  await one.fault({ operation: 'createSource', status: 503, times: 0 });
  await one.forgetCalls();
  expect((await one.call('POST', `/operations/runs/${token}/replay`, '{}')).status).toBe(200);
  await eventually(
    async () => (await one.calls('createSource')).length > 0 || undefined,
    'the creation of the source',
  );
  const [holder] = await of.tokenIn(token);
  const lease = await one.client.workflow.getHandle(leaseId(one, 'older')).describe();
  expect([lease.status.name, lease.memo]).toEqual(['RUNNING', { holder }]);
  const later = await of.later();
  await eventually(
    async () =>
      (await one.status(later)).result === `Waiting for ${holder ?? ''}, which comes first` ||
      undefined,
    'the later run to wait',
  );
  await one.clearFaults();
  expect((await one.finished(token)).status).toBe('COMPLETED');
  expect((await one.finished(later)).status).toBe('COMPLETED');
  expect(counts(await one.entities())).toEqual([0, 0, 0]);
});
