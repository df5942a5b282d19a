import { NOTHING, OTHER_KEY, prepared, startWorld, step } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* What was made is taken back, unless something is in it by now. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

describe('taken back', () => {
  test('what was made goes, and nothing else', async () => {
    const component = world.component();
    const { missing } = await component.look(step());
    await component.prepare(missing, step());
    const { changed, left: kept } = await component.unprepare(missing, step());
    expect(kept).toEqual([]);
    expect([...changed].sort()).toEqual(missing.map(({ id }) => id).sort());
    const { databases } = await world.entities();
    expect(databases[0]?.schemas).toEqual([]);
    expect(await world.left()).toEqual(NOTHING);
    expect(await component.unprepare(missing, step())).toEqual({ changed: [], left: [] });
  });

  test('what was there before stays', async () => {
    const component = world.component();
    await prepared(component);
    await world.sql('REVOKE CREATE STAGE ON SCHEMA "ANALYTICS"."CASHFLOW_0" FROM ROLE "AIRBYTE"');
    const { missing } = await component.look(step());
    expect(missing.map(({ what }) => what)).toEqual([
      'CREATE STAGE on the schema ANALYTICS.CASHFLOW_0 for the role AIRBYTE',
    ]);
    await component.prepare(missing, step());
    await component.unprepare(missing, step());
    const { airbyte, schemas } = await world.left();
    expect(schemas).toHaveLength(1);
    expect(airbyte.sort()).toEqual([...['CREATE FILE FORMAT', 'CREATE TABLE', 'USAGE', 'USAGE']]);
  });

  test('a schema with tables by now stays, and its role with members', async () => {
    const component = world.component();
    const { missing } = await component.look(step());
    await component.prepare(missing, step());
    await world.control('/objects', {
      database: 'ANALYTICS',
      schema: 'CASHFLOW_0',
      name: 'ORDERS',
      owner: 'AIRBYTE',
      rows: 3,
    });
    await component.grant(['user:JANE.DOE@EXAMPLE.COM'], step());
    const undone = await component.unprepare(missing, step());
    expect(undone.left.map(({ what }) => what.replace(/READ_\w{8}/, 'READ_X'))).toEqual([
      'the role CASHFLOW_0_INGESTION_READ_X (it has 1 member by now)',
      'the schema ANALYTICS.CASHFLOW_0 (it has 1 table or view by now)',
    ]);
    const { databases } = await world.entities();
    expect(databases[0]?.schemas[0]?.objects).toMatchObject([{ name: 'ORDERS', rows: 3 }]);
  });

  test.each([
    ['STAGE', '1 stage'],
    ['FILE FORMAT', '1 file format'],
    ['SEQUENCE', '1 sequence'],
    ['PIPE', '1 pipe'],
    ['STREAM', '1 stream'],
    ['TASK', '1 task'],
    ['FUNCTION', '1 function'],
    ['PROCEDURE', '1 procedure'],
  ])('a schema with a %s by now stays', async (kind, words) => {
    const component = world.component();
    const { missing } = await component.look(step());
    const made = missing.filter(({ kind: each }) => each === 'schema');
    await component.prepare(made, step());
    const place = { database: 'ANALYTICS', schema: 'CASHFLOW_0', owner: 'AIRBYTE' };
    await world.control('/objects', { ...place, name: 'X', kind });
    const undone = await component.unprepare(made, step());
    expect(undone.left.map(({ what }) => what)).toEqual([
      `the schema ANALYTICS.CASHFLOW_0 (it has ${words} by now)`,
    ]);
    expect((await world.left()).schemas).toHaveLength(1);
  });

  test('a schema whose tables cannot be seen stays', async () => {
    const component = world.component();
    const { missing } = await component.look(step());
    await component.prepare(missing, step());
    await world.sql('REVOKE MANAGE GRANTS ON ACCOUNT FROM ROLE "PROVISIONER"');
    await world.control('/objects', {
      database: 'ANALYTICS',
      schema: 'CASHFLOW_0',
      name: 'ORDERS',
      owner: 'AIRBYTE',
      rows: 3,
    });
    const schema = missing.filter(({ kind }) => kind === 'schema');
    const blind = await component.unprepare(schema, step());
    expect(blind.left.map(({ what }) => what)).toEqual([
      'the schema ANALYTICS.CASHFLOW_0 (it cannot be seen whether Airbyte has made tables in it: GRANT ROLE "AIRBYTE" TO ROLE "PROVISIONER" lets that be seen)',
    ]);
    await world.sql('GRANT ROLE "AIRBYTE" TO ROLE "PROVISIONER"');
    const seeing = await component.unprepare(schema, step());
    expect(seeing.left.map(({ what }) => what)).toEqual([
      'the schema ANALYTICS.CASHFLOW_0 (it has 1 table or view by now)',
    ]);
  });

  test('Airbyte may use the database as long as another component is in it', async () => {
    const component = world.component();
    const { missing } = await component.look(step());
    await component.prepare(missing, step());
    await prepared(world.component(OTHER_KEY, { schema: 'OTHER_0' }));
    const undone = await component.unprepare(missing, step());
    expect(undone.left.map(({ what }) => what)).toEqual([
      'USAGE on the database ANALYTICS for the role AIRBYTE (others use the database by now)',
    ]);
    expect((await world.left()).airbyte).toContain('USAGE');
  });
});
