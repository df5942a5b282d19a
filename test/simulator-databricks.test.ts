import { z } from 'zod';
import { startDatabricksSimulator } from '../simulator/databricks/simulator';
import type { DatabricksSimulator } from '../simulator/databricks/simulator';
import {
  catalog,
  clientId,
  clusterId,
  databricksClient,
  personalToken,
  warehouseId,
  withDatabricks,
} from './support/databricks';

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

const { call, control, entities, request, sql, statement } = databricksClient(() => simulator.url);

const UNITY = '/api/2.1/unity-catalog';
const SCIM = '/api/2.0/preview/scim/v2';
const aNumber: unknown = expect.any(Number);
const aText: unknown = expect.any(String);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const containing = (fields: object): unknown => expect.objectContaining(fields);

const problem = (error_code: string, message: RegExp | string) =>
  containing({ error_code, message: typeof message === 'string' ? message : matching(message) });

const makeSchema = (name: string, more = {}) =>
  call('POST', `${UNITY}/schemas`, { name, catalog_name: catalog, ...more });

/** Asks again until it holds; the test's own time limit ends it. */
const eventually = async <Found>(
  look: () => Promise<Found>,
  holds: (found: Found) => boolean,
): Promise<Found> => {
  const found = await look();
  return holds(found) ? found : eventually(look, holds);
};

describe('what is not there', () => {
  test.each([
    ['GET', '/api/2.1/jobs/list', "No API found for 'GET /jobs/list'"],
    ['PUT', '/api/2.0/sql/statements', "No API found for 'PUT /sql/statements'"],
    ['GET', '/api/2.1/unity-catalog/schemas/', "No API found for 'GET /unity-catalog/schemas/'"],
    ['GET', '/api/2.2/clusters/get', "No API found for 'GET /clusters/get'"],
  ])('%s %s is no endpoint', async (method, path, message) => {
    const answer = await call(method, path);
    expect(answer).toEqual({ status: 404, body: problem('ENDPOINT_NOT_FOUND', message) });
  });

  test('statements may have a slash at the end of their path', async () => {
    const given = { warehouse_id: warehouseId, statement: 'SELECT 1' };
    expect(await call('POST', '/api/2.0/sql/statements/', given)).toMatchObject({ status: 200 });
  });

  test.each([
    [
      'an unknown field',
      { name: 'a', catalog_name: catalog, colour: 'red' },
      'MALFORMED_REQUEST',
      /unknown field colour/,
    ],
    ['a field of another type', { name: 1, catalog_name: catalog }, 'MALFORMED_REQUEST', /name/],
    ['a missing field', { name: 'a' }, 'BAD_REQUEST', /Missing required field: catalog_name/],
    [
      'a name that cannot be',
      { name: 'a.b', catalog_name: catalog },
      'INVALID_PARAMETER_VALUE',
      /"a.b" is not a valid name/,
    ],
  ])('%s is a 400', async (_case, body, code, message) => {
    expect(await call('POST', `${UNITY}/schemas`, body)).toEqual({
      status: 400,
      body: problem(code, message),
    });
    expect((await entities()).schemas).toHaveLength(2);
  });

  test('a body that is no JSON, and a query that is not known, are a 400 too', async () => {
    const headers = { Authorization: `Bearer ${personalToken}` };
    const answer = await request('POST', `${UNITY}/schemas`, { headers, body: '{"name":' });
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'MALFORMED_REQUEST' } });
    expect(await call('GET', `${UNITY}/schemas?catalog_name=main&colour=red`)).toEqual({
      status: 400,
      body: problem('MALFORMED_REQUEST', /colour/),
    });
  });
});

describe('statements', () => {
  test('the first starts the warehouse, and waits for it', async () => {
    expect((await entities()).warehouse.state).toBe('STOPPED');
    expect(await sql('SELECT 1')).toMatchObject({
      status: { state: 'SUCCEEDED' },
      manifest: {
        schema: { column_count: 1, columns: [{ name: '1', type_name: 'INT', position: 0 }] },
        total_row_count: 1,
      },
      result: { data_array: [['1']] },
    });
    expect((await entities()).warehouse.state).toBe('RUNNING');
  });

  test('one that nobody waits for is pending, and done later', async () => {
    const { statement_id: id, ...told } = await sql('SELECT current_user()', {
      wait_timeout: '0s',
    });
    expect(told).toEqual({ status: { state: 'PENDING' } });
    const done = await eventually(
      () => statement(id),
      ({ status }) => status.state === 'SUCCEEDED',
    );
    expect(done.result?.data_array).toEqual([[clientId]]);
  });

  test.each([
    [
      'SELEC 1',
      '42601',
      /^\[PARSE_SYNTAX_ERROR\] Syntax error at or near 'SELEC'.*\(line 1, pos 0\)/,
    ],
    ['SELECT 1; SELECT 2', '42601', /PARSE_SYNTAX_ERROR.*'SELECT'/],
    [' ', '42617', /PARSE_EMPTY_STATEMENT/],
    ['UNDROP SCHEMA main.sales', '42601', /PARSE_SYNTAX_ERROR.*'SCHEMA'/],
    ['CREATE SCHEMA main.a-b', '42602', /INVALID_IDENTIFIER/],
    ['CREATE SCHEMA main.a COMMENT "x', '42601', /PARSE_SYNTAX_ERROR/],
    ['SELECT * FROM main.default.t', '42P01', /TABLE_OR_VIEW_NOT_FOUND/],
    ['DROP SCHEMA main.nosuch', '42704', /SCHEMA_NOT_FOUND/],
    ['CREATE SCHEMA nosuch.a', '42704', /NO_SUCH_CATALOG/],
    ['SELECT :name', '42P02', /UNBOUND_SQL_PARAMETER/],
    ['SELECT id FROM range(1000001)', '54000', /SIMULATOR_LIMIT/],
  ])('%s is answered with 200, and FAILED', async (text, sqlState, message) => {
    expect(await sql(text)).toEqual({
      statement_id: aText,
      status: {
        state: 'FAILED',
        error: { error_code: 'BAD_REQUEST', message: matching(message) },
        sql_state: sqlState,
      },
    });
  });

  test.each([
    ['a wait that is too short', { wait_timeout: '3s' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['a wait that is too long', { wait_timeout: '51s' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['no time at all', { wait_timeout: 'soon' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['an id that is no warehouse’s', { warehouse_id: 'nosuch' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['a warehouse that is not there', { warehouse_id: 'f'.repeat(16) }, 403, 'PERMISSION_DENIED'],
    ['Arrow inline', { format: 'ARROW_STREAM' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['an unknown field', { colour: 'red' }, 400, 'MALFORMED_REQUEST'],
  ])('%s is refused', async (_case, more, status, code) => {
    const given = { warehouse_id: warehouseId, statement: 'SELECT 1', ...more };
    const answer = await call('POST', '/api/2.0/sql/statements', given);
    expect(answer).toMatchObject({ status, body: { error_code: code } });
  });

  test('a large result comes in chunks', async () => {
    const { statement_id: id, manifest, result } = await sql('SELECT id FROM range(5)');
    expect(manifest?.total_chunk_count).toBe(3);
    expect(result).toMatchObject({ data_array: [['0'], ['1']], next_chunk_index: 1 });
    const path = `/api/2.0/sql/statements/${id}/result/chunks`;
    expect(await call('GET', `${path}/2`)).toEqual({
      status: 200,
      body: { chunk_index: 2, row_offset: 4, row_count: 1, data_array: [['4']] },
    });
    expect(await call('GET', `${path}/3`)).toEqual({
      status: 400,
      body: problem('INVALID_PARAMETER_VALUE', 'The chunk_index 3 is out of bounds.'),
    });
  });

  test('limits cut a result, and say so', async () => {
    const rows = await sql('SELECT id FROM range(5)', { row_limit: 1 });
    expect([rows.result?.data_array, rows.manifest?.truncated]).toEqual([[['0']], true]);
    const bytes = await sql('SELECT id FROM range(5)', { byte_limit: 3 });
    expect([bytes.result, bytes.manifest?.truncated]).toEqual([{}, true]);
  });

  test('values are bound, whatever is in them', async () => {
    const value = `it's; DROP SCHEMA main.sales -- "x" \\`;
    const { result } = await sql('SELECT :v AS v, :n', {
      parameters: [
        { name: 'v', value },
        { name: 'n', type: 'INT' },
      ],
    });
    expect(result?.data_array).toEqual([[value, null]]);
    const { status } = await sql('SELECT :v', { parameters: [{ name: 'v', value, type: 'INT' }] });
    expect(status).toMatchObject({ state: 'FAILED', sql_state: '22023' });
  });

  test('text and names mean what they mean in Databricks', async () => {
    await sql("CREATE SCHEMA `main`.`od``d` COMMENT 'it\\'s, it''s\\n\"x\"'");
    const { schemas } = await entities();
    expect(schemas.find(({ fullName }) => fullName === 'main.od`d')?.comment).toBe(
      'it\'s, it\'s\n"x"',
    );
  });

  test('a cancelled one stays so; cancelling what is over, or unknown, is no error', async () => {
    await withDatabricks({ duration: 60_000 }, async (slow) => {
      const { statement_id: id } = await slow.sql('SELECT 1', { wait_timeout: '0s' });
      const path = `/api/2.0/sql/statements/${id}/cancel`;
      expect(await slow.call('POST', path)).toEqual({ status: 200, body: {} });
      expect((await slow.statement(id)).status).toEqual({ state: 'CANCELED' });
    });
    const { statement_id: id } = await sql('SELECT 1');
    await call('POST', `/api/2.0/sql/statements/${id}/cancel`);
    expect((await statement(id)).status.state).toBe('SUCCEEDED');
    const unknown = '00000000-0000-4000-8000-000000000000';
    const path = `/api/2.0/sql/statements/${unknown}`;
    expect(await call('POST', `${path}/cancel`)).toEqual({ status: 200, body: {} });
    expect(await call('GET', path)).toMatchObject({
      status: 404,
      body: { error_code: 'NOT_FOUND' },
    });
  });

  test('a table is made, filled, read, dropped and brought back', async () => {
    for (const text of [
      'CREATE SCHEMA main.sales',
      'CREATE TABLE main.sales.orders (id BIGINT, name STRING)',
      "INSERT INTO main.sales.orders VALUES (1, 'a'), (2, NULL)",
      'DROP TABLE main.sales.orders',
      'UNDROP TABLE main.sales.orders',
    ])
      expect([text, (await sql(text)).status.state]).toEqual([text, 'SUCCEEDED']);
    const { result } = await sql('SELECT name, id FROM main.sales.orders');
    expect(result?.data_array).toEqual([
      ['a', '1'],
      [null, '2'],
    ]);
  });

  test('a warehouse that does not start fails its statements', async () => {
    await control('POST', '/warehouse', { failsToStart: true });
    expect((await sql('SELECT 1')).status).toMatchObject({
      state: 'FAILED',
      error: { error_code: 'TEMPORARILY_UNAVAILABLE' },
    });
  });
});

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

describe('principals', () => {
  test.each([
    [
      `Users?filter=${encodeURIComponent('userName eq "Alice@Example.com"')}`,
      ['alice@example.com'],
    ],
    [`Users?filter=${encodeURIComponent('userName eq "nobody"')}`, []],
    [`Groups?filter=${encodeURIComponent('displayName eq "analysts"')}`, ['analysts']],
    [
      `ServicePrincipals?filter=${encodeURIComponent(`applicationId eq "${clientId}"`)}`,
      ['provisioner'],
    ],
    ['Users?startIndex=2&count=1', ['alice@example.com']],
  ])('%s', async (query, names) => {
    const List = z.object({
      totalResults: z.number(),
      Resources: z.array(z.looseObject({ displayName: z.string() })).default([]),
    });
    const { body } = await call('GET', `${SCIM}/${query}`);
    expect(List.parse(body).Resources.map(({ displayName }) => displayName)).toEqual(names);
  });

  test('a filter that is none is a 400 of SCIM', async () => {
    const answer = await call('GET', `${SCIM}/Users?filter=userName`);
    expect(answer).toMatchObject({
      status: 400,
      body: { status: '400', scimType: 'invalidFilter' },
    });
  });

  test('who calls is told', async () => {
    expect(await call('GET', `${SCIM}/Me`)).toMatchObject({ body: { userName: clientId } });
  });

  test('many are made at once', async () => {
    await control('POST', '/seed', { users: 200, groups: 50, schemas: 100 });
    const { body } = await call('GET', `${SCIM}/Users?startIndex=101`);
    expect(body).toMatchObject({ totalResults: 203, itemsPerPage: 100 });
  });
});

describe('clusters and commands', () => {
  const API = '/api/1.2';
  const Id = z.object({ id: z.string() });
  const run = async (language: string, command: string) => {
    const created = await call('POST', `${API}/contexts/create`, { clusterId, language });
    const { id: contextId } = Id.parse(created.body);
    const ids = { clusterId, contextId };
    await eventually(
      () => call('GET', `${API}/contexts/status?${String(new URLSearchParams(ids))}`),
      ({ body }) => z.object({ status: z.string() }).parse(body).status === 'Running',
    );
    const sent = await call('POST', `${API}/commands/execute`, { ...ids, language, command });
    const query = new URLSearchParams({ ...ids, commandId: Id.parse(sent.body).id });
    const { body } = await eventually(
      () => call('GET', `${API}/commands/status?${String(query)}`),
      (answer) => z.object({ status: z.string() }).parse(answer.body).status === 'Finished',
    );
    await call('POST', `${API}/contexts/destroy`, ids);
    return body;
  };

  test('a cluster is started once', async () => {
    const path = `/api/2.1/clusters/get?cluster_id=${clusterId}`;
    expect(await call('GET', path)).toMatchObject({ body: { state: 'TERMINATED' } });
    const start = () => call('POST', '/api/2.1/clusters/start', { cluster_id: clusterId });
    expect(await start()).toEqual({ status: 200, body: {} });
    expect(await start()).toEqual({
      status: 400,
      body: problem('INVALID_STATE', /is in unexpected state/),
    });
    await eventually(
      () => call('GET', path),
      ({ body }) => z.object({ state: z.string() }).parse(body).state === 'RUNNING',
    );
    expect(await call('GET', '/api/2.0/clusters/get?cluster_id=nosuch')).toEqual({
      status: 400,
      body: problem('INVALID_PARAMETER_VALUE', 'Cluster nosuch does not exist'),
    });
  });

  test.each([
    ['python', 'print("hello")\n1+1', { resultType: 'text', data: 'hello\n2' }],
    [
      'python',
      'raise ValueError("no")',
      { resultType: 'error', summary: matching(/ValueError.*no/) },
    ],
    ['python', 'import os', { resultType: 'error', summary: matching(/NotImplementedError/) }],
    ['sql', 'SELECT 1', { resultType: 'table', data: [[1]] }],
    ['sql', 'SELEC 1', { resultType: 'error', summary: matching(/PARSE_SYNTAX_ERROR/) }],
    ['scala', '1', { resultType: 'error' }],
  ])('%s: %s is Finished', async (language, command, results) => {
    await control('POST', '/cluster', { state: 'RUNNING' });
    expect(await run(language, command)).toMatchObject({ status: 'Finished', results });
    expect((await entities()).contexts).toEqual([]);
  });

  test('there are no contexts on a cluster that does not run', async () => {
    const answer = await call('POST', `${API}/contexts/create`, { clusterId, language: 'python' });
    expect(answer).toEqual({ status: 400, body: { error: matching(/^ClusterNotReadyException/) } });
  });

  test('a context goes with its cluster', async () => {
    await control('POST', '/cluster', { state: 'RUNNING' });
    await call('POST', `${API}/contexts/create`, { clusterId, language: 'python' });
    await control('POST', '/cluster', { state: 'TERMINATED' });
    expect((await entities()).contexts).toEqual([]);
  });

  test('a command is cancelled', async () => {
    await control('POST', '/cluster', { state: 'RUNNING' });
    const language = 'python';
    const { body } = await call('POST', `${API}/contexts/create`, { clusterId, language });
    const ids = { clusterId, contextId: Id.parse(body).id };
    await eventually(entities, ({ contexts }) => contexts[0]?.status === 'Running');
    const given = { ...ids, language, command: 'time.sleep(600)' };
    const { id: commandId } = Id.parse((await call('POST', `${API}/commands/execute`, given)).body);
    await call('POST', `${API}/commands/cancel`, { ...ids, commandId });
    const query = new URLSearchParams({ ...ids, commandId });
    expect(await call('GET', `${API}/commands/status?${String(query)}`)).toMatchObject({
      body: { status: 'Cancelled' },
    });
  });
});
