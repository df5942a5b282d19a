import { type SnowflakeSimulator, startSnowflakeSimulator } from '../simulator/snowflake/simulator';
import {
  DENIED,
  JANE,
  MISSING,
  TOKEN,
  createSnowflakeClient,
  matching,
} from './support/snowflake-client';

/* Who may have statements done, and by which grants. */

let simulator: SnowflakeSimulator;
beforeAll(async () => {
  simulator = await startSnowflakeSimulator({ tokens: [TOKEN] });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { submit, given, rows, error, done, names, asRole } = createSnowflakeClient(
  () => simulator.url,
);

const privileges = async (statement: string) =>
  (await rows(statement)).map((row) => `${row.privilege ?? ''} ${row.name ?? ''}`);

describe('who owns a role', () => {
  const ownerOf = async () =>
    (await rows("SHOW ROLES LIKE 'MINE'")).map(({ owner }) => owner ?? '');

  test('may give it to another, and then drops it no more; who has it keeps it', async () => {
    const sent = await asRole('GIVER', ['GRANT CREATE ROLE ON ACCOUNT TO ROLE "GIVER"']);
    await given(['CREATE ROLE "TAKER"']);
    for (const statement of ['CREATE ROLE "MINE"', `GRANT ROLE "MINE" TO USER "${JANE}"`])
      expect(await submit(statement, sent)).toMatchObject({ status: 200 });
    const members = await rows('SHOW GRANTS OF ROLE "MINE"');
    const to = (owner: string) => `GRANT OWNERSHIP ON ROLE "MINE" TO ROLE "${owner}"`;
    expect(await error(to('NOBODY'), sent)).toMatchObject(MISSING);
    expect(await ownerOf()).toEqual(['GIVER']);
    expect(await submit(`${to('TAKER')} COPY CURRENT GRANTS`, sent)).toMatchObject({ status: 200 });
    expect(await ownerOf()).toEqual(['TAKER']);
    expect(await rows('SHOW GRANTS OF ROLE "MINE"')).toEqual(members);
    expect(await error(to('GIVER'), sent)).toEqual(DENIED);
    expect(await error('DROP ROLE "MINE"', sent)).toEqual(DENIED);
  });
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
