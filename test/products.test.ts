import Ajv2020 from 'ajv/dist/2020';
import { RequestValidationError } from '../src/contract/coordinator';
import { schemas } from './support/contract/schema';
import { counts, eventually, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { productDescriptor, productsOf } from './support/product-harness';
import type { Wish } from './support/product-harness';

let harness: Harness;
let products: ReturnType<typeof productsOf>;
beforeAll(async () => {
  harness = await startHarness({ env: { AIRBYTE_GIVE_UP_AFTER: '60s' } });
  products = productsOf(harness);
});
afterAll(() => harness.stop());
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const expectStatus = (given: object) => {
  ajv.validate(schemas.ProvisioningStatus, given);
  expect(ajv.errors).toBeNull();
};

/** Names that tests of this file share; each component has a connection of its own name. */
const wish = (component: string, more: Partial<Wish> = {}): Wish => ({
  component,
  connection: { name: `${component} <> Snowflake` },
  ...more,
});
const THREE = [wish('one'), wish('two'), wish('three-b')];

const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (text: RegExp): unknown => expect.stringMatching(text);
const aGuid = matching(/^[0-9a-f-]{36}$/);

/** What is in Airbyte, but for times and the fingerprints that entities lose when they are put back. */
const content = async () => {
  const { sources, destinations, connections } = await harness.entities();
  const plain = (entity: { name: string }) =>
    JSON.stringify({ ...entity, name: entity.name.replace(/ #\w+\]$/, ']'), updatedAt: 0 });
  return [sources, destinations, connections].map((list) => list.map(plain).sort());
};

const inPhase = (token: string, words: string) =>
  eventually(async () => {
    const { result } = await harness.status(token);
    return result.includes(words) ? result : undefined;
  }, `${token}: ${words}`);

/** Two of its components have told it that they are in place. */
const twoInPlace = (token: string) =>
  eventually(async () => {
    const { result } = await harness.status(token);
    return result.match(/in place, waits for the others/g)?.length === 2 || undefined;
  }, `${token}: two in place`);

/** Two components get their connections; the call for the third meets the fault. */
const failThird = (operation: string, fault: object) =>
  harness.fault({ operation, skip: 2, ...fault });

const statusesOf = async (tokens: string[]) =>
  (await Promise.all(tokens.map((token) => harness.status(token)))).map(({ status }) => status);

test('all our components of a data product are provisioned in one run, and again without a write', async () => {
  const token = await products.start('provision', THREE);
  expect(token).toMatch(
    new RegExp(
      `^provisionProduct\\.${harness.environment}\\.finance\\.cashflow\\.0\\.[0-9a-f]{12}$`,
    ),
  );
  const status = await products.finished(token);
  expectStatus(status);
  expect(status).toMatchObject({
    status: 'COMPLETED',
    result: [
      'The pipelines of the data product are in place.',
      'one: The connection "one <> Snowflake" is in place.',
      'two: The connection "two <> Snowflake" is in place.',
      'three-b: The connection "three-b <> Snowflake" is in place.',
    ].join('\n'),
    info: {
      publicInfo: {
        one_connection: { label: 'one: Airbyte connection', href: containing('/connections/') },
        three_b_streams: { label: 'three-b: Streams', value: containing('payments') },
      },
      privateInfo: {
        'one.sourceId': aGuid,
        'two.connectionId': aGuid,
        'three-b.workspaceId': aGuid,
      },
    },
  });
  expect(counts(await harness.entities())).toEqual([3, 3, 3]);

  const children = await products.children(token);
  expect(children).toHaveLength(3);
  for (const child of children) {
    expect((await harness.status(child)).status).toBe('COMPLETED');
    const run = await harness.client.workflow.getHandle(child).describe();
    expect(await run.staticSummary()).toMatch(/^provision (one|two|three-b) of cashflow in test-/);
    expect(await run.staticDetails()).toContain('- **Source** Payments CSV (file)');
    const attributes = run.typedSearchAttributes.getAll().map(({ key: { name } }) => name);
    expect(attributes).toEqual(expect.arrayContaining(['Component', 'DataProduct', 'Environment']));
    expect(run.memo).toMatchObject({ phase: 'Completed' });
  }
  // The same request for a component alone has the token of its run.
  expect(children).toContain(await harness.start('provision', wish('one')));

  await harness.forgetCalls();
  expect(await products.start('provision', [...THREE].reverse())).toBe(token);
  expect((await products.finished(token)).status).toBe('COMPLETED');
  expect((await harness.calls()).filter(isWrite)).toEqual([]);
});

test('when one component fails at its connection, nothing is left of any', async () => {
  await failThird('createConnection', { status: 422 });
  const token = await products.start('provision', THREE);
  const status = await products.finished(token);
  expectStatus(status);
  expect(status).toMatchObject({
    status: 'FAILED',
    result: matching(
      /^The data product was not provisioned\. (one|two|three-b): Airbyte answered 422[^]*\nWhat to do: [^]*\nUndone: [^]*\n(.*: stopped with the others\n?|.*: failed\n?){3}$/,
    ),
    info: { publicInfo: {}, privateInfo: { problems: [containing('422')], leftBehind: [] } },
  });
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  const children = await products.children(token);
  expect(await statusesOf(children)).toEqual(['FAILED', 'FAILED', 'FAILED']);
  const results = await Promise.all(children.map((child) => harness.status(child)));
  const sibling = 'The component was not provisioned. Another component of the data product failed';
  const others = results.filter(({ result }) => result.startsWith(sibling));
  expect(others).toHaveLength(2);
  for (const { result } of others) expect(result).toContain(token);

  expect((await products.run('provision', THREE)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([3, 3, 3]);
});

test('when one fails in an update, all are put back, and one that was unchanged is untouched', async () => {
  expect((await products.run('provision', THREE)).status).toBe('COMPLETED');
  const before = await content();
  await harness.forgetCalls();
  const prefixed = (name: string) =>
    wish(name, { connection: { name: `${name} <> Snowflake`, prefix: 'new_' }, database: 'other' });
  await harness.fault({ operation: 'patchConnection', skip: 1, status: 422 });
  const changed = [wish('one'), prefixed('two'), prefixed('three-b')];
  const status = await products.run('provision', changed);
  expect(status).toMatchObject({ status: 'FAILED', info: { privateInfo: { leftBehind: [] } } });
  expect(await content()).toEqual(before);
  const ids = status.info?.privateInfo ?? {};
  const written = (await harness.calls()).filter(isWrite).map(({ path }) => path);
  expect(written.filter((path) => path.includes(String(ids['one.connectionId'])))).toEqual([]);
  expect(written.filter((path) => path.includes(String(ids['two.connectionId'])))).not.toEqual([]);
});

test('a running data product tells how each component stands, and is terminated as a whole', async () => {
  await failThird('createConnection', { status: 503, times: 0 });
  const token = await products.start('provision', THREE);
  const result = await inPhase(token, 'in place');
  expect(result).toMatch(/^Provisioning 3 components\n/);
  await twoInPlace(token);
  // Compensation goes on until the fault is gone, so that TERMINATING is there to be seen.
  await harness.fault({ operation: 'deleteSource', status: 503, times: 0 });
  expect((await harness.call('DELETE', `/v1/provision/${token}`)).status).toBe(202);
  await eventually(
    async () => (await harness.calls('deleteSource')).length > 0 || undefined,
    'the first undo',
  );
  expect((await harness.status(token)).status).toBe('TERMINATING');
  await harness.clearFaults();
  const status = await products.finished(token);
  expectStatus(status);
  expect(status).toMatchObject({ status: 'TERMINATED', result: containing('by a DELETE of its') });
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  expect(await statusesOf(await products.children(token))).toEqual(['FAILED', 'FAILED', 'FAILED']);
});

test("an operator's cancel of the whole undoes all, and so does that of one component", async () => {
  for (const whom of ['whole', 'component'] as const) {
    await failThird('createConnection', { status: 503, times: 0 });
    const token = await products.start('provision', THREE);
    await inPhase(token, 'in place');
    const [first = ''] = await products.children(token);
    await harness.client.workflow.getHandle(whom === 'whole' ? token : first).cancel();
    await eventually(
      async () => (await harness.calls('deleteSource')).length > 0 || undefined,
      'the first undo',
    );
    const status = await products.finished(token);
    expect(status).toMatchObject({ status: 'FAILED', result: containing('cancelled') });
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
    await harness.clearFaults();
    await harness.forgetCalls();
  }
});

test('when the run of the data product is terminated by force, its components undo what they did', async () => {
  await failThird('createConnection', { status: 503, times: 0 });
  const token = await products.start('provision', THREE);
  await twoInPlace(token);
  const children = await products.children(token);
  await harness.client.workflow.getHandle(token).terminate();
  const statuses = await Promise.all(children.map((child) => harness.finished(child)));
  for (const status of statuses)
    expect(status).toMatchObject({
      status: 'FAILED',
      result: containing('because the run of its data product had ended'),
    });
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  expect(await harness.status(token)).toMatchObject({ status: 'FAILED' });
  await harness.clearFaults();
  expect((await products.run('provision', THREE)).status).toBe('COMPLETED');
});

test('runs of one data product and of its components at once all end, with one of each', async () => {
  const changed = THREE.map((one) => ({ ...one, database: 'changed' }));
  const tokens = await Promise.all([
    products.start('provision', THREE),
    harness.start('provision', wish('two')),
    products.start('provision', changed),
    products.start('provision', [wish('two'), wish('four')]),
    harness.start('provision', wish('two', { database: 'third' })),
    products.start('provision', THREE),
  ]);
  expect(new Set(tokens).size).toBe(5);
  const statuses = await Promise.all(tokens.map(products.finished));
  expect(statuses.map(({ status }) => status)).toEqual(tokens.map(() => 'COMPLETED'));
  expect(counts(await harness.entities())).toEqual([4, 4, 4]);
});

test('a component whose own run goes on is waited for', async () => {
  await harness.fault({ operation: 'createSource', status: 503, times: 0 });
  const alone = await harness.start('provision', wish('one'));
  await eventually(
    async () => (await harness.calls('createSource')).length > 0 || undefined,
    'the creation of the source',
  );
  const token = await products.start('provision', [wish('one')]);
  await inPhase(token, 'one: waits for the run that it has already');
  await harness.clearFaults();
  expect((await products.finished(token)).status).toBe('COMPLETED');
  expect((await harness.status(alone)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
});

test('more components than are worked on at once are begun while others wait for the end', async () => {
  const many = Array.from({ length: 13 }, (_item, index) => wish(`c${String(index)}`));
  const status = await products.run('provision', many);
  expect(status.status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([13, 13, 13]);
  expect((await products.run('unprovision', many)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('a data product is unprovisioned, however broken its components are', async () => {
  expect((await products.run('provision', THREE)).status).toBe('COMPLETED');
  const broken = THREE.map((one) => ({ ...one, specific: { source: 3, secret: 'x' } }));
  const token = await products.start('unprovision', broken, { removeData: true });
  const status = await products.finished(token);
  expectStatus(status);
  expect(status).toMatchObject({
    status: 'COMPLETED',
    result: matching(/^Nothing of the data product is left in Airbyte\.\none: /),
  });
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  const { jobs } = await harness.entities();
  expect(jobs).toHaveLength(3);
  expect(await products.children(token)).toHaveLength(3);
  expect((await products.run('unprovision', broken)).status).toBe('COMPLETED');
});

test('one component that cannot be removed does not stop the others, and is named', async () => {
  expect((await products.run('provision', THREE)).status).toBe('COMPLETED');
  await harness.fault({ operation: 'deleteDestination', status: 403, times: 1 });
  const token = await products.start('unprovision', THREE);
  const status = await products.finished(token);
  expectStatus(status);
  expect(status).toMatchObject({
    status: 'FAILED',
    result: matching(
      /^The data product was not unprovisioned\. (one|two|three-b): Airbyte answered 403/,
    ),
    info: { privateInfo: { leftBehind: [matching(/^(one|two|three-b): the destination "/)] } },
  });
  expect(counts(await harness.entities())).toEqual([0, 1, 0]);
  expect((await statusesOf(await products.children(token))).sort()).toEqual([
    'COMPLETED',
    'COMPLETED',
    'FAILED',
  ]);
  expect(await products.start('unprovision', THREE)).toBe(token);
  expect((await products.finished(token)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('ids that a run of the data product has told spare the next one the lists', async () => {
  const { info } = await products.run('provision', THREE);
  await harness.forgetCalls();
  const latestEnrichedDescriptor = JSON.stringify({ info });
  const again = await products.run('provision', THREE, { latestEnrichedDescriptor });
  expect(again.status).toBe('COMPLETED');
  expect(await harness.calls('listSources')).toEqual([]);
  expect(await harness.calls('listConnections')).toEqual([]);
});

test.each([
  [
    'none is ours',
    () =>
      productDescriptor('test', [], {
        id: 'urn:dmb:dp:finance:cashflow:0',
        environment: 'test',
        name: 'Cash Flow',
        domain: 'finance',
        version: '0.1.0',
      }),
    /components.*has no component of this provisioner/,
  ],
  [
    'ours is broken',
    () => productDescriptor('test', [wish('one', { sourceName: '' })]),
    /one\.specific\.source\.name \(line \d+\)/,
  ],
])('a data product is refused, and not valid, when %s', async (_case, text, problem) => {
  const body = { descriptorKind: 'DATAPRODUCT_DESCRIPTOR', descriptor: text() };
  await harness.forgetCalls();
  const answer = await harness.post('/v1/provision', body);
  ajv.validate(schemas.RequestValidationError, answer.json());
  expect(ajv.errors).toBeNull();
  expect(answer.status).toBe(400);
  expect(RequestValidationError.parse(answer.json()).errors).toEqual([matching(problem)]);
  const validated = await harness.post('/v1/validate', body);
  expect(validated).toMatchObject({ status: 200 });
  expect(validated.json()).toMatchObject({ valid: false });
  const valid = await harness.post('/v1/validate', products.bodyOf(THREE));
  expect(valid.json()).toEqual({ valid: true });
  expect(await harness.calls()).toEqual([]);
});
