import { z } from 'zod';
import { startDatabricksSimulator } from '../simulator/databricks/simulator';
import type { DatabricksSimulator } from '../simulator/databricks/simulator';
import {
  UNITY,
  aNumber,
  clientId,
  containing,
  databricksClient,
  problem,
} from './support/databricks';

/* Unity Catalog: schemas, what is in them, and who may do what with them. */

let simulator: DatabricksSimulator;
beforeAll(async () => {
  simulator = await startDatabricksSimulator({
    startDuration: 0,
    contextDuration: 0,
    chunkRows: 2,
  });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { call, control, entities, makeSchema, sql } = databricksClient(() => simulator.url);

describe('schemas', () => {
  test('one is made, read, changed, listed and deleted', async () => {
    const made = await makeSchema('Sales', { comment: 'ours', properties: { a: 'b' } });
    expect(made).toMatchObject({
      status: 200,
      body: { full_name: 'main.sales', owner: clientId, comment: 'ours', created_at: aNumber },
    });
    const path = `${UNITY}/schemas/main.sales`;
    expect(await call('GET', path)).toEqual(made);
    await call('PATCH', path, { comment: 'theirs', properties: {} });
    const { body } = await call('GET', `${UNITY}/schemas?catalog_name=main`);
    expect(body).toMatchObject({ schemas: [{ name: 'sales', comment: 'theirs', properties: {} }] });
    expect(await call('DELETE', path)).toEqual({ status: 200, body: {} });
    expect(await call('GET', path)).toEqual({
      status: 404,
      body: problem('SCHEMA_DOES_NOT_EXIST', "Schema 'main.sales' does not exist."),
    });
  });

  test('there is one of a name, however it is made', async () => {
    await makeSchema('sales', { comment: 'first' });
    expect(await makeSchema('SALES')).toEqual({
      status: 400,
      body: problem('SCHEMA_ALREADY_EXISTS', "Schema 'main.sales' already exists"),
    });
    expect((await sql('CREATE SCHEMA main.sales')).status.sql_state).toBe('42P06');
    await sql("CREATE SCHEMA IF NOT EXISTS main.sales COMMENT 'second'");
    const { schemas } = await entities();
    expect(schemas.filter(({ fullName }) => fullName === 'main.sales')).toMatchObject([
      { comment: 'first' },
    ]);
  });

  test.each([
    ['volume', 'volumes', 'volumes'],
    ['function', 'functions', 'functions'],
    ['model', 'models', 'registered_models'],
  ])('one with a %s lists it, and is deleted by force only', async (kind, path, list) => {
    await control('POST', '/objects', { schema: 'shelf', owner: clientId });
    await control('POST', '/objects', { schema: 'shelf', [kind]: 'thing', owner: clientId });
    const listed = await call('GET', `${UNITY}/${path}?catalog_name=main&schema_name=shelf`);
    expect(listed).toMatchObject({
      status: 200,
      body: { [list]: [{ full_name: 'main.shelf.thing', owner: clientId }] },
    });
    expect((await call('DELETE', `${UNITY}/schemas/main.shelf`)).status).toBe(400);
    expect((await call('DELETE', `${UNITY}/schemas/main.shelf?force=true`)).status).toBe(200);
  });

  test('one with a table is deleted by force only', async () => {
    await makeSchema('sales');
    await control('POST', '/objects', { schema: 'sales', table: 'orders' });
    const path = `${UNITY}/schemas/main.sales`;
    expect(await call('DELETE', path)).toEqual({
      status: 400,
      body: problem(
        'SCHEMA_NOT_EMPTY',
        "Schema 'main.sales' is not empty. The schema has 1 tables(s), 0 functions(s), 0 volumes(s)",
      ),
    });
    expect((await sql('DROP SCHEMA main.sales')).status.sql_state).toBe('2BP01');
    const listed = await call('GET', `${UNITY}/tables?catalog_name=main&schema_name=sales`);
    expect(listed.body).toMatchObject({ tables: [{ full_name: 'main.sales.orders' }] });
    expect((await call('DELETE', `${path}?force=true`)).status).toBe(200);
    expect((await entities()).tables).toEqual([]);
    expect((await entities('?includeDeleted=true')).tables).toMatchObject([{ name: 'orders' }]);
  });

  test('a list has pages', async () => {
    for (const name of ['c', 'a', 'b']) await makeSchema(name);
    const path = `${UNITY}/schemas?catalog_name=main&max_results=2`;
    const first = await call('GET', path);
    expect(first.body).toMatchObject({ schemas: [{ name: 'a' }, { name: 'b' }] });
    const { next_page_token: token } = z.object({ next_page_token: z.string() }).parse(first.body);
    const second = await call('GET', `${path}&page_token=${token}`);
    expect(second.body).toEqual({ schemas: [containing({ name: 'c' })] });
  });
});

describe('privileges', () => {
  const grants = `${UNITY}/permissions/schema/main.sales`;
  const change = (changes: object[], path = grants) => call('PATCH', path, { changes });
  const held = async () =>
    (await entities()).schemas.find(({ fullName }) => fullName === 'main.sales')?.grants;

  test('a difference is applied, and answered with what there is', async () => {
    await makeSchema('sales');
    await change([{ principal: 'analysts', add: ['USE_SCHEMA', 'SELECT'] }]);
    const answer = await change([
      { principal: 'analysts', remove: ['SELECT'] },
      { principal: 'Alice@example.com', add: ['USE SCHEMA'] },
    ]);
    expect(answer).toEqual({
      status: 200,
      body: {
        privilege_assignments: [
          { principal: 'analysts', privileges: ['USE_SCHEMA'] },
          { principal: 'alice@example.com', privileges: ['USE_SCHEMA'] },
        ],
      },
    });
    expect(await call('GET', `${UNITY}/permissions/SCHEMA/main.sales`)).toEqual(answer);
    await sql('REVOKE USE SCHEMA ON SCHEMA main.sales FROM `analysts`');
    expect(await held()).toEqual({ 'alice@example.com': ['USE_SCHEMA'] });
  });

  test.each([
    ['a principal nobody knows', 'nobody@example.com', 'SELECT', 404, 'PRINCIPAL_DOES_NOT_EXIST'],
    ['a group of the workspace only', 'users', 'SELECT', 404, 'PRINCIPAL_DOES_NOT_EXIST'],
    ['a privilege that is none', 'bob@example.com', 'FLY', 400, 'INVALID_PARAMETER_VALUE'],
    ['one of another kind', 'bob@example.com', 'CREATE_SCHEMA', 400, 'INVALID_PARAMETER_VALUE'],
  ])('%s: nothing of the change is done', async (_case, principal, privilege, status, code) => {
    await makeSchema('sales');
    const answer = await change([
      { principal: 'analysts', add: ['SELECT'] },
      { principal, add: [privilege] },
    ]);
    expect(answer).toMatchObject({ status, body: { error_code: code } });
    expect(await held()).toEqual({});
  });

  test('those of the catalog are inherited', async () => {
    await makeSchema('sales');
    await change([{ principal: 'analysts', add: ['SELECT'] }]);
    const path = `${UNITY}/effective-permissions/schema/main.sales`;
    const of = { inherited_from_type: 'CATALOG', inherited_from_name: 'main' };
    expect((await call('GET', path)).body).toEqual({
      privilege_assignments: [
        { principal: 'analysts', privileges: [{ privilege: 'SELECT' }] },
        { principal: 'account users', privileges: [{ privilege: 'USE_CATALOG', ...of }] },
        {
          principal: clientId,
          privileges: [
            { privilege: 'CREATE_SCHEMA', ...of },
            { privilege: 'USE_CATALOG', ...of },
          ],
        },
      ],
    });
  });

  test('what is somebody else’s is neither seen nor changed', async () => {
    await control('POST', '/objects', { schema: 'sales', owner: 'bob@example.com' });
    const path = `${UNITY}/schemas/main.sales`;
    const denied = { status: 403, body: containing({ error_code: 'PERMISSION_DENIED' }) };
    expect(await call('GET', path)).toEqual(denied);
    expect(await call('PATCH', path, { comment: 'mine' })).toEqual(denied);
    expect(await call('DELETE', `${path}?force=true`)).toEqual(denied);
    expect(await change([{ principal: 'analysts', add: ['SELECT'] }])).toEqual(denied);
    const listed = await call('GET', `${UNITY}/schemas?catalog_name=main`);
    expect(listed.body).toEqual({});
    for (const text of [
      'DROP SCHEMA main.sales CASCADE',
      'GRANT SELECT ON SCHEMA main.sales TO `analysts`',
      "COMMENT ON SCHEMA main.sales IS 'mine'",
      'CREATE TABLE main.sales.t (id INT)',
    ])
      expect([text, (await sql(text)).status.sql_state]).toEqual([text, '42501']);
    expect((await entities()).schemas).toContainEqual(
      containing({ fullName: 'main.sales', owner: 'bob@example.com', grants: {} }),
    );
  });

  test.each([
    ['USE_CATALOG', 'User does not have USE CATALOG on Catalog'],
    ['CREATE_SCHEMA', 'User does not have CREATE SCHEMA on Catalog'],
  ])('without %s no schema is made, by REST or by SQL', async (privilege, message) => {
    await control('POST', '/grants', {
      on: 'catalog',
      name: 'main',
      principal: 'account users',
      remove: [privilege],
    });
    await control('POST', '/grants', {
      on: 'catalog',
      name: 'main',
      principal: clientId,
      remove: [privilege],
    });
    expect(await makeSchema('sales')).toEqual({
      status: 403,
      body: problem('PERMISSION_DENIED', `${message} 'main'.`),
    });
    const { status } = await sql('CREATE SCHEMA IF NOT EXISTS main.sales');
    expect(status).toMatchObject({ state: 'FAILED', sql_state: '42501' });
    expect(status.error?.message).toContain(message);
    const there = await sql('CREATE SCHEMA IF NOT EXISTS main.default');
    expect(there.status.sql_state).toBe('42501');
  });

  test('a member has what his group has, and MANAGE is not in ALL PRIVILEGES', async () => {
    await control('POST', '/principals', { name: 'data-engineers', members: [clientId] });
    await control('POST', '/objects', { schema: 'sales', table: 't', owner: 'bob@example.com' });
    await control('POST', '/grants', {
      on: 'schema',
      name: 'main.sales',
      principal: 'data-engineers',
      add: ['ALL_PRIVILEGES'],
    });
    expect((await sql('SELECT * FROM main.sales.t')).status.state).toBe('SUCCEEDED');
    expect((await sql('DROP SCHEMA main.sales CASCADE')).status.sql_state).toBe('42501');
  });
});
