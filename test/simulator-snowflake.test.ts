import { snowflakeConfig } from '../simulator/snowflake/config';
import { type SnowflakeSimulator, startSnowflakeSimulator } from '../simulator/snowflake/simulator';
import {
  HEADERS,
  STATEMENTS,
  TOKEN,
  createSnowflakeClient,
  matching,
} from './support/snowflake-client';

/* The protocol of the SQL API: what is asked, and what is answered. */

let simulator: SnowflakeSimulator;
beforeAll(async () => {
  simulator = await startSnowflakeSimulator({
    tokens: [TOKEN],
    running: 20,
    second: 10,
    partitionRows: 3,
  });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { request, submit, get, ended, control, given, rows, error } = createSnowflakeClient(
  () => simulator.url,
);

const aNumber: unknown = expect.any(Number);
const uuid: unknown = matching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

test('a statement answers with its rows as texts', async () => {
  const answer = await submit('SELECT CURRENT_USER(), 1, NULL');
  expect(answer).toMatchObject({
    status: 200,
    code: '090001',
    sqlState: '00000',
    statementHandle: uuid,
    message: 'Statement executed successfully.',
    createdOn: aNumber,
    data: [['PROVISIONER', '1', null]],
    resultSetMetaData: {
      numRows: 1,
      format: 'jsonv2',
      partitionInfo: [{ rowCount: 1 }],
      rowType: [{ name: 'CURRENT_USER()', type: 'text' }, { type: 'fixed' }, { type: 'text' }],
    },
  });
});

test('nothing is null where that is wanted', async () => {
  expect((await submit('SELECT NULL', { query: '?nullable=false' })).data).toEqual([['null']]);
});

test('values are bound by their positions', async () => {
  const bindings = { 1: { type: 'TEXT', value: "it's" }, 2: { type: 'FIXED', value: null } };
  expect((await submit('SELECT ?, ?', { body: { bindings } })).data).toEqual([["it's", null]]);
  expect(await error('SELECT ?, ?, ?', { body: { bindings } })).toMatchObject({ status: 422 });
});

describe('what is refused before it is a statement', () => {
  const statement = JSON.stringify({ statement: 'SELECT 1' });
  const without = (name: string) =>
    Object.fromEntries(Object.entries(HEADERS).filter(([each]) => each !== name));
  test.each<[string, string, RequestInit, number]>([
    ['a parameter it has not', '?pageSize=10', { body: statement }, 400],
    ['a parameter twice', '?async=true&async=true', { body: statement }, 400],
    ['a flag that is none', '?async=1', { body: statement }, 400],
    ['a request id that is no UUID', '?requestId=1', { body: statement }, 400],
    ['no body', '', {}, 400],
    ['no JSON', '', { body: 'SELECT 1' }, 400],
    ['no statement', '', { body: '{}' }, 400],
    ['an empty statement', '', { body: '{"statement":""}' }, 400],
    ['a field it has not', '', { body: '{"statement":"SELECT 1","pageSize":1}' }, 400],
    ['a field of another type', '', { body: '{"statement":"SELECT 1","timeout":"1"}' }, 400],
    [
      'a second more than seven days',
      '',
      { body: '{"statement":"SELECT 1","timeout":604801}' },
      400,
    ],
    [
      'a parameter of no session',
      '',
      { body: '{"statement":"SELECT 1","parameters":{"A":"1"}}' },
      400,
    ],
    [
      'a value that is no text',
      '',
      { body: '{"statement":"SELECT ?","bindings":{"1":{"type":"FIXED","value":1}}}' },
      400,
    ],
    ['text', '', { headers: { ...HEADERS, 'Content-Type': 'text/plain' }, body: statement }, 415],
    ['another Accept', '', { headers: { ...HEADERS, Accept: 'text/html' }, body: statement }, 400],
    ['no Authorization', '', { headers: without('Authorization'), body: statement }, 401],
  ])('%s', async (_case, query, init, status) => {
    expect(await request('POST', `${STATEMENTS}${query}`, init)).toMatchObject({ status });
  });

  test('a body has 2 MiB at most', async () => {
    const bodyOf = (bytes: number) => {
      const body = (text: string) => JSON.stringify({ statement: `SELECT '${text}'` });
      return body('a'.repeat(bytes - body('').length));
    };
    const sent = (bytes: number) => request('POST', STATEMENTS, { body: bodyOf(bytes) });
    expect(await sent(2 * 1024 * 1024)).toMatchObject({ status: 200 });
    expect(await sent(2 * 1024 * 1024 + 1)).toMatchObject({
      status: 400,
      body: { code: '390142' },
    });
  });

  test('a timeout of seven days is taken, and parameters of a session', async () => {
    const parameters = { QUERY_TAG: 'tag', MULTI_STATEMENT_COUNT: '1' };
    const body = { timeout: 604_800, parameters };
    expect(await submit('SELECT 1', { body })).toMatchObject({ status: 200 });
  });

  test.each([
    ['PUT', STATEMENTS, 405],
    ['GET', STATEMENTS, 405],
    ['DELETE', `${STATEMENTS}/1`, 405],
    ['GET', `${STATEMENTS}/1/cancel`, 405],
    ['GET', `${STATEMENTS}/1`, 404],
    ['POST', `${STATEMENTS}/1/cancel`, 404],
    ['GET', '/api/statements', 404],
    ['GET', `${STATEMENTS}/1/result`, 404],
  ])('%s %s', async (method, path, status) => {
    expect(await request(method, path)).toMatchObject({ status });
  });

  test('more statements than there are', async () => {
    const body = { parameters: { MULTI_STATEMENT_COUNT: 2 } };
    expect(await error('SELECT 1', { body })).toMatchObject({ status: 422, code: '000008' });
  });
});

describe('a statement that runs on its own', () => {
  test('is asked for until it has ended', async () => {
    await control('POST', '/faults', { operation: 'selectValues', runs: 400 });
    const begun = await submit('SELECT 1', { query: '?async=true' });
    expect(begun).toMatchObject({ status: 202, code: '333334', statementHandle: uuid, data: [] });
    expect(await get(begun.statementHandle)).toMatchObject({ status: 202, code: '333334' });
    expect(await ended(begun.statementHandle)).toMatchObject({
      status: 200,
      statementHandle: begun.statementHandle,
      data: [['1']],
    });
  });

  test('changes nothing before its end', async () => {
    await control('POST', '/faults', { operation: 'createRole', runs: 400 });
    const { statementHandle } = await submit('CREATE ROLE "R"', { query: '?async=true' });
    expect(await rows("SHOW ROLES LIKE 'R'")).toEqual([]);
    await ended(statementHandle);
    expect(await rows("SHOW ROLES LIKE 'R'")).toHaveLength(1);
  });

  test('fails when it runs, unless it cannot be read', async () => {
    const { status, statementHandle } = await submit('DROP ROLE "R"', { query: '?async=true' });
    expect(status).toBe(202);
    expect(await ended(statementHandle)).toMatchObject({ status: 422, code: '002003' });
    expect(await error('SELEC 1', { query: '?async=true' })).toMatchObject({
      status: 422,
      code: '001003',
    });
  });

  test('is canceled while it runs, and not afterwards', async () => {
    await control('POST', '/faults', { operation: 'createRole', runs: 400 });
    const { statementHandle } = await submit('CREATE ROLE "R"', { query: '?async=true' });
    const cancel = () => request('POST', `${STATEMENTS}/${statementHandle}/cancel`);
    expect(await cancel()).toMatchObject({
      status: 200,
      body: { code: '000604', statementHandle },
    });
    expect(await get(statementHandle)).toMatchObject({ status: 422, code: '000604' });
    expect(await cancel()).toMatchObject({ status: 422, body: { code: '000605' } });
    // Longer than it would have run.
    await control('POST', '/faults', { operation: 'selectValues', runs: 430 });
    await submit('SELECT 1');
    expect(await get(statementHandle)).toMatchObject({ status: 422, code: '000604' });
    expect(await rows("SHOW ROLES LIKE 'R'")).toEqual([]);
  });

  test('is stopped when its time is over', async () => {
    await control('POST', '/faults', { operation: 'createRole', runs: 60_000 });
    const sent = { query: '?async=true', body: { timeout: 2 } };
    const { statementHandle } = await submit('CREATE ROLE "R"', sent);
    expect(await ended(statementHandle)).toMatchObject({
      status: 408,
      code: '000630',
      statementHandle,
    });
    expect(await rows("SHOW ROLES LIKE 'R'")).toEqual([]);
  });

  test('is waited for by who wants its end, for 45 seconds', async () => {
    await control('POST', '/faults', { operation: 'selectValues', runs: 700 });
    const { status, code, statementHandle } = await submit('SELECT 1');
    expect({ status, code }).toEqual({ status: 202, code: '333333' });
    expect(await ended(statementHandle)).toMatchObject({ status: 200, data: [['1']] });
    await control('POST', '/faults', { operation: 'selectValues', runs: 100 });
    expect(await submit('SELECT 1')).toMatchObject({ status: 200, data: [['1']] });
  });

  test('is not there for another user', async () => {
    const { statementHandle } = await submit('SELECT 1');
    await control('POST', '/users', { name: 'OTHER' });
    await control('POST', '/tokens', { user: 'OTHER', token: 'other', type: 'OAUTH' });
    const headers = { Accept: 'application/json', Authorization: 'Bearer other' };
    expect(await request('GET', `${STATEMENTS}/${statementHandle}`, { headers })).toMatchObject({
      status: 404,
    });
    expect(await get(statementHandle)).toMatchObject({ status: 200 });
  });
});

describe('a request that is sent again', () => {
  const requestId = '4f5c6d1e-0000-4000-8000-000000000001';
  const create = (query: string) => submit('CREATE ROLE "R"', { query });

  test('as a retry is not done again, and has the same outcome', async () => {
    const first = await create(`?requestId=${requestId}`);
    const again = await create(`?requestId=${requestId}&retry=true`);
    expect(again).toMatchObject({ status: 200, statementHandle: first.statementHandle });
    expect(again.data).toEqual(first.data);
    const failed = await submit('DROP ROLE "X"', { query: `?requestId=${requestId}` });
    expect(
      await submit('DROP ROLE "X"', { query: `?requestId=${requestId}&retry=true` }),
    ).toMatchObject({
      status: 422,
      statementHandle: failed.statementHandle,
    });
  });

  test('as a retry while the first still runs has its handle', async () => {
    const [first, again] = await Promise.all([
      create(`?requestId=${requestId}&async=true`),
      create(`?requestId=${requestId}&async=true&retry=true`),
    ]);
    expect(again.statementHandle).toBe(first.statementHandle);
    expect(await ended(first.statementHandle)).toMatchObject({ status: 200 });
  });

  test('as a retry is done if it was never seen', async () => {
    expect(await create(`?requestId=${requestId}&retry=true`)).toMatchObject({ status: 200 });
  });

  test('without saying so is done again', async () => {
    await create(`?requestId=${requestId}`);
    expect(await create(`?requestId=${requestId}`)).toMatchObject({ status: 422, code: '002002' });
  });
});

describe('a result in partitions', () => {
  test('says how many, and gives each', async () => {
    await control('POST', '/seed', { schemas: 5, database: 'MANY' });
    await given(['GRANT USAGE ON DATABASE "MANY" TO ROLE "PROVISIONER"']);
    const first = await submit('SHOW SCHEMAS IN DATABASE "MANY"');
    expect(first.resultSetMetaData?.partitionInfo.map(({ rowCount }) => rowCount)).toEqual([
      3, 3, 1,
    ]);
    expect(first.resultSetMetaData?.numRows).toBe(7);
    expect(first.headers.get('link')).toMatch(
      /partition=0>;rel="first",.*partition=1>;rel="next",.*partition=2>;rel="last"$/,
    );
    const second = await get(first.statementHandle, '?partition=1');
    const third = await get(first.statementHandle, '?partition=2');
    expect(second.headers.get('link')).toMatch(/partition=0>;rel="prev"/);
    expect(second.resultSetMetaData).toBeUndefined();
    const names = [first, second, third].flatMap(({ data }) => data.map((row) => row[1]));
    expect(names).toEqual([
      'INFORMATION_SCHEMA',
      'PUBLIC',
      ...[1, 2, 3, 4, 5].map((n) => `SEEDED_${String(n)}`),
    ]);
    expect(await get(first.statementHandle, '?partition=3')).toMatchObject({ status: 400 });
    expect(await get(first.statementHandle, '?partition=-1')).toMatchObject({ status: 400 });
  });

  test('has one even without rows', async () => {
    const { resultSetMetaData } = await submit("SHOW ROLES LIKE 'NONE'");
    expect(resultSetMetaData).toMatchObject({ numRows: 0, partitionInfo: [{ rowCount: 0 }] });
  });
});

test('every call is written down, and a token only by its digest', async () => {
  const requestId = '4f5c6d1e-0000-4000-8000-000000000002';
  const bindings = { 1: { type: 'TEXT', value: 'a-bound-value' } };
  const { statementHandle } = await submit('SELECT ?', {
    query: `?requestId=${requestId}`,
    body: { bindings },
  });
  await get(statementHandle);
  await request('PUT', STATEMENTS);
  const { body } = await control('GET', '/requests');
  expect(body).toMatchObject({
    requests: [
      {
        operation: 'submitStatement',
        kind: 'selectValues',
        statement: 'SELECT ?',
        requestId,
        handle: statementHandle,
        tokenType: 'PROGRAMMATIC_ACCESS_TOKEN',
        token: matching(/^[0-9a-f]{64}$/),
        status: 200,
      },
      { operation: 'getStatement', handle: statementHandle, status: 200 },
      { operation: null, status: 405 },
    ],
  });
  expect(JSON.stringify(body)).not.toMatch(new RegExp(`${TOKEN}|a-bound-value`));
});

describe('its variables', () => {
  test('have defaults', () => {
    expect(snowflakeConfig({})).toMatchObject({
      port: 8097,
      host: '127.0.0.1',
      account: 'SIMULATOR',
      publicKeys: [],
      tokens: [],
    });
  });

  test.each([
    ['a port', { SNOWFLAKE_SIMULATOR_PORT: '70000' }, /SNOWFLAKE_SIMULATOR_PORT/],
    ['a key that is not there', { SNOWFLAKE_SIMULATOR_PUBLIC_KEY_FILE: '/none' }, /\/none .*PEM/],
    ['a key that is none', { SNOWFLAKE_SIMULATOR_PUBLIC_KEY_FILE: __filename }, /PEM/],
  ])('are refused with %s', (_case, env, message) => {
    expect(() => snowflakeConfig(env)).toThrow(message);
  });
});
