import { type SnowflakeSimulator, startSnowflakeSimulator } from '../simulator/snowflake/simulator';
import {
  EXISTS,
  MISSING,
  TOKEN,
  aText,
  createSnowflakeClient,
  matching,
} from './support/snowflake-client';

/* Tables and what is in them: who reads them, and that they come back with their schema. */

let simulator: SnowflakeSimulator;
beforeAll(async () => {
  simulator = await startSnowflakeSimulator({ tokens: [TOKEN] });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { submit, control, given, rows, error, done, names, asRole } = createSnowflakeClient(
  () => simulator.url,
);

describe('data', () => {
  const T = '"ANALYTICS"."S"."T"';
  const reader = () => asRole('READER');
  const usage = [
    'GRANT USAGE ON DATABASE "ANALYTICS" TO ROLE "READER"',
    'GRANT USAGE ON SCHEMA "ANALYTICS"."S" TO ROLE "READER"',
    'GRANT USAGE ON WAREHOUSE "PROVISIONING" TO ROLE "READER"',
  ];
  beforeEach(() =>
    done(
      'CREATE SCHEMA "ANALYTICS"."S"',
      `CREATE TABLE ${T} ("ID" NUMBER, "NAME" VARCHAR)`,
      `INSERT INTO ${T} VALUES (1, 'one'), (2, NULL)`,
    ),
  );

  test('are read as they were written', async () => {
    expect(await rows(`SELECT * FROM ${T}`)).toEqual([
      { ID: '1', NAME: 'one' },
      { ID: '2', NAME: null },
    ]);
    expect((await submit(`SELECT COUNT(*) FROM ${T}`)).data).toEqual([['2']]);
    expect(await error(`INSERT INTO ${T} VALUES (1)`)).toMatchObject({ status: 422 });
    expect(await error(`CREATE TABLE ${T} ("ID" NUMBER)`)).toEqual(EXISTS);
  });

  test('are read by who may use all of their path', async () => {
    const sent = await reader();
    const select = `GRANT SELECT ON TABLE ${T} TO ROLE "READER"`;
    const [database = '', schema = '', warehouse = ''] = usage;
    const steps = [warehouse, select, database, schema];
    for (const step of steps) {
      expect(await error(`SELECT * FROM ${T}`, sent)).toMatchObject(MISSING);
      await given([step]);
    }
    expect(await rows(`SELECT * FROM ${T}`, sent)).toHaveLength(2);
    expect(await error(`INSERT INTO ${T} VALUES (3, 'three')`, sent)).toEqual({
      ...MISSING,
      sqlState: '42S02',
    });
  });

  test('that come later are read by future grants, and by no others', async () => {
    const sent = await reader();
    await given([
      ...usage,
      'GRANT SELECT ON FUTURE TABLES IN SCHEMA "ANALYTICS"."S" TO ROLE "READER"',
    ]);
    await done('CREATE TABLE "ANALYTICS"."S"."LATER" ("ID" NUMBER)');
    await control('POST', '/objects', {
      database: 'ANALYTICS',
      schema: 'S',
      name: 'SYNCED',
      rows: 3,
    });
    await control('POST', '/objects', {
      database: 'ANALYTICS',
      schema: 'S',
      name: 'V',
      kind: 'VIEW',
    });
    expect(await rows('SELECT * FROM "ANALYTICS"."S"."LATER"', sent)).toEqual([]);
    expect(await rows('SELECT * FROM "ANALYTICS"."S"."SYNCED"', sent)).toHaveLength(3);
    expect(await error('SELECT * FROM "ANALYTICS"."S"."V"', sent)).toMatchObject(MISSING);
    expect(await error(`SELECT * FROM ${T}`, sent)).toMatchObject(MISSING);
    await given(['GRANT SELECT ON ALL TABLES IN SCHEMA "ANALYTICS"."S" TO ROLE "READER"']);
    expect(await rows(`SELECT * FROM ${T}`, sent)).toHaveLength(2);
    expect(await rows('SHOW FUTURE GRANTS IN SCHEMA "ANALYTICS"."S"')).toEqual([
      {
        created_on: aText,
        privilege: 'SELECT',
        grant_on: 'TABLE',
        name: 'ANALYTICS.S.<TABLE>',
        grant_to: 'ROLE',
        grantee_name: 'READER',
        grant_option: 'false',
      },
    ]);
  });

  test('go with their schema, and come back with it, grants and all', async () => {
    const sent = await reader();
    await given([...usage, `GRANT SELECT ON TABLE ${T} TO ROLE "READER"`]);
    await done('DROP SCHEMA "ANALYTICS"."S"');
    expect(await error(`SELECT * FROM ${T}`)).toMatchObject(MISSING);
    expect(await rows('SHOW SCHEMAS HISTORY LIKE \'S\' IN DATABASE "ANALYTICS"')).toMatchObject([
      { name: 'S', dropped_on: matching(/^\d+\.\d{9}$/) },
    ]);
    await done('UNDROP SCHEMA "ANALYTICS"."S"');
    expect(await rows(`SELECT * FROM ${T}`, sent)).toHaveLength(2);
  });

  test('of a schema that was made anew are not the former ones', async () => {
    await done('DROP SCHEMA "ANALYTICS"."S"', 'CREATE SCHEMA "ANALYTICS"."S"');
    expect(await rows('SHOW OBJECTS IN SCHEMA "ANALYTICS"."S"')).toEqual([]);
    expect(await error('UNDROP SCHEMA "ANALYTICS"."S"')).toEqual(EXISTS);
    await done('DROP SCHEMA "ANALYTICS"."S"', 'UNDROP SCHEMA "ANALYTICS"."S"');
    expect(await names('SHOW OBJECTS IN SCHEMA "ANALYTICS"."S"')).toEqual([]);
    expect(await error('UNDROP SCHEMA "ANALYTICS"."NEVER"')).toMatchObject(MISSING);
  });

  test('are seen by their number', async () => {
    expect(await rows('SHOW OBJECTS IN SCHEMA "ANALYTICS"."S" LIMIT 1')).toMatchObject([
      { name: 'T', kind: 'TABLE', rows: '2', database_name: 'ANALYTICS', schema_name: 'S' },
    ]);
    expect(await error('SHOW OBJECTS IN SCHEMA "ANALYTICS"."X"')).toMatchObject({ code: '002043' });
  });

  test('need a warehouse that runs, or starts by itself', async () => {
    const set = (state: string, autoResume: boolean) =>
      control('POST', '/warehouses', { name: 'PROVISIONING', state, autoResume });
    const select = () => error(`SELECT * FROM ${T}`);
    const state = async () => (await rows("SHOW WAREHOUSES LIKE 'PROVISIONING'"))[0];
    await set('SUSPENDED', false);
    expect(await select()).toEqual({ status: 422, code: '000606', sqlState: '57P03' });
    expect(await state()).toMatchObject({ state: 'SUSPENDED', auto_resume: 'false' });
    await done('SELECT 1', 'CREATE ROLE "R"', 'ALTER WAREHOUSE "PROVISIONING" RESUME');
    expect(await select()).toMatchObject({ status: 200 });
    expect(await error('ALTER WAREHOUSE "PROVISIONING" RESUME')).toMatchObject({ code: '090063' });
    await done('ALTER WAREHOUSE "PROVISIONING" RESUME IF SUSPENDED');
    await set('SUSPENDED', true);
    expect(await select()).toMatchObject({ status: 200 });
    expect(await state()).toMatchObject({ state: 'STARTED', auto_resume: 'true' });
    expect(await error(`SELECT * FROM ${T}`, { body: { warehouse: 'NONE' } })).toMatchObject({
      code: '000606',
    });
  });
});
