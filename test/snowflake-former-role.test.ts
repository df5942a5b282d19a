import { KEY, OTHER_KEY, MANAGE, prepared, startWorld, step } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* What a removal takes from a role that was Airbyte's before the fabric had another. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(async () => {
  world.reset();
  await world.sql('CREATE ROLE "LOADER"');
});
afterAll(() => world.close());

const managed = { manage: { ...MANAGE, database: true } };
const NOW = { role: 'LOADER' };
const inFinance = (settings = {}, key = KEY, schema = 'CASHFLOW_0') =>
  world.component(key, { database: 'FINANCE', schema }, { ...managed, ...settings });

const grantsOn = async (database: string) => {
  const { databases } = await world.entities();
  const its = databases.find(({ name }) => name === database);
  const grants = [its?.grants ?? [], ...(its?.schemas ?? []).map((schema) => schema.grants)];
  return grants.flat().map(({ role, privilege }) => `${role}: ${privilege}`);
};

const removal = async (component: ReturnType<typeof inFinance>, removeData = false) => {
  const { present, staying = [] } = await component.look(step());
  const things = present.filter(({ hasData }) => removeData || !hasData);
  const { left } = await component.cleanup(things, step());
  return { things, left: [...left, ...staying].map(({ what }) => what) };
};

test('without its data neither role has anything, on schema or database', async () => {
  await prepared(inFinance());
  await prepared(inFinance(NOW));
  expect(await grantsOn('FINANCE')).toEqual(
    expect.arrayContaining(['AIRBYTE: CREATE SCHEMA', 'AIRBYTE: CREATE TABLE']),
  );
  expect((await removal(inFinance(NOW))).left).toEqual([]);
  expect(await grantsOn('FINANCE')).toEqual([]);
});

test('one that was removed before the fabric was deployed anew leaves the former role nothing, either', async () => {
  await prepared(inFinance());
  expect((await removal(inFinance(NOW))).left).toEqual([]);
  expect(await grantsOn('FINANCE')).toEqual([]);
});

test('as long as others are in the database the former role may use it; the last takes that', async () => {
  await prepared(inFinance());
  await prepared(inFinance({}, OTHER_KEY, 'OTHER_0'));
  await removal(inFinance(NOW), true);
  expect((await inFinance({}, OTHER_KEY, 'OTHER_0').look(step())).missing).toEqual([]);
  await prepared(inFinance(NOW, OTHER_KEY, 'OTHER_0'));
  await removal(inFinance(NOW, OTHER_KEY, 'OTHER_0'));
  expect(await grantsOn('FINANCE')).toEqual([]);
});

test('in a database that was not made here what others have granted it is told', async () => {
  await prepared(world.component());
  const { left } = await removal(world.component(KEY, {}, NOW));
  expect(await grantsOn('ANALYTICS')).not.toContain('AIRBYTE: CREATE TABLE');
  const isThere = (await grantsOn('ANALYTICS')).includes('AIRBYTE: USAGE');
  expect(left.some((what) => what.startsWith('USAGE on the database ANALYTICS'))).toBe(isThere);
});

test('who does not load keeps what was granted by hand', async () => {
  await prepared(inFinance());
  await world.sql('CREATE ROLE "ANALYST"');
  const onSchema = 'ON SCHEMA "FINANCE"."CASHFLOW_0" TO ROLE "ANALYST"';
  await world.sql(`GRANT USAGE, CREATE TABLE ${onSchema}`, 'PROVISIONER');
  await world.sql('GRANT USAGE ON DATABASE "FINANCE" TO ROLE "ANALYST"', 'PROVISIONER');
  await removal(inFinance(NOW));
  expect((await grantsOn('FINANCE')).toSorted()).toEqual([
    'ANALYST: CREATE TABLE',
    'ANALYST: USAGE',
    'ANALYST: USAGE',
  ]);
});

test('the undo of a removal gives it to the former role again', async () => {
  await prepared(inFinance());
  await prepared(inFinance(NOW));
  const before = (await grantsOn('FINANCE')).toSorted();
  const { things } = await removal(inFinance(NOW));
  await inFinance(NOW).restore(things, step());
  expect((await grantsOn('FINANCE')).toSorted()).toEqual(before);
});
