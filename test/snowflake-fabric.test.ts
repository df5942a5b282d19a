import { KEY, prepared, startWorld, step } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* What a component has in Snowflake: prepared, granted, taken away and taken back, by what exists afterwards. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

const ROLE = /^CASHFLOW_0_INGESTION_READ_[0-9A-F]{8}$/;
const TAG = `provisioner:${KEY}`;

/** All that is the component's, or was granted to Airbyte's role. */
const left = async () => {
  const { databases, roles, members } = await world.entities();
  return {
    schemas: databases.flatMap(({ schemas }) =>
      schemas.map(({ name, comment }) => [name, comment]),
    ),
    airbyte: databases.flatMap(({ grants, schemas }) =>
      [...grants, ...schemas.flatMap((schema) => schema.grants)].filter(
        ({ role }) => role === 'AIRBYTE',
      ),
    ),
    roles: roles.map(({ name }) => name),
    members: members.filter(({ role }) => ROLE.test(role)).map(({ name }) => name),
  };
};

const NOTHING = { schemas: [], airbyte: [], roles: ['PROVISIONER', 'AIRBYTE'], members: [] };

const writes = async () =>
  (await world.requests()).filter(
    ({ statement }) => statement && !/^(SHOW|SELECT)/.test(statement),
  );

test('schema, role and grants are made in order, tagged, and all there after it', async () => {
  const component = world.component();
  const before = await component.look(step());
  expect(before.missing.map(({ what }) => what.replace(/READ_\w{8}/, 'READ_X'))).toEqual([
    'USAGE on the database ANALYTICS for the role AIRBYTE',
    'the schema ANALYTICS.CASHFLOW_0',
    'USAGE, CREATE TABLE, CREATE STAGE, CREATE FILE FORMAT on the schema ANALYTICS.CASHFLOW_0 for the role AIRBYTE',
    'the role CASHFLOW_0_INGESTION_READ_X',
    'USAGE on the database ANALYTICS for the role CASHFLOW_0_INGESTION_READ_X',
    'USAGE on the schema ANALYTICS.CASHFLOW_0 for the role CASHFLOW_0_INGESTION_READ_X',
    'SELECT on the tables to come of the schema ANALYTICS.CASHFLOW_0 for the role CASHFLOW_0_INGESTION_READ_X',
    'SELECT on the views to come of the schema ANALYTICS.CASHFLOW_0 for the role CASHFLOW_0_INGESTION_READ_X',
  ]);
  expect(before.present).toEqual([]);
  const after = await prepared(component);
  expect(after.missing).toEqual([]);
  expect(after.present.at(-1)).toMatchObject({
    kind: 'role',
    what: expect.stringMatching(/_READ_/) as string,
  });
  expect(after.shown).toEqual({
    schema: {
      label: 'Schema in Snowflake',
      value: 'ANALYTICS.CASHFLOW_0',
      href: undefined,
    },
    role: { label: 'Role that reads it', value: expect.stringMatching(ROLE) as string },
  });
  const { databases, roles } = await world.entities();
  expect(databases[0]?.schemas).toMatchObject([
    { name: 'CASHFLOW_0', comment: TAG, owner: 'PROVISIONER', managedAccess: true },
  ]);
  expect(roles.find(({ name }) => ROLE.test(name))?.comment).toBe(TAG);
});

test('what is as wanted is left alone: looks only, and how many', async () => {
  const component = world.component();
  await prepared(component);
  await world.control('/requests', undefined, 'DELETE');
  const { missing } = await component.look(step());
  await component.prepare(missing, step());
  expect(missing).toEqual([]);
  expect(await writes()).toEqual([]);
  const calls = await world.requests();
  expect(calls.filter(({ operation }) => operation === 'submitStatement')).toHaveLength(16);
});

test('unprovisioned with its data nothing is left', async () => {
  const component = world.component();
  const { present } = await prepared(component);
  await component.grant(['user:JANE.DOE@EXAMPLE.COM'], step());
  await component.cleanup(present, step());
  expect(await left()).toEqual(NOTHING);
  await component.cleanup(present, step());
});
