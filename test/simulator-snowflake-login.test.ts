import { z } from 'zod';
import { type SnowflakeSimulator, startSnowflakeSimulator } from '../simulator/snowflake/simulator';
import {
  STATEMENTS,
  TOKEN,
  createSnowflakeClient,
  jwtOf,
  newKey,
} from './support/snowflake-client';

/* Who calls, and with what. */

const key = newKey();
let simulator: SnowflakeSimulator;
beforeAll(async () => {
  simulator = await startSnowflakeSimulator({
    publicKeys: [key.publicKey],
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

const { request, control, given, error } = createSnowflakeClient(() => simulator.url);

describe('who calls', () => {
  const asked = (authorization: string, type?: string) =>
    request('POST', STATEMENTS, {
      headers: {
        Accept: 'application/json',
        'Content-Type': 'application/json',
        Authorization: authorization,
        ...(type !== undefined && { 'X-Snowflake-Authorization-Token-Type': type }),
      },
      body: JSON.stringify({ statement: 'SELECT CURRENT_USER()' }),
    });
  const withJwt = (jwt: string) => asked(`Bearer ${jwt}`, 'KEYPAIR_JWT');
  const now = Math.floor(Date.now() / 1000);

  test('a JWT of the user’s key', async () => {
    expect(await withJwt(jwtOf(key))).toMatchObject({
      status: 200,
      body: { data: [['PROVISIONER']] },
    });
  });

  test.each([
    ['that has expired', { exp: now - 1 }],
    ['that lasts for more than an hour', { iat: now, exp: now + 3601 }],
    ['from the future', { iat: now + 600, exp: now + 1200 }],
    ['of another account', { user: 'OTHER.PROVISIONER' }],
    ['of a user that is not there', { user: 'SIMULATOR.NOBODY' }],
    ['in lower case', { user: 'simulator.provisioner' }],
    ['without the key’s fingerprint', { iss: 'SIMULATOR.PROVISIONER' }],
    ['signed otherwise', { alg: 'HS256' }],
  ])('not a JWT %s', async (_case, claims) => {
    expect(await withJwt(jwtOf(key, claims))).toMatchObject({
      status: 401,
      body: { code: '390144' },
    });
  });

  test('not a JWT of another key with this one’s fingerprint', async () => {
    const jwt = jwtOf({ ...key, privateKey: newKey().privateKey });
    expect(await withJwt(jwt)).toMatchObject({ status: 401, body: { code: '390144' } });
  });

  test('a JWT that lasts for an hour', async () => {
    expect(await withJwt(jwtOf(key, { iat: now, exp: now + 3600 }))).toMatchObject({ status: 200 });
  });

  test('a user has two keys, so that one can take the place of the other', async () => {
    const [second, third] = [newKey(), newKey()];
    const keys = (publicKeys: string[]) =>
      control('POST', '/keys', { user: 'PROVISIONER', publicKeys });
    await keys([key.publicKey, second.publicKey]);
    expect([await withJwt(jwtOf(key)), await withJwt(jwtOf(second))]).toMatchObject([
      { status: 200 },
      { status: 200 },
    ]);
    await keys([second.publicKey]);
    expect(await withJwt(jwtOf(key))).toMatchObject({ status: 401 });
    expect(await keys([key, second, third].map(({ publicKey }) => publicKey))).toMatchObject({
      status: 400,
    });
  });

  const Told = z.object({ status: z.number(), body: z.looseObject({ code: z.string() }) });
  const told = async (...args: Parameters<typeof asked>) => {
    const { status, body } = Told.parse(await asked(...args));
    return [status, body.code];
  };
  const token = (type: string, lifetime?: number) =>
    control('POST', '/tokens', { user: 'PROVISIONER', token: 'other', type, lifetime });

  test('a token of the kind it is told to be, OAuth’s without a kind', async () => {
    expect(await told(`Bearer ${TOKEN}`, 'PROGRAMMATIC_ACCESS_TOKEN')).toEqual([200, '090001']);
    expect(await told(`Bearer ${TOKEN}`, 'OAUTH')).toEqual([401, '390303']);
    expect(await told(`Bearer ${TOKEN}`)).toEqual([401, '390303']);
    expect(await told(`Bearer ${TOKEN}`, 'PASSWORD')).toEqual([401, '390303']);
    await token('OAUTH');
    expect(await told('Bearer other')).toEqual([200, '090001']);
    expect(await told('Bearer other', 'PROGRAMMATIC_ACCESS_TOKEN')).toEqual([401, '394400']);
    expect(await told('Basic other', 'OAUTH')).toEqual([401, '390101']);
  });

  test('a token until it expires, or is revoked', async () => {
    await token('OAUTH', 0);
    expect(await told('Bearer other')).toEqual([401, '390318']);
    await token('OAUTH');
    await control('POST', '/tokens/expire');
    expect(await told('Bearer other')).toEqual([401, '390318']);
    await control('DELETE', '/tokens');
    expect(await told('Bearer other')).toEqual([401, '390303']);
  });

  test('a JWT that was used is revoked with the tokens, and a new one is good', async () => {
    const jwt = jwtOf(key);
    await withJwt(jwt);
    await control('POST', '/tokens/expire');
    expect(await withJwt(jwt)).toMatchObject({ status: 401, body: { code: '390144' } });
    expect(await withJwt(jwtOf(key, { exp: now + 700 }))).toMatchObject({ status: 200 });
  });

  test('a role that the user may not take is refused', async () => {
    await given(['CREATE ROLE "OTHERS"']);
    for (const role of ['OTHERS', 'MISSING', 'provisioner'])
      expect(await error('SELECT 1', { body: { role } })).toMatchObject({
        status: 403,
        code: '390189',
      });
  });
});
