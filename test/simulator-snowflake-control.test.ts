import { z } from 'zod';
import { type SnowflakeSimulator, startSnowflakeSimulator } from '../simulator/snowflake/simulator';
import {
  HEADERS,
  TOKEN,
  aText,
  createSnowflakeClient,
  eventually,
} from './support/snowflake-client';

/* The routes that steer the stand-in and show what is in it. */

let simulator: SnowflakeSimulator;
beforeAll(async () => {
  simulator = await startSnowflakeSimulator({ tokens: [TOKEN], running: 5 });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { request, submit, control, rows, error, fault } = createSnowflakeClient(() => simulator.url);

const CREATE = 'CREATE ROLE "R"';
const isMade = async () => (await rows("SHOW ROLES LIKE 'R'")).length === 1;

describe('the other routes', () => {
  test.each([
    ['/sql', { statement: 'SELECT 1', user: 'x' }, 400],
    ['/sql', { statement: 'SELECT 1', role: 'NONE' }, 404],
    ['/objects', { database: 'ANALYTICS', schema: 'NONE', name: 'T' }, 404],
    ['/objects', { database: 'ANALYTICS', schema: 'PUBLIC', name: 'T', owner: 'NONE' }, 404],
    ['/syncs', { database: 'ANALYTICS', schema: 'PUBLIC', role: 'NONE' }, 404],
    ['/syncs', { database: 'ANALYTICS', schema: 'PUBLIC', role: 'AIRBYTE', streams: [] }, 400],
    ['/seed', { users: -1 }, 400],
    ['/users', {}, 400],
    ['/warehouses', { name: 'W', state: 'BUSY' }, 400],
    ['/keys', { user: 'PROVISIONER', publicKeys: ['none'] }, 400],
    ['/keys', { user: 'NOBODY', publicKeys: [] }, 404],
    ['/tokens', { user: 'NOBODY', token: 't', type: 'OAUTH' }, 404],
    ['/tokens', { user: 'PROVISIONER', token: 't', type: 'KEYPAIR_JWT' }, 400],
    ['/none', {}, 404],
  ])('%s refuses %j', async (path, body, status) => {
    expect(await control('POST', path, body)).toMatchObject({
      status,
      body: { errors: [aText] },
    });
  });

  test('a body that is no JSON is refused', async () => {
    expect(await request('POST', '/_simulator/sql', { body: '{' })).toMatchObject({ status: 400 });
  });

  test('a statement that fails says why', async () => {
    expect(await control('POST', '/sql', { statement: 'DROP ROLE "X"' })).toMatchObject({
      status: 200,
      body: { code: '002003', message: aText },
    });
  });

  test('a sync makes what Airbyte makes, as far as its role may', async () => {
    await control('POST', '/sql', {
      statement: 'CREATE SCHEMA "ANALYTICS"."SALES"',
      role: 'PROVISIONER',
    });
    const sync = { database: 'ANALYTICS', schema: 'SALES', role: 'AIRBYTE', raw: true };
    expect(await control('POST', '/syncs', sync)).toMatchObject({
      status: 200,
      body: { code: '002003', message: aText },
    });
    await control('POST', '/sql', {
      statement: 'GRANT USAGE, CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "AIRBYTE"',
    });
    expect(await control('POST', '/syncs', sync)).toMatchObject({ body: { code: '002003' } });
    await control('POST', '/sql', {
      statement: 'GRANT USAGE, CREATE TABLE ON SCHEMA "ANALYTICS"."SALES" TO ROLE "AIRBYTE"',
    });
    expect(await control('POST', '/syncs', sync)).toMatchObject({ body: { synced: 1 } });
    const { body } = await control('GET', '/entities');
    const made = (name: string, table: string): unknown =>
      expect.objectContaining({
        name,
        objects: [expect.objectContaining({ name: table, owner: 'AIRBYTE' })],
      });
    const schemas: unknown = expect.arrayContaining([
      made('AIRBYTE_INTERNAL', 'SALES_RAW__STREAM_ORDERS'),
      made('SALES', 'ORDERS'),
    ]);
    expect(body).toMatchObject({ databases: [{ name: 'ANALYTICS', schemas }] });
  });

  test('what exists is shown, what was dropped too if asked for', async () => {
    for (const statement of [
      'CREATE SCHEMA "ANALYTICS"."S" WITH MANAGED ACCESS COMMENT = \'c\'',
      'CREATE TABLE "ANALYTICS"."S"."T" ("ID" NUMBER)',
      'CREATE ROLE "R" COMMENT = \'c\'',
      'GRANT USAGE ON SCHEMA "ANALYTICS"."S" TO ROLE "R"',
      'GRANT SELECT ON FUTURE TABLES IN SCHEMA "ANALYTICS"."S" TO ROLE "R"',
      'GRANT ROLE "R" TO ROLE "AIRBYTE"',
    ])
      expect(await error(statement)).toMatchObject({ status: 200 });
    const shown = (change = {}) => ({
      databases: [
        {
          name: 'ANALYTICS',
          schemas: [
            {
              name: 'S',
              owner: 'PROVISIONER',
              comment: 'c',
              managedAccess: true,
              grants: [{ privilege: 'USAGE', role: 'R', grantedBy: 'PROVISIONER' }],
              futureGrants: [{ privilege: 'SELECT', on: 'TABLE', role: 'R' }],
              objects: [{ name: 'T', kind: 'TABLE', owner: 'PROVISIONER', rows: 0, grants: [] }],
              ...change,
            },
          ],
        },
      ],
      roles: [
        { name: 'PROVISIONER' },
        { name: 'AIRBYTE' },
        { name: 'R', owner: 'PROVISIONER', comment: 'c' },
      ],
      members: [
        { role: 'PROVISIONER', to: 'USER', name: 'PROVISIONER', grantedBy: 'SECURITYADMIN' },
        { role: 'R', to: 'ROLE', name: 'AIRBYTE', grantedBy: 'PROVISIONER' },
      ],
    });
    expect((await control('GET', '/entities')).body).toMatchObject(shown());
    await submit('DROP SCHEMA "ANALYTICS"."S"');
    expect((await control('GET', '/entities')).body).toMatchObject({
      databases: [{ name: 'ANALYTICS', schemas: [] }],
    });
    expect((await control('GET', '/entities?includeDropped=true')).body).toMatchObject(
      shown({ dropped: true }),
    );
  });

  test('what was saved comes back, and faults and calls are forgotten', async () => {
    await submit(CREATE);
    await control('POST', '/save');
    await submit('DROP ROLE "R"');
    await fault({ operation: '*', status: 500, times: 0 });
    await control('POST', '/restore');
    expect((await control('GET', '/requests')).body).toMatchObject({ requests: [] });
    expect(await isMade()).toBe(true);
    await submit('DROP ROLE "R"');
    await control('POST', '/restore');
    expect(await isMade()).toBe(true);
    await control('POST', '/reset');
    expect(await isMade()).toBe(false);
  });

  test('users and roles come by the hundred', async () => {
    const { body } = await control('POST', '/seed', { users: 200, roles: 100, name: 'P' });
    expect(body).toEqual({ users: 200, roles: 100, schemas: 0 });
    expect(await rows("SHOW USERS LIKE 'P\\\\_%'")).toHaveLength(200);
    expect(await rows("SHOW ROLES LIKE 'P\\\\_%'")).toHaveLength(100);
  });

  test('they are listed', async () => {
    const { body } = await control('GET', '');
    expect(
      Object.keys(z.object({ routes: z.record(z.string(), z.string()) }).parse(body).routes),
    ).toContain('POST /_simulator/objects');
  });
});

test('a call that hangs ends with the simulator', async () => {
  const own = await startSnowflakeSimulator({ tokens: [TOKEN] });
  const client = createSnowflakeClient(() => own.url);
  await client.control('POST', '/faults', { operation: '*', hang: 'before' });
  const hanging = fetch(`${own.url}/api/v2/statements`, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify({ statement: 'SELECT 1' }),
  });
  await eventually(async () => {
    const { body } = await client.control('GET', '/requests');
    return z.object({ requests: z.array(z.unknown()) }).parse(body).requests.length > 0;
  });
  const failed = expect(hanging).rejects.toThrow();
  await own.close();
  await failed;
});
