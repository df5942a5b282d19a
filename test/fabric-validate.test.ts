import { ValidationStatus } from '../src/contract/coordinator';
import { PlanStatus } from '../src/contract/plan';
import { startFabricWorld } from './support/fabric-world';
import type { FabricChanges, FabricWorld } from './support/fabric-world';
import { eventually } from './support/harness';

/* What a validation and a plan tell of the fabric that a component writes to; neither changes anything there. */

let world: FabricWorld;
beforeAll(async () => {
  world = await startFabricWorld();
});
afterAll(async () => {
  await world.stop();
});
afterEach(async () => {
  await world.clearFaults();
  await world.clearAirbyteFaults();
});

const validate = async (changes: FabricChanges, of = world) => {
  const { status, text: token } = await of.call('POST', '/v2/validate', of.bodyOf(changes));
  expect({ status, token }).toMatchObject({ status: 202 });
  return eventually(async () => {
    const { text } = await of.call('GET', `/v2/validate/${token}/status`);
    const seen = ValidationStatus.parse(JSON.parse(text));
    return seen.status === 'RUNNING' ? undefined : seen;
  }, `the end of ${token}`);
};

const planFor = async (changes: FabricChanges, of = world) => {
  const { status, text: token } = await of.call('POST', '/v1/plan', of.bodyOf(changes));
  expect({ status, token }).toMatchObject({ status: 202 });
  return eventually(async () => {
    const { text } = await of.call('GET', `/v1/plan/${token}/status`);
    const seen = PlanStatus.parse(JSON.parse(text));
    return seen.status === 'RUNNING' ? undefined : seen;
  }, `the end of ${token}`);
};

const DESTINATION = 'specific.destination';
const SCHEMA = `${DESTINATION}.connectionConfiguration.schema`;

const checksOf = ({ info }: ValidationStatus) => info?.privateInfo?.checks ?? [];
const errorsOf = ({ info }: ValidationStatus) => info?.publicInfo.error?.errors ?? [];
/** What the fabric has had to say. */
const ofFabric = (status: ValidationStatus) =>
  checksOf(status).filter((line) => / Snowflake, [a-zA-Z ]+: /.test(line));
const entitiesIn = ({ components = [] }: PlanStatus) =>
  components
    .flatMap(({ entities }) => entities)
    .map(({ action, kind, name, system }) =>
      [action, kind, ...(system === undefined ? [] : [name, system])].join(' '),
    );

const writesIn = async (of = world) =>
  (await of.requests())
    .flatMap(({ statement }) => statement ?? [])
    .filter((text) => !/^(SHOW|SELECT) /.test(text));

test('a validation tells each check of the fabric, and writes nothing', async () => {
  const before = await world.state();
  await world.forgetRequests();
  const status = await validate({ component: 'checked' });
  expect(errorsOf(status)).toEqual([]);
  const names = ofFabric(status).map((line) => /^.* Snowflake, [a-zA-Z ]+(?=: )/.exec(line)?.[0]);
  expect(names).toEqual([
    `passed: ${DESTINATION}: Snowflake, connection`,
    `not possible: ${DESTINATION}: Snowflake, connection of Airbyte`,
    `passed: ${DESTINATION}: Snowflake, warehouse`,
    `passed: ${DESTINATION}: Snowflake, create role`,
    `passed: ${DESTINATION}: Snowflake, users`,
    `passed: ${DESTINATION}: Snowflake, create schema`,
    `passed: ${DESTINATION}: Snowflake, tables`,
    `not possible: ${DESTINATION}: Snowflake, internal schema`,
  ]);
  expect(await world.state()).toEqual(before);
  expect(await writesIn()).toEqual([]);
});

test('a schema of nobody is a problem of the descriptor at its path, before anything is changed', async () => {
  await world.sql('CREATE SCHEMA "ANALYTICS"."TAKEN"');
  const status = await validate({ component: 'taken' });
  expect(status.info?.publicInfo.valid).toBe(false);
  expect(errorsOf(status)).toEqual([
    expect.stringContaining(`${SCHEMA}: Snowflake, schema: The schema ANALYTICS.TAKEN is there`),
  ]);
  const plan = await planFor({ component: 'taken' });
  expect(plan.components?.map(({ refused }) => refused?.problem)).toEqual([
    expect.stringContaining('The schema ANALYTICS.TAKEN is there already'),
  ]);
});

test('a schema of another component is one, too', async () => {
  await world.run('provision', { component: 'owner', schema: 'OWNED' });
  const status = await validate({ component: 'other', schema: 'OWNED' });
  expect(errorsOf(status)).toEqual([
    expect.stringMatching(/connectionConfiguration\.schema: .* belongs to \S+\.owner\./),
  ]);
});

test('Airbyte’s own schema is nobody’s to write to or to let read, and nobody is told how to have it', async () => {
  const spy = { component: 'spy', schema: 'airbyte_internal' };
  await world.sql('GRANT CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "AIRBYTE"');
  await world.sql('CREATE SCHEMA "ANALYTICS"."AIRBYTE_INTERNAL"', 'AIRBYTE');
  const before = await world.state();
  const problem =
    'The schema ANALYTICS.AIRBYTE_INTERNAL is where Airbyte keeps raw tables: it can be no component’s own.';
  expect(errorsOf(await validate(spy))).toEqual([
    expect.stringContaining(`${SCHEMA}: Snowflake, schema: ${problem}`),
  ]);
  const [planned] = (await planFor(spy)).components ?? [];
  expect(planned?.refused?.problem).toContain(problem);
  const ended = [await world.run('provision', spy), await world.giveAccess([], spy)];
  for (const { status, result } of ended) {
    expect(status).toBe('FAILED');
    expect(result).toContain(problem);
    expect(result).not.toContain('COMMENT ON');
  }
  expect(await world.state()).toEqual(before);
  await world.sql('DROP SCHEMA "ANALYTICS"."AIRBYTE_INTERNAL"', 'AIRBYTE');
});

test('raw tables do not go to a schema that is another component’s, be it only by now', async () => {
  const sly = { component: 'sly', raw: 'victim' };
  const at = `${DESTINATION}.connectionConfiguration.raw_data_schema`;
  const problem =
    /The schema ANALYTICS\.VICTIM, where Airbyte is to keep raw tables, belongs to \S+\.victim\./;
  const refused = async () => {
    const before = await world.state();
    expect(errorsOf(await validate(sly))).toEqual([
      expect.stringMatching(new RegExp(`${at}: Snowflake, schema: ${problem.source}`)),
    ]);
    const { status, result } = await world.run('provision', sly);
    expect(status).toBe('FAILED');
    expect(result).toMatch(problem);
    expect(await world.state()).toEqual(before);
  };
  await world.run('provision', { component: 'victim' });
  await refused();
  await world.run('unprovision', { component: 'victim', removeData: true });
  expect(await world.run('provision', sly)).toMatchObject({ status: 'COMPLETED' });
  await world.run('provision', { component: 'victim' });
  await refused();
});

test('what fails once is asked again', async () => {
  await world.fault({ operation: 'submitStatement', status: 503, times: 1 });
  const status = await validate({ component: 'again' });
  expect(errorsOf(status)).toEqual([]);
  expect(ofFabric(status)[0]).toContain(`passed: ${DESTINATION}: Snowflake, connection`);
});

test('a fabric that does not answer fails by itself, and what Airbyte says is told', async () => {
  await world.fault({ operation: 'submitStatement', status: 503, times: 0 });
  const status = await validate({ component: 'deaf' });
  expect(errorsOf(status)).toEqual([
    expect.stringMatching(/^specific\.destination: Snowflake, connection: .*503/),
  ]);
  expect(checksOf(status)).toContainEqual(
    expect.stringContaining('passed: specific.source: the configuration is'),
  );
  const plan = await planFor({ component: 'deaf' });
  expect(plan.status).toBe('COMPLETED');
  expect(entitiesIn(plan)).toEqual(['create source', 'create destination', 'create connection']);
  expect(plan.components?.[0]?.open[0]).toMatch(/^What a deployment makes in the fabric .*503/);
});

test('a key that Snowflake does not take is told of the fabric, and not of Airbyte', async () => {
  await world.control('/faults', { operation: 'submitStatement', status: 401, times: 0 });
  const status = await validate({ component: 'shut' });
  expect(errorsOf(status)).toEqual([
    expect.stringMatching(/^specific\.destination: Snowflake, connection: .*does not let in/),
  ]);
  const plan = await planFor({ component: 'shut' });
  expect(plan.components?.map(({ refused }) => refused?.problem)).toEqual([
    expect.stringContaining('does not let in the user PROVISIONER'),
  ]);
});

test('the fabric is asked though Airbyte does not answer', async () => {
  await world.airbyteFault({ operation: 'getWorkspace', status: 403, times: 0 });
  const status = await validate({ component: 'alone' });
  expect(errorsOf(status)).toEqual([expect.stringMatching(/^Airbyte: /)]);
  expect(ofFabric(status)).toContainEqual(
    expect.stringContaining(`passed: ${DESTINATION}: Snowflake, create schema`),
  );
});

test('whose fabric it is cannot be said of a component that is misnamed, and nothing is said of that', async () => {
  const body = world.bodyOf({ fabric: 'finance-dev' });
  const misnamed = body.descriptor.replaceAll(
    'urn:dmb:cmp:finance:cashflow:0:payments',
    'urn:dmb:cmp:finance',
  );
  const { text } = await world.call('POST', '/v1/validate', { ...body, descriptor: misnamed });
  expect(text).toContain('componentIdToProvision');
  expect(text).not.toContain('fabric');
});

test('a name that Snowflake cannot hold is a problem at its path', async () => {
  const body = world.bodyOf({ component: 'named', schema: 'INFORMATION_SCHEMA' });
  const { status, text } = await world.call('POST', '/v1/provision', body);
  expect(status).toBe(400);
  expect(text).toContain(SCHEMA);
  const found = await validate({ component: 'named', schema: 'INFORMATION_SCHEMA' });
  expect(errorsOf(found)).toContainEqual(expect.stringContaining(SCHEMA));
});

test('a name of as many characters as Snowflake holds is held, however many bytes these have', async () => {
  const before = await world.state();
  const changes = { component: 'wide', schema: '\u{1F600}'.repeat(255) };
  expect(await world.run('provision', changes)).toMatchObject({ status: 'COMPLETED' });
  const gone = await world.run('unprovision', { ...changes, removeData: true });
  expect(gone).toMatchObject({ status: 'COMPLETED' });
  expect(await world.state()).toEqual(before);
});

test('a plan tells what would be made, and after the provision that all is there', async () => {
  const before = await world.state();
  const first = await planFor({ component: 'planned' });
  expect(entitiesIn(first)).toEqual([
    'create source',
    'create destination',
    'create connection',
    'create schema ANALYTICS.PLANNED Snowflake',
    expect.stringMatching(/^create role CASHFLOW_0_PLANNED_READ_[0-9A-F]{8} Snowflake$/),
    expect.stringMatching(/^create grant \d grants Snowflake$/),
  ]);
  expect(first.result).toMatch(/^A deployment would create 6, change 0, /);
  expect(await world.state()).toEqual(before);
  await world.run('provision', { component: 'planned' });
  const again = entitiesIn(await planFor({ component: 'planned' }));
  expect(again.filter((line) => !line.startsWith('keep '))).toEqual([]);
  expect(again).toContain('keep schema ANALYTICS.PLANNED Snowflake');
});

test('a fabric that only lends its credentials is asked nothing', async () => {
  const lender = await startFabricWorld({ fabric: { manage: undefined } });
  try {
    const status = await validate({ component: 'lent' }, lender);
    expect(errorsOf(status)).toEqual([]);
    expect(ofFabric(status)).toEqual([]);
    expect(entitiesIn(await planFor({ component: 'lent' }, lender))).toEqual([
      'create source',
      'create destination',
      'create connection',
    ]);
    expect(await lender.requests()).toEqual([]);
  } finally {
    await lender.stop();
  }
});
