import { type SnowflakeSimulator, startSnowflakeSimulator } from '../simulator/snowflake/simulator';
import { aText, createSnowflakeClient, matching, TOKEN } from './support/snowflake-client';

/* What statements do in the account, and who may have them done. */

let simulator: SnowflakeSimulator;
beforeAll(async () => {
  simulator = await startSnowflakeSimulator({ tokens: [TOKEN] });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { submit, control, given, rows, error } = createSnowflakeClient(() => simulator.url);

const MISSING = { status: 422, code: '002003' };
const DENIED = { status: 422, code: '003001', sqlState: '42501' };
const EXISTS = { status: 422, code: '002002', sqlState: '42710' };
const JANE = 'JANE.DOE@EXAMPLE.COM';

const done = async (...statements: string[]) => {
  for (const statement of statements) {
    const { status, message } = await submit(statement);
    expect({ statement, status, message }).toMatchObject({ status: 200 });
  }
};
const names = async (statement: string) => (await rows(statement)).map(({ name }) => name);
const privileges = async (statement: string) =>
  (await rows(statement)).map((row) => `${row.privilege ?? ''} ${row.name ?? ''}`);

/** A user of its own role, which has these and nothing else. */
const asRole = async (role: string, grants: string[] = []) => {
  await given([`CREATE ROLE "${role}"`, ...grants]);
  await given([`GRANT ROLE "${role}" TO USER "PROVISIONER"`]);
  return { body: { role } };
};

test('what IF NOT EXISTS and IF EXISTS find is let be', async () => {
  const create = 'CREATE SCHEMA IF NOT EXISTS "ANALYTICS"."S" COMMENT = \'a\'';
  await done(create);
  expect((await submit(create.replace("'a'", "'b'"))).data).toEqual([
    ['S already exists, statement succeeded.'],
  ]);
  expect(await rows('SHOW SCHEMAS LIKE \'S\' IN DATABASE "ANALYTICS"')).toMatchObject([
    { comment: 'a', owner: 'PROVISIONER', database_name: 'ANALYTICS', options: '' },
  ]);
  expect(await error('CREATE SCHEMA "ANALYTICS"."S"')).toEqual(EXISTS);
  await done('DROP SCHEMA IF EXISTS "ANALYTICS"."S"');
  expect((await submit('DROP SCHEMA IF EXISTS "ANALYTICS"."S"')).data).toEqual([
    ['Drop statement executed successfully (S already dropped).'],
  ]);
  expect(await error('DROP SCHEMA "ANALYTICS"."S"')).toMatchObject(MISSING);
});

test.each([
  ['CREATE DATABASE "D"', 'CREATE DATABASE IF NOT EXISTS "D"', 'DROP DATABASE "D"'],
  ['CREATE ROLE "R"', 'CREATE ROLE IF NOT EXISTS "R"', 'DROP ROLE "R"'],
])('%s', async (create, lenient, drop) => {
  await done(create, lenient);
  expect(await error(create)).toEqual(EXISTS);
  await done(drop, drop.replace('"', 'IF EXISTS "'));
  expect(await error(drop)).toMatchObject(MISSING);
});

test('names differ by their case in quotes', async () => {
  await done(
    'CREATE SCHEMA "ANALYTICS"."s"',
    'CREATE SCHEMA analytics.s',
    'CREATE SCHEMA "ANALYTICS"."a ""b"""',
  );
  expect(await names('SHOW SCHEMAS LIKE \'s\' IN DATABASE "ANALYTICS"')).toEqual(['S', 's']);
  expect(await names('SHOW SCHEMAS LIKE \'a%\' IN DATABASE "ANALYTICS"')).toEqual(['a "b"']);
});

test('a pattern has wildcards, in any case, unless they are escaped', async () => {
  await done('CREATE ROLE "a_b"', 'CREATE ROLE "AXB"', 'CREATE ROLE "a.b"', 'CREATE ROLE "axbc"');
  expect(await names("SHOW ROLES LIKE 'a_b'")).toEqual(['AXB', 'a.b', 'a_b']);
  expect(await names("SHOW ROLES LIKE 'A_b%'")).toEqual(['AXB', 'a.b', 'a_b', 'axbc']);
  expect(await names("SHOW ROLES LIKE 'a\\\\_b'")).toEqual(['a_b']);
  // A single backslash is gone before the pattern is read.
  expect(await names("SHOW ROLES LIKE 'a\\_b'")).toEqual(['AXB', 'a.b', 'a_b']);
  expect(await names("SHOW ROLES STARTS WITH 'a'")).toEqual(['a.b', 'a_b', 'axbc']);
});

test('a SHOW gives 10,000 rows at most, and the next ones from a name', async () => {
  await control('POST', '/seed', { roles: 10_050, name: 'R' });
  const all = await submit("SHOW ROLES LIKE 'R\\\\_%'");
  expect(all.resultSetMetaData?.numRows).toBe(10_000);
  const some = await names("SHOW ROLES LIKE 'R\\\\_%' LIMIT 2 FROM 'R_10000'");
  expect(some).toEqual(['R_10001', 'R_10002']);
  const more = await submit("SHOW ROLES LIKE 'R\\\\_%' LIMIT 20000");
  expect(more.resultSetMetaData?.numRows).toBe(10_000);
});

describe('what a role may', () => {
  const SCHEMA = '"ANALYTICS"."THEIRS"';

  test('without anything it sees nothing, and makes nothing', async () => {
    const sent = await asRole('NOBODY');
    await given(['CREATE DATABASE "OTHER"'], 'SYSADMIN');
    expect(await rows('SHOW DATABASES', sent)).toEqual([]);
    expect(await rows('SHOW WAREHOUSES', sent)).toEqual([]);
    expect(await error('CREATE ROLE "X"', sent)).toEqual(DENIED);
    expect(await error('CREATE DATABASE "X"', sent)).toEqual(DENIED);
    expect(await error('CREATE SCHEMA "ANALYTICS"."X"', sent)).toMatchObject(MISSING);
    expect(await error('SHOW GRANTS ON DATABASE "ANALYTICS"', sent)).toMatchObject(MISSING);
    expect(await error('SHOW SCHEMAS IN DATABASE "ANALYTICS"', sent)).toEqual({
      status: 422,
      code: '002043',
      sqlState: '02000',
    });
    expect(await submit('DROP DATABASE IF EXISTS "ANALYTICS"', sent)).toMatchObject({
      status: 200,
    });
    expect(await names('SHOW DATABASES')).toContain('ANALYTICS');
  });

  test('what it sees but does not own it does not change', async () => {
    const sent = await asRole('GUEST', [
      'GRANT USAGE ON DATABASE "ANALYTICS" TO ROLE "GUEST"',
      `CREATE SCHEMA ${SCHEMA}`,
      `GRANT USAGE ON SCHEMA ${SCHEMA} TO ROLE "GUEST"`,
    ]);
    for (const statement of [
      `DROP SCHEMA ${SCHEMA}`,
      `DROP SCHEMA IF EXISTS ${SCHEMA}`,
      `COMMENT ON SCHEMA ${SCHEMA} IS 'x'`,
      `GRANT USAGE ON SCHEMA ${SCHEMA} TO ROLE "GUEST"`,
      `REVOKE USAGE ON SCHEMA ${SCHEMA} FROM ROLE "GUEST"`,
      `GRANT SELECT ON FUTURE TABLES IN SCHEMA ${SCHEMA} TO ROLE "GUEST"`,
      'CREATE SCHEMA "ANALYTICS"."X"',
      'DROP ROLE "AIRBYTE"',
      'GRANT ROLE "AIRBYTE" TO ROLE "GUEST"',
      'COMMENT ON ROLE "AIRBYTE" IS \'x\'',
      'GRANT CREATE ROLE ON ACCOUNT TO ROLE "GUEST"',
    ])
      expect({ statement, ...(await error(statement, sent)) }).toEqual({ statement, ...DENIED });
  });

  test('it has what the roles have that were granted to it, and theirs', async () => {
    const sent = await asRole('TOP', [
      'CREATE ROLE "MIDDLE"',
      'CREATE ROLE "LOW"',
      'GRANT ROLE "LOW" TO ROLE "MIDDLE"',
      'GRANT ROLE "MIDDLE" TO ROLE "TOP"',
      'GRANT CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "LOW"',
    ]);
    expect(await submit('CREATE SCHEMA "ANALYTICS"."X"', sent)).toMatchObject({ status: 200 });
    expect(await error('GRANT ROLE "TOP" TO ROLE "LOW"')).toMatchObject({ status: 422 });
    expect(await error('GRANT ROLE "TOP" TO ROLE "TOP"')).toMatchObject({ status: 422 });
  });

  test('the roles of the system stay', async () => {
    expect(await error('DROP ROLE "PUBLIC"')).toEqual(DENIED);
  });

  test('without MANAGE GRANTS future grants need a schema of managed access', async () => {
    await given(['REVOKE MANAGE GRANTS ON ACCOUNT FROM ROLE "PROVISIONER"']);
    await done(
      'CREATE SCHEMA "ANALYTICS"."PLAIN"',
      'CREATE SCHEMA "ANALYTICS"."MANAGED" WITH MANAGED ACCESS',
      'CREATE ROLE "READERS"',
    );
    const future = (schema: string) =>
      `GRANT SELECT ON FUTURE TABLES IN SCHEMA "ANALYTICS"."${schema}" TO ROLE "READERS"`;
    expect(await error(future('PLAIN'))).toEqual(DENIED);
    await done(future('MANAGED'));
  });

  test('in a schema of managed access its owner grants, and not the owners of tables', async () => {
    await done('CREATE SCHEMA "ANALYTICS"."M" WITH MANAGED ACCESS', 'CREATE ROLE "READERS"');
    const loader = await asRole('LOADER', [
      'GRANT USAGE ON DATABASE "ANALYTICS" TO ROLE "LOADER"',
      'GRANT USAGE, CREATE TABLE ON SCHEMA "ANALYTICS"."M" TO ROLE "LOADER"',
    ]);
    await submit('CREATE TABLE "ANALYTICS"."M"."T" ("ID" NUMBER)', loader);
    const grant = 'GRANT SELECT ON TABLE "ANALYTICS"."M"."T" TO ROLE "READERS"';
    expect(await error(grant, loader)).toEqual(DENIED);
    await given(['REVOKE MANAGE GRANTS ON ACCOUNT FROM ROLE "PROVISIONER"']);
    // The owner of the schema grants on what it does not even see, all at once.
    await done('GRANT SELECT ON ALL TABLES IN SCHEMA "ANALYTICS"."M" TO ROLE "READERS"');
    expect(await rows('SHOW OBJECTS IN SCHEMA "ANALYTICS"."M"')).toEqual([]);
  });
});

describe('grants', () => {
  beforeEach(() => done('CREATE SCHEMA "ANALYTICS"."S"', 'CREATE ROLE "READERS"'));
  const grant = 'GRANT USAGE, CREATE TABLE ON SCHEMA "ANALYTICS"."S" TO ROLE "READERS"';

  test('twice are once, and revoked twice are gone', async () => {
    await done(grant, grant);
    expect(await privileges('SHOW GRANTS TO ROLE "READERS"')).toEqual([
      'USAGE ANALYTICS.S',
      'CREATE TABLE ANALYTICS.S',
    ]);
    const revoke = grant.replace('GRANT', 'REVOKE').replace('TO ROLE', 'FROM ROLE');
    await done(revoke, revoke);
    expect(await privileges('SHOW GRANTS TO ROLE "READERS"')).toEqual([]);
  });

  test('say who granted', async () => {
    await done(grant);
    expect(await rows('SHOW GRANTS ON SCHEMA "ANALYTICS"."S"')).toEqual([
      expect.objectContaining({ privilege: 'OWNERSHIP', grantee_name: 'PROVISIONER' }),
      expect.objectContaining({
        privilege: 'USAGE',
        granted_on: 'SCHEMA',
        name: 'ANALYTICS.S',
        granted_to: 'ROLE',
        grantee_name: 'READERS',
        grant_option: 'false',
        granted_by: 'PROVISIONER',
      }),
      expect.objectContaining({ privilege: 'CREATE TABLE' }),
    ]);
  });

  test('of a role to users and roles, whoever granted', async () => {
    await done(`GRANT ROLE "READERS" TO USER "${JANE}"`, 'CREATE ROLE "ANALYSTS"');
    await given(['GRANT ROLE "READERS" TO ROLE "ANALYSTS"'], 'SECURITYADMIN');
    expect(await rows('SHOW GRANTS OF ROLE "READERS"')).toEqual([
      {
        created_on: matching(/^\d+\.\d{9}$/),
        role: 'READERS',
        granted_to: 'USER',
        grantee_name: JANE,
        granted_by: 'PROVISIONER',
      },
      expect.objectContaining({ granted_to: 'ROLE', granted_by: 'SECURITYADMIN' }),
    ]);
    expect(await rows(`SHOW GRANTS TO USER "${JANE}"`)).toMatchObject([{ role: 'READERS' }]);
    await done(`REVOKE ROLE "READERS" FROM USER "${JANE}"`);
    expect(await rows(`SHOW GRANTS TO USER "${JANE}"`)).toEqual([]);
  });

  test.each([
    `GRANT ROLE "READERS" TO USER "NOBODY"`,
    `GRANT ROLE "READERS" TO ROLE "NOBODY"`,
    `GRANT ROLE "NOBODY" TO USER "${JANE}"`,
    `REVOKE ROLE "READERS" FROM USER "NOBODY"`,
    `GRANT USAGE ON SCHEMA "ANALYTICS"."S" TO ROLE "NOBODY"`,
    `GRANT USAGE ON SCHEMA "ANALYTICS"."X" TO ROLE "READERS"`,
    `SHOW GRANTS OF ROLE "NOBODY"`,
    `SHOW GRANTS TO USER "NOBODY"`,
    `SHOW FUTURE GRANTS TO ROLE "NOBODY"`,
  ])('%s: missing', async (statement) => {
    expect(await error(statement)).toMatchObject(MISSING);
  });

  test('go with their role', async () => {
    await done(
      grant,
      'GRANT SELECT ON FUTURE VIEWS IN SCHEMA "ANALYTICS"."S" TO ROLE "READERS"',
      `GRANT ROLE "READERS" TO USER "${JANE}"`,
      'GRANT ROLE "AIRBYTE" TO ROLE "READERS"',
      'DROP ROLE "READERS"',
      'CREATE ROLE "READERS"',
    );
    expect(await rows('SHOW GRANTS OF ROLE "READERS"')).toEqual([]);
    expect(await rows('SHOW GRANTS TO ROLE "READERS"')).toEqual([]);
    expect(await rows('SHOW FUTURE GRANTS TO ROLE "READERS"')).toEqual([]);
  });

  test('what a role owned is its dropper’s', async () => {
    const sent = await asRole('MAKER', [
      'GRANT CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "MAKER"',
    ]);
    await submit('CREATE SCHEMA "ANALYTICS"."MADE"', sent);
    await given(['DROP ROLE "MAKER"']);
    expect(await rows('SHOW SCHEMAS LIKE \'MADE\' IN DATABASE "ANALYTICS"')).toMatchObject([
      { owner: 'ACCOUNTADMIN' },
    ]);
  });
});

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

test('what is not named is in the session’s database', async () => {
  const sent = { body: { database: 'ANALYTICS' } };
  expect(await submit('CREATE SCHEMA "S"', sent)).toMatchObject({ status: 200 });
  expect(await error('CREATE SCHEMA "X"')).toMatchObject({ status: 422, code: '090105' });
  expect(await rows('SELECT CURRENT_DATABASE()', sent)).toEqual([
    { 'CURRENT_DATABASE()': 'ANALYTICS' },
  ]);
});

test('comments change, of who owns', async () => {
  await done('CREATE ROLE "R" COMMENT = \'a\'', "COMMENT ON ROLE \"R\" IS 'it''s b'");
  expect(await rows("SHOW ROLES LIKE 'R'")).toMatchObject([{ comment: "it's b" }]);
  await done('ALTER ROLE "R" SET COMMENT = \'c\'');
  expect(await rows("SHOW ROLES LIKE 'R'")).toMatchObject([
    { comment: 'c', owner: 'PROVISIONER', assigned_to_users: '0', is_inherited: 'N' },
  ]);
});

test('users are seen by their names, and by more with MANAGE GRANTS', async () => {
  expect(await rows(`SHOW USERS LIKE '${JANE}'`)).toMatchObject([
    { name: JANE, login_name: JANE, disabled: 'false' },
  ]);
  const sent = await asRole('NOBODY');
  expect(await rows(`SHOW USERS LIKE '${JANE}'`, sent)).toMatchObject([
    { name: JANE, disabled: '' },
  ]);
});
