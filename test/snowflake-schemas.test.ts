import { Refusal } from '../src/contract/problems';
import {
  KEY,
  OTHER_KEY,
  ROLE,
  TAG,
  like,
  prepared,
  startWorld,
  step,
} from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* What a component has in Snowflake is made, and what is another’s is left alone, by what exists afterwards. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

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
    name: like(/^[A-Z0-9_]+_READ_/),
  });
  expect(after.shown).toEqual({
    schema: {
      label: 'Schema in Snowflake',
      value: 'ANALYTICS.CASHFLOW_0',
      href: undefined,
    },
    role: { label: 'Role that reads it', value: like(ROLE) },
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
  expect(await world.writes()).toEqual([]);
  const calls = await world.requests();
  expect(calls.filter(({ operation }) => operation === 'submitStatement')).toHaveLength(16);
});

test('a database that is not there is told, and not made, where the fabric makes none', async () => {
  const component = world.component(KEY, { database: 'NOWHERE' });
  const { foreign, missing, present } = await component.look(step());
  expect(foreign).toMatchObject([{ problem: like(/^The database NOWHERE is not there/) }]);
  await expect(component.prepare(missing, step())).rejects.toThrow(Refusal);
  expect(present).toEqual([]);
  await component.cleanup(present, step());
  expect(await world.writes()).toEqual([]);
});

const foreignSchema = async () =>
  (await world.entities()).databases[0]?.schemas.find(({ name }) => name === 'CASHFLOW_0');

test.each<[string, string[], RegExp, RegExp]>([
  [
    'nobody says whose it is',
    ['CREATE SCHEMA "ANALYTICS"."CASHFLOW_0"'],
    /^The schema ANALYTICS\.CASHFLOW_0 is there already, and nothing says that it is/,
    /COMMENT ON SCHEMA "ANALYTICS"."CASHFLOW_0" IS 'provisioner:development\/finance\.cashflow\.0\.ingestion'; GRANT OWNERSHIP ON SCHEMA "ANALYTICS"."CASHFLOW_0" TO ROLE "PROVISIONER" COPY CURRENT GRANTS;$/,
  ],
  [
    'it is another’s of the domain',
    [`CREATE SCHEMA "ANALYTICS"."CASHFLOW_0" COMMENT = 'provisioner:${OTHER_KEY}'`],
    /belongs to development\/finance\.cashflow\.0\.other\.$/,
    /^To write elsewhere, give another schema in the descriptor \(specific\.destination/,
  ],
  [
    'it is another domain’s, whose names are not told',
    [`CREATE SCHEMA "ANALYTICS"."CASHFLOW_0" COMMENT = 'provisioner:development/marketing.a.0.b'`],
    /belongs to a component of another domain\.$/,
    /^To write elsewhere/,
  ],
])('a schema is left alone where %s', async (_case, statements, problem, solution) => {
  for (const statement of statements) await world.sql(statement);
  const before = await foreignSchema();
  const component = world.component();
  const { foreign, missing } = await component.look(step());
  expect(foreign).toEqual([
    {
      kind: 'schema',
      name: 'ANALYTICS.CASHFLOW_0',
      at: 'specific.destination.connectionConfiguration.schema',
      problem: like(problem),
      solution: like(solution),
      // It may be the component's where it is nobody else's.
      ...(solution.source.startsWith('COMMENT')
        ? { reclaim: like(/^If it is the component’s all the same, .*; then unprovision again\.$/) }
        : { isAnothers: true }),
    },
  ]);
  await expect(component.prepare(missing, step())).rejects.toThrow(problem);
  const mine = await prepared(world.component(KEY, { schema: 'MINE' }));
  await component.cleanup(
    mine.present
      .filter(({ kind }) => kind === 'schema')
      .map((thing) => ({ ...thing, id: thing.id.replace('MINE', 'CASHFLOW_0') })),
    step(),
  );
  await component.unprepare(missing, step());
  expect(before).toBeDefined();
  expect(await foreignSchema()).toEqual(before);
});

test('the schema that each database has is nobody’s to hand over', async () => {
  const { foreign } = await world.component(KEY, { schema: 'PUBLIC' }).look(step());
  expect(foreign.map(({ name, solution }) => [name, solution])).toEqual([
    [
      'ANALYTICS.PUBLIC',
      like(/^To write elsewhere, give another schema in the descriptor \(.*\)\.$/),
    ],
  ]);
});

test('a schema that was handed over is the component’s', async () => {
  await world.sql('CREATE SCHEMA "ANALYTICS"."CASHFLOW_0"');
  await world.sql(`COMMENT ON SCHEMA "ANALYTICS"."CASHFLOW_0" IS '${TAG}'`);
  await world.control('/objects', {
    database: 'ANALYTICS',
    schema: 'CASHFLOW_0',
    name: 'OLD',
    owner: 'AIRBYTE',
  });
  const component = world.component();
  const { missing } = await component.look(step());
  expect(missing.map(({ what }) => what)).not.toContain('the schema ANALYTICS.CASHFLOW_0');
  expect((await prepared(component)).missing).toEqual([]);
});

test('a role of its name that is another’s is not granted to anybody', async () => {
  const { missing } = await world.component().look(step());
  const role = missing.find(({ kind }) => kind === 'role')?.name ?? '';
  await world.sql(`CREATE ROLE "${role}"`);
  const component = world.component();
  const { foreign } = await component.look(step());
  expect(foreign).toMatchObject([{ kind: 'role', name: role }]);
  await expect(component.prepare(missing, step())).rejects.toThrow(
    /is there already, and nothing says/,
  );
  await expect(component.grant(['user:JANE.DOE@EXAMPLE.COM'], step())).rejects.toThrow(Refusal);
  expect((await world.left()).members).toEqual([]);
  expect((await world.left()).schemas).toEqual([]);
});

test('of two components that want one schema at once one has it, and the other is refused by name', async () => {
  const all = [KEY, OTHER_KEY].map((key) => prepared(world.component(key)));
  const outcomes = await Promise.allSettled(all);
  const lost = outcomes.filter((each) => each.status === 'rejected');
  expect(lost).toHaveLength(1);
  expect(lost[0]?.reason).toBeInstanceOf(Refusal);
  expect(String(lost[0]?.reason)).toMatch(
    /The schema ANALYTICS\.CASHFLOW_0 belongs to development\/finance\.cashflow/,
  );
  const { databases } = await world.entities();
  expect(databases[0]?.schemas).toHaveLength(1);
});

test('prepared twice at once it is there once', async () => {
  await Promise.all([prepared(world.component()), prepared(world.component())]);
  const { missing } = await world.component().look(step());
  expect(missing).toEqual([]);
  const { databases, roles } = await world.entities();
  expect([databases[0]?.schemas.length, roles.length]).toEqual([1, 3]);
});

test('a fabric that lends its credentials only is asked for nothing', async () => {
  const component = world.component(KEY, {}, { manage: {} });
  expect([component.manages, component.managesAccess]).toEqual([false, false]);
  expect(await component.look(step())).toMatchObject({ missing: [], present: [], foreign: [] });
  expect(await component.check(step())).toEqual([]);
  expect(await world.requests()).toEqual([]);
});

test('names that do harm without quotes are names', async () => {
  const schema = `x"; DROP ROLE airbyte;-- ' \\ % _ é 雪`;
  const component = world.component(KEY, { schema });
  const { present, missing } = await prepared(component);
  expect(missing).toEqual([]);
  const { databases, roles } = await world.entities();
  expect(databases[0]?.schemas.map(({ name }) => name)).toEqual([schema.toUpperCase()]);
  expect(roles).toHaveLength(3);
  await component.cleanup(present, step());
  expect((await world.left()).schemas).toEqual([]);
});

test('a schema that Snowflake cannot hold is refused before anything is asked', async () => {
  const component = world.component(KEY, { schema: 'a\u0000b' });
  await expect(component.look(step())).rejects.toThrow(
    'specific.destination.connectionConfiguration.schema: has characters that no name of Snowflake’s may have.',
  );
  expect(await world.requests()).toEqual([]);
});
