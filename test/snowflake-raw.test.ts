import type { ComponentFabric, Thing } from '../src/fabrics/fabric';
import { KEY, MANAGE, OTHER_KEY, prepared, startWorld, step } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* What Airbyte keeps of a component’s data in its internal schema, and what a removal says of it. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

const managed = { manage: { ...MANAGE, database: true } };
const inFinance = (key = KEY, changes = {}) =>
  world.component(key, { database: 'FINANCE', ...changes }, managed);
const other = () => inFinance(OTHER_KEY, { schema: 'OTHER_0' });

const sync = (schema: string, database = 'FINANCE') =>
  world.control('/syncs', { database, schema, role: 'AIRBYTE', raw: true });

const databaseOf = async (database = 'FINANCE') =>
  (await world.entities()).databases.find(({ name }) => name === database);
const rawIn = async (database?: string) =>
  (await databaseOf(database))?.schemas.find(({ name }) => name === 'AIRBYTE_INTERNAL')?.objects;

/** As a run does it that removes: of data only where that is asked for. */
const removal = async (component: ComponentFabric, removeData = true) => {
  const { present } = await component.look(step());
  const all = await component.beforeCleanup(present, step());
  const things = all.filter(({ hasData }) => removeData || !hasData);
  const what = (some: readonly Thing[]) => some.map((each) => each.what);
  const { removed, left } = await component.cleanup(things, step());
  const kept = all.filter((thing) => thing.hasData && !things.includes(thing));
  return { left, kept: what(kept), removed: what(all.filter(({ id }) => removed.includes(id))) };
};

const OF_ONE = {
  what: 'what Airbyte keeps of the schema FINANCE.CASHFLOW_0 in its schema AIRBYTE_INTERNAL (CASHFLOW_0_RAW__STREAM_ORDERS)',
  remedy:
    'Where nobody needs it, DROP TABLE IF EXISTS "FINANCE"."AIRBYTE_INTERNAL"."CASHFLOW_0_RAW__STREAM_ORDERS"; takes it away.',
};

const syncedBoth = async () => {
  await prepared(inFinance());
  await prepared(other());
  await sync('CASHFLOW_0');
  await sync('OTHER_0');
};

test('of one component of several it is told, by each removal until it is gone', async () => {
  await syncedBoth();
  expect((await removal(inFinance())).left).toEqual([OF_ONE]);
  expect((await databaseOf())?.schemas.map(({ name }) => name).toSorted()).toEqual([
    'AIRBYTE_INTERNAL',
    'OTHER_0',
  ]);
  expect((await removal(inFinance())).left).toEqual([OF_ONE]);
  await world.sql('DROP SCHEMA "FINANCE"."AIRBYTE_INTERNAL"', 'AIRBYTE');
  expect((await removal(inFinance())).left).toEqual([]);
  expect((await removal(other())).left).toEqual([]);
  expect(await databaseOf()).toBeUndefined();
});

test('it goes with the database, once that is asked to go with it', async () => {
  await syncedBoth();
  await removal(inFinance());
  const ofOther = await removal(other());
  // Of another component, so that it keeps the database; what is the removed one’s own is told, too.
  expect(ofOther.left.map(({ what }) => what)).toEqual([
    'the database FINANCE (Airbyte’s schema AIRBYTE_INTERNAL in it has 1 table or view)',
    'what Airbyte keeps of the schema FINANCE.OTHER_0 in its schema AIRBYTE_INTERNAL (OTHER_0_RAW__STREAM_ORDERS)',
  ]);
  await world.sql('GRANT USAGE, CREATE SCHEMA ON DATABASE "FINANCE" TO ROLE "AIRBYTE"');
  await world.sql('DROP SCHEMA "FINANCE"."AIRBYTE_INTERNAL"', 'AIRBYTE');
  await world.sql('CREATE SCHEMA "FINANCE"."AIRBYTE_INTERNAL"', 'AIRBYTE');
  await world.sql(
    'CREATE TABLE "FINANCE"."AIRBYTE_INTERNAL"."CASHFLOW_0_RAW__STREAM_ORDERS" ("ID" TEXT)',
    'AIRBYTE',
  );
  expect(await removal(inFinance())).toEqual({
    left: [],
    kept: [],
    removed: [
      'USAGE, CREATE SCHEMA on the database FINANCE for the role AIRBYTE',
      'the database FINANCE',
      'what Airbyte keeps of the schema FINANCE.CASHFLOW_0 in its schema AIRBYTE_INTERNAL',
    ],
  });
  expect(await databaseOf()).toBeUndefined();
});

test('in a database that was not made here it is told, too', async () => {
  await world.sql('GRANT CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "AIRBYTE"');
  await prepared(world.component());
  await sync('CASHFLOW_0', 'ANALYTICS');
  const { left } = await removal(world.component());
  expect(left.map(({ what }) => what)).toEqual([
    'what Airbyte keeps of the schema ANALYTICS.CASHFLOW_0 in its schema AIRBYTE_INTERNAL (CASHFLOW_0_RAW__STREAM_ORDERS)',
  ]);
  expect(await rawIn('ANALYTICS')).toHaveLength(1);
});

test('a removal that keeps the data says that it is kept with it', async () => {
  await prepared(inFinance());
  await sync('CASHFLOW_0');
  const { left, kept } = await removal(inFinance(), false);
  expect(left).toEqual([]);
  expect(kept).toContain(
    'what Airbyte keeps of the schema FINANCE.CASHFLOW_0 in its schema AIRBYTE_INTERNAL',
  );
});

test('of another’s schema, be it of a longer name, or of another owner nothing is told', async () => {
  await prepared(inFinance());
  await prepared(inFinance(OTHER_KEY, { schema: 'CASHFLOW_01' }));
  await sync('CASHFLOW_01');
  const internal = { database: 'FINANCE', schema: 'AIRBYTE_INTERNAL', kind: 'TABLE' };
  const digest = 'AB12'.repeat(8);
  await world.control('/objects', {
    ...internal,
    name: `CASHFLOW_01ORDERS${digest}`,
    owner: 'AIRBYTE',
  });
  await world.control('/objects', {
    ...internal,
    name: 'CASHFLOW_0_RAW__STREAM_BY_HAND',
    owner: 'SYSADMIN',
  });
  expect((await removal(inFinance())).left).toEqual([]);
  const theirs = inFinance(KEY, { schema: 'CASHFLOW_01' });
  expect((await removal(theirs)).left).toEqual([]);
});

test('many tables are told by a few of their names', async () => {
  await prepared(inFinance());
  await prepared(other());
  await sync('OTHER_0');
  for (let table = 0; table < 7; table += 1)
    await world.sql(
      `CREATE TABLE "FINANCE"."AIRBYTE_INTERNAL"."CASHFLOW_0_RAW__STREAM_T${String(table)}" ("ID" TEXT)`,
      'AIRBYTE',
    );
  const [told] = (await removal(inFinance())).left;
  expect(told?.what).toMatch(/STREAM_T4, and 2 more\)$/);
  expect(told?.remedy).toMatch(/STREAM_T4"; and the same of the others takes it away\.$/);
});

test('where it cannot be seen that is told, and nothing says that nothing is left', async () => {
  await world.sql('REVOKE MANAGE GRANTS ON ACCOUNT FROM ROLE "PROVISIONER"');
  await prepared(inFinance());
  await prepared(other());
  const may =
    'what Airbyte may keep of the schema FINANCE.CASHFLOW_0 in its schema AIRBYTE_INTERNAL (it cannot be seen: GRANT ROLE "AIRBYTE" TO ROLE "PROVISIONER" lets that be seen)';
  expect((await removal(inFinance())).left.map(({ what }) => what)).toEqual([may]);
  await world.sql('GRANT ROLE "AIRBYTE" TO ROLE "PROVISIONER"');
  expect((await removal(inFinance())).left).toEqual([]);
});

test('the undo of a removal that ended in its middle has nothing to do with it', async () => {
  await syncedBoth();
  const component = inFinance();
  const { present } = await component.look(step());
  const things = await component.beforeCleanup(present, step());
  await component.cleanup(things, step());
  expect((await component.restore(things, step())).left).toEqual([]);
  expect((await component.look(step())).missing).toEqual([]);
  expect(await rawIn()).toHaveLength(2);
});

test.each([
  [OTHER_KEY, 'belongs to development/finance.cashflow.0.other.'],
  ['development/marketing.x.0.y', 'belongs to a component of another domain.'],
])('raw tables do not go to the schema of %s', async (key, whose) => {
  await prepared(world.component(key, { schema: 'OTHER_0' }));
  const { foreign } = await world.component(KEY, { raw_data_schema: 'other_0' }).look(step());
  expect(foreign).toEqual([
    {
      kind: 'schema',
      name: 'ANALYTICS.OTHER_0',
      at: 'specific.destination.connectionConfiguration.raw_data_schema',
      problem: `The schema ANALYTICS.OTHER_0, where Airbyte is to keep raw tables, ${whose}`,
      solution:
        'Give another schema for them in the descriptor (specific.destination.connectionConfiguration.raw_data_schema), which is no component’s.',
    },
  ]);
});

test('raw tables may go to a schema that is nobody’s, or was the component’s own', async () => {
  await world.sql('CREATE SCHEMA "ANALYTICS"."RAW"');
  await prepared(world.component(KEY, { schema: 'BEFORE' }));
  for (const name of ['raw', 'before']) {
    const { foreign } = await prepared(world.component(KEY, { raw_data_schema: name }));
    expect(foreign).toEqual([]);
  }
});

test('raw tables of others in a component’s own schema are told, its own are not', async () => {
  const raw = (schema: string, internal: string) =>
    world.control('/syncs', {
      database: 'ANALYTICS',
      schema,
      role: 'AIRBYTE',
      raw: true,
      internal,
    });
  await world.sql('GRANT CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "AIRBYTE"');
  await prepared(world.component(KEY, { schema: 'BEFORE' }));
  await prepared(world.component(KEY, { raw_data_schema: 'before' }));
  await prepared(world.component(OTHER_KEY, { schema: 'OTHER_0' }));
  await raw('CASHFLOW_0', 'BEFORE');
  const told = async () =>
    (await world.component().look(step())).warnings.filter((each) => each.includes('raw tables'));
  expect(await told()).toEqual([]);
  await raw('OTHER_0', 'CASHFLOW_0');
  expect(await told()).toEqual([
    'The schema ANALYTICS.CASHFLOW_0 has raw tables of other components in it (OTHER_0_RAW__STREAM_ORDERS): who reads its data reads them, and a removal with its data drops them. Give these components another raw_data_schema.',
  ]);
});

const AT_SCHEMA = 'specific.destination.connectionConfiguration.schema';
const ELSEWHERE = `To write elsewhere, give another schema in the descriptor (${AT_SCHEMA}).`;

describe.each([
  ['that is Airbyte’s own', { schema: 'airbyte_internal' }, 'AIRBYTE_INTERNAL'],
  [
    'that is Airbyte’s own for others',
    { schema: 'AIRBYTE_INTERNAL', raw_data_schema: 'landing' },
    'AIRBYTE_INTERNAL',
  ],
  ['that the component has for them', { schema: 'Landing', raw_data_schema: 'landing' }, 'LANDING'],
])('a schema for raw tables %s', (_, given, schema) => {
  const refused = {
    kind: 'schema',
    name: `ANALYTICS.${schema}`,
    at: AT_SCHEMA,
    problem: `The schema ANALYTICS.${schema} is where Airbyte keeps raw tables: it can be no component’s own.`,
    solution: ELSEWHERE,
  };
  const created = `CREATE SCHEMA "ANALYTICS"."${schema}"`;

  test.each([
    ['before it is there', []],
    ['when Airbyte has made it', [created]],
    ['when it is another component’s', [`${created} COMMENT = 'provisioner:${OTHER_KEY}'`]],
    ['when it bears the component’s own tag', [`${created} COMMENT = 'provisioner:${KEY}'`]],
  ])('is no component’s own %s, and nobody is told how to have it', async (_when, statements) => {
    await world.sql('GRANT CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "AIRBYTE"');
    for (const each of statements) await world.sql(each, 'AIRBYTE');
    const component = world.component(KEY, given);
    const before = await world.entities();
    const { foreign, missing } = await component.look(step());
    const isMarked = schema === 'AIRBYTE_INTERNAL' && statements.some((each) => each.includes(KEY));
    const reclaim: unknown = expect.stringContaining(`"${schema}" IS '';`);
    expect(foreign).toEqual([{ ...refused, ...(isMarked && { reclaim }) }]);
    const checks = await component.check(step());
    expect(checks).toContainEqual({
      name: 'schema',
      outcome: 'failed',
      message: refused.problem,
      solution: ELSEWHERE,
      at: AT_SCHEMA,
    });
    await expect(component.prepare(missing, step())).rejects.toThrow(refused.problem);
    expect(await world.entities()).toEqual(before);
  });

  test('is left as it is by a fabric that makes no schemas', async () => {
    const lends = { manage: { ...MANAGE, schema: false, access: false } };
    expect((await world.component(KEY, given, lends).look(step())).foreign).toEqual([]);
  });
});

test('Airbyte’s schema goes with no component, whoever has marked it', async () => {
  await world.sql('GRANT CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "AIRBYTE"');
  const marked = `CREATE SCHEMA "ANALYTICS"."AIRBYTE_INTERNAL" COMMENT = 'provisioner:${KEY}'`;
  await world.sql(marked, 'AIRBYTE');
  const present = async (given: Record<string, unknown>) =>
    JSON.stringify((await world.component(KEY, given).look(step())).present);
  expect(await present({ schema: 'airbyte_internal' })).not.toContain('AIRBYTE_INTERNAL');
  expect(await present({})).not.toContain('AIRBYTE_INTERNAL');
});

/** A schema that Airbyte has made itself, as a destination of a fabric that only lends has it do. */
const madeByAirbyte = async (schema: string, table: string) => {
  await world.sql('GRANT CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "AIRBYTE"');
  await world.sql(`CREATE SCHEMA "ANALYTICS"."${schema}"`, 'AIRBYTE');
  await world.sql(`CREATE TABLE "ANALYTICS"."${schema}"."${table}" ("ID" TEXT)`, 'AIRBYTE');
};

test('that others have for raw tables nobody is told how to have', async () => {
  await madeByAirbyte('CASHFLOW_0', 'OTHER_0_RAW__STREAM_ORDERS');
  const { foreign } = await world.component().look(step());
  expect(foreign).toEqual([
    {
      kind: 'schema',
      name: 'ANALYTICS.CASHFLOW_0',
      at: AT_SCHEMA,
      problem:
        'The schema ANALYTICS.CASHFLOW_0 is there already, and Airbyte keeps raw tables of others in it.',
      solution: ELSEWHERE,
    },
  ]);
});

test.each(['ORDERS', 'CASHFLOW_0_RAW__STREAM_ORDERS'])(
  'that Airbyte has made for %s can be handed over, unless others have it for raw tables',
  async (table) => {
    await madeByAirbyte('CASHFLOW_0', table);
    const [foreign] = (await world.component().look(step())).foreign;
    expect(foreign?.solution).toBe(
      `Either give another schema in the descriptor (${AT_SCHEMA}), or its owner AIRBYTE can hand it over with all that is in it, unless raw tables of other components are to be there: COMMENT ON SCHEMA "ANALYTICS"."CASHFLOW_0" IS 'provisioner:${KEY}'; GRANT OWNERSHIP ON SCHEMA "ANALYTICS"."CASHFLOW_0" TO ROLE "PROVISIONER" COPY CURRENT GRANTS;`,
    );
    expect(foreign?.reclaim).toContain('COMMENT ON SCHEMA');
  },
);
