import { type SnowflakeSimulator, startSnowflakeSimulator } from '../simulator/snowflake/simulator';
import { EXISTS, JANE, MISSING, TOKEN, createSnowflakeClient } from './support/snowflake-client';

/* What statements do in the account. */

let simulator: SnowflakeSimulator;
beforeAll(async () => {
  simulator = await startSnowflakeSimulator({ tokens: [TOKEN] });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { submit, control, rows, error, done, names, asRole } = createSnowflakeClient(
  () => simulator.url,
);

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
