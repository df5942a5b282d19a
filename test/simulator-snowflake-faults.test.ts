import { z } from 'zod';
import { type SnowflakeSimulator, startSnowflakeSimulator } from '../simulator/snowflake/simulator';
import {
  TOKEN,
  aText,
  createSnowflakeClient,
  eventually,
  jwtOf,
  matching,
  newKey,
} from './support/snowflake-client';

/* What is set to befall calls and statements. */

const key = newKey();
let simulator: SnowflakeSimulator;
beforeAll(async () => {
  simulator = await startSnowflakeSimulator({
    publicKeys: [key.publicKey],
    tokens: [TOKEN],
    running: 5,
  });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { request, submit, get, ended, control, given, rows, error, fault } = createSnowflakeClient(
  () => simulator.url,
);

const operations: unknown = expect.arrayContaining(['*', 'createSchema', 'getStatement']);
const CREATE = 'CREATE ROLE "R"';
const isMade = async () => (await rows("SHOW ROLES LIKE 'R'")).length === 1;
const Faults = z.object({
  faults: z.array(z.looseObject({ operation: z.string(), hits: z.number() })),
  late: z.number(),
  running: z.number(),
});
const faults = async () => Faults.parse((await control('GET', '/faults')).body);

/** What is never answered is given up. */
const givenUp = () => submit(CREATE, { signal: AbortSignal.timeout(300) });

describe('which calls a fault hits', () => {
  test('submissions by what they do', async () => {
    await fault({ operation: 'createRole', status: 503 });
    expect(await error('CREATE SCHEMA "ANALYTICS"."S"')).toMatchObject({ status: 200 });
    expect(await error(CREATE)).toMatchObject({ status: 503 });
    expect(await error(CREATE)).toMatchObject({ status: 200 });
  });

  test('those about one statement: its submission, or the looks at it', async () => {
    await fault({ operation: 'createRole', statement: '"R2"', status: 503 });
    await fault({ operation: 'getStatement', statement: '"R2"', status: 500 });
    expect(await error(CREATE)).toMatchObject({ status: 200 });
    expect(await error('CREATE ROLE "R2"')).toMatchObject({ status: 503 });
    const looks = async (text: string) => (await get((await submit(text)).statementHandle)).status;
    expect(await looks('CREATE ROLE "R3"')).not.toBe(500);
    expect(await looks('CREATE ROLE "R2"')).toBe(500);
  });

  test('what cannot be read, too', async () => {
    await fault({ operation: 'unreadable', status: 500 });
    expect(await error('SELEC 1')).toMatchObject({ status: 500 });
  });

  test.each(['submitStatement', 'getStatement', 'cancelStatement'])('%s', async (operation) => {
    const { statementHandle: handle } = await submit('SELECT 1', { query: '?async=true' });
    await fault({ operation, status: 500, times: 0 });
    const statuses = {
      submitStatement: (await submit('SELECT 1')).status,
      getStatement: (await get(handle)).status,
      cancelStatement: (await request('POST', `/api/v2/statements/${handle}/cancel`)).status,
    };
    const hit = Object.entries(statuses).filter(([, status]) => status === 500);
    expect(hit.map(([name]) => name)).toEqual([operation]);
  });

  test('every call, the first ones let pass, as often as it says', async () => {
    await fault({ operation: '*', status: 500, skip: 1, times: 2 });
    const statuses = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await submit('SELECT 1')).status);
    expect(statuses).toEqual([200, 500, 500, 200]);
    expect((await faults()).faults).toEqual([]);
  });

  test('once another was called', async () => {
    await fault({ operation: 'selectValues', after: 'createRole', status: 500 });
    expect(await error('SELECT 1')).toMatchObject({ status: 200 });
    await submit(CREATE);
    expect(await error('SELECT 1')).toMatchObject({ status: 500 });
  });

  test('until they are cleared', async () => {
    await fault({ operation: '*', status: 500, times: null });
    await fault({ operation: 'createRole', status: 503 });
    await control('DELETE', '/faults?operation=*');
    expect((await faults()).faults).toMatchObject([{ operation: 'createRole', hits: 0 }]);
    await control('DELETE', '/faults');
    expect(await error(CREATE)).toMatchObject({ status: 200 });
  });
});

describe('what befalls a call', () => {
  test.each([
    [429, '390505'],
    [401, '390303'],
    [500, '390000'],
    [503, '390503'],
  ])('the status %d', async (status, code) => {
    await fault({ operation: 'createRole', status, retryAfter: 2 });
    const answer = await submit(CREATE);
    expect(answer).toMatchObject({ status, code });
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(await isMade()).toBe(false);
  });

  test('a status although it was done', async () => {
    await fault({ operation: 'createRole', status: 504, commit: true });
    expect(await error(CREATE)).toMatchObject({ status: 504 });
    expect(await isMade()).toBe(true);
  });

  test('a proxy’s page', async () => {
    await fault({ operation: 'createRole', html: true });
    const { status, body } = await request('POST', '/api/v2/statements', {
      body: JSON.stringify({ statement: CREATE }),
    });
    expect({ status, body }).toEqual({ status: 502, body: matching(/^<html>/) });
  });

  test.each([
    ['before', false],
    ['after', true],
  ])('no answer, and %s it is done', async (moment, isDone) => {
    await fault({ operation: 'createRole', hang: moment });
    await expect(givenUp()).rejects.toThrow();
    expect(await isMade()).toBe(isDone);
  });

  test.each([
    ['before', false],
    ['after', true],
  ])('a broken connection %s it is done', async (moment, isDone) => {
    await fault({ operation: 'createRole', reset: moment });
    await expect(submit(CREATE)).rejects.toThrow();
    expect(await isMade()).toBe(isDone);
  });

  test('half an answer', async () => {
    await fault({ operation: 'createRole', truncate: true });
    await expect(submit(CREATE)).rejects.toThrow();
    expect(await isMade()).toBe(true);
  });

  test('it is done later, unless all begins anew', async () => {
    await fault({ operation: 'createRole', commitLater: 50 });
    await expect(submit(CREATE, { signal: AbortSignal.timeout(20) })).rejects.toThrow();
    await eventually(isMade);
    expect((await faults()).late).toBe(0);
  });

  test('a delay', async () => {
    await fault({ operation: 'selectValues', delay: 200 });
    const startedAt = Date.now();
    expect(await error('SELECT 1')).toMatchObject({ status: 200 });
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(195);
  });

  test('an answer that is lost is found again by its request id', async () => {
    const query = '?requestId=4f5c6d1e-0000-4000-8000-000000000003';
    await fault({ operation: 'createRole', reset: 'after' });
    await expect(submit(CREATE, { query })).rejects.toThrow();
    expect(await submit(CREATE, { query: `${query}&retry=true` })).toMatchObject({
      status: 200,
      data: [['Role R successfully created.']],
    });
  });
});

describe('what befalls a statement', () => {
  test.each([
    ['003001', '42501'],
    ['002003', '02000'],
    ['000606', '57P03'],
    ['000625', '57014'],
    ['123456', 'XX000'],
  ])('the error %s, at once or when it runs', async (code, sqlState) => {
    await fault({ operation: 'createRole', code, times: 2 });
    expect(await error(CREATE)).toEqual({ status: 422, code, sqlState });
    const { status, statementHandle } = await submit(CREATE, { query: '?async=true' });
    expect(status).toBe(202);
    expect(await ended(statementHandle)).toMatchObject({ status: 422, code, sqlState });
    expect(await isMade()).toBe(false);
  });

  test('an error in its own words', async () => {
    await fault({ operation: 'createRole', code: '003001', message: 'No.' });
    expect(await submit(CREATE)).toMatchObject({ status: 422, message: 'No.' });
  });

  test('it takes its time', async () => {
    await fault({ operation: 'createRole', runs: 60_000 });
    const { statementHandle } = await submit(CREATE, { query: '?async=true' });
    expect(await get(statementHandle)).toMatchObject({ status: 202 });
    expect((await faults()).running).toBe(1);
    await control('POST', '/reset');
    expect((await faults()).running).toBe(0);
    expect(await get(statementHandle)).toMatchObject({ status: 404 });
  });

  test('its warehouse is suspended', async () => {
    await given(['CREATE SCHEMA "ANALYTICS"."S"'], 'SYSADMIN');
    await control('POST', '/objects', {
      database: 'ANALYTICS',
      schema: 'S',
      name: 'T',
      owner: 'PROVISIONER',
    });
    await given(['GRANT USAGE ON SCHEMA "ANALYTICS"."S" TO ROLE "PROVISIONER"'], 'SYSADMIN');
    const select = 'SELECT * FROM "ANALYTICS"."S"."T"';
    expect(await error(select)).toMatchObject({ status: 200 });
    await control('POST', '/warehouses', { name: 'OTHER' });
    await fault({ operation: 'selectTable', suspend: true });
    const sent = { body: { warehouse: 'PROVISIONING' } };
    expect(await error(select, sent)).toMatchObject({ code: '000606' });
    expect(await rows('SHOW WAREHOUSES')).toMatchObject([
      { name: 'OTHER', state: 'STARTED' },
      { name: 'PROVISIONING', state: 'SUSPENDED', auto_resume: 'false' },
    ]);
    await submit('ALTER WAREHOUSE "PROVISIONING" RESUME');
    expect(await error(select, sent)).toMatchObject({ status: 200 });
  });
});

describe('a token that expires', () => {
  const withJwt = (jwt: string) =>
    error('SELECT 1', {
      headers: {
        Authorization: `Bearer ${jwt}`,
        'X-Snowflake-Authorization-Token-Type': 'KEYPAIR_JWT',
      },
    });

  test('is refused from then on, and a new JWT is not', async () => {
    const jwt = jwtOf(key);
    await fault({ operation: 'selectValues', expire: true });
    expect(await withJwt(jwt)).toMatchObject({ status: 401, code: '390144' });
    expect(await withJwt(jwt)).toMatchObject({ status: 401, code: '390144' });
    const exp = Math.floor(Date.now() / 1000) + 900;
    expect(await withJwt(jwtOf(key, { exp }))).toMatchObject({ status: 200 });
  });

  test('OAuth’s says so', async () => {
    await control('POST', '/tokens', { user: 'PROVISIONER', token: 'o', type: 'OAUTH' });
    await fault({ operation: 'selectValues', expire: true });
    const headers = { Authorization: 'Bearer o', 'X-Snowflake-Authorization-Token-Type': 'OAUTH' };
    expect(await error('SELECT 1', { headers })).toMatchObject({ status: 401, code: '390318' });
  });
});

test.each([
  ['an operation that is not there', { operation: 'createTask', status: 500 }],
  ['an operation before it that is not there', { operation: '*', after: 'x', status: 500 }],
  ['nothing to befall', { operation: '*' }],
  ['two outcomes', { operation: '*', status: 500, hang: 'before' }],
  ['a code of another form', { operation: 'createRole', code: '12' }],
  ['a code for what runs no statement', { operation: 'getStatement', code: '003001' }],
  ['a message without a code', { operation: 'createRole', status: 500, message: 'x' }],
  ['a body without a status', { operation: '*', hang: 'before', body: 'x' }],
  ['a field that is not known', { operation: '*', status: 500, lie: true }],
])('a fault is refused with %s', async (_case, body) => {
  expect(await control('POST', '/faults', body)).toMatchObject({
    status: 400,
    body: { errors: [aText], operations },
  });
});
