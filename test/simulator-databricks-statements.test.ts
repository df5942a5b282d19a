import { startDatabricksSimulator } from '../simulator/databricks/simulator';
import type { DatabricksSimulator } from '../simulator/databricks/simulator';
import {
  aText,
  clientId,
  databricksClient,
  eventually,
  matching,
  problem,
  warehouseId,
  withDatabricks,
} from './support/databricks';

/* Statements of a warehouse: their course, their results, and what they mean. */

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

const { call, control, entities, sql, statement } = databricksClient(() => simulator.url);

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
