import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DEFAULTS, startDatabricksSimulator } from '../simulator/databricks/simulator';
import type { DatabricksSimulator } from '../simulator/databricks/simulator';
import {
  catalog,
  clientId,
  clientSecret,
  databricksClient,
  personalToken,
  withDatabricks,
} from './support/databricks';

let simulator: DatabricksSimulator;
beforeAll(async () => {
  simulator = await startDatabricksSimulator({ startDuration: 0 });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { call, calls, control, entities, fault, oauth, request, sql } = databricksClient(
  () => simulator.url,
);

const ME = '/api/2.0/preview/scim/v2/Me';
const SCHEMAS = '/api/2.1/unity-catalog/schemas';
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const Token = z.object({ access_token: z.string(), expires_in: z.number() });
const tokenOf = ({ body }: { body: unknown }) => Token.parse(body).access_token;

const makeSchema = () => call('POST', SCHEMAS, { name: 'sales', catalog_name: catalog });
const names = async () => (await entities()).schemas.map(({ fullName }) => fullName);

/** Asks again until it holds; the test's own time limit ends it. */
const eventually = async (holds: () => Promise<boolean>): Promise<void> => {
  if (!(await holds())) await eventually(holds);
};

const entra = (change: Record<string, string> = {}, tenant = DEFAULTS.tenantId) =>
  request('POST', `/${tenant}/oauth2/v2.0/token`, {
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope: '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default',
      ...change,
    }),
  });

describe('tokens', () => {
  test('OAuth is discovered, and gives a token that is accepted', async () => {
    const { body } = await request('GET', '/oidc/.well-known/oauth-authorization-server');
    expect(body).toMatchObject({ token_endpoint: `${simulator.url}/oidc/v1/token` });
    const answer = await oauth();
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 3600 } });
    expect(await call('GET', ME, undefined, tokenOf(answer))).toMatchObject({ status: 200 });
  });

  test.each([
    ['a wrong secret', 'wrong', undefined, 401, 'invalid_client'],
    ['no scope', clientSecret, 'grant_type=client_credentials', 400, 'invalid_scope'],
    ['another grant', clientSecret, 'grant_type=password', 400, 'unsupported_grant_type'],
    ['an empty form', clientSecret, '', 400, 'invalid_request'],
  ])('OAuth refuses %s', async (_case, secret, form, status, error) => {
    expect(await oauth(secret, form)).toMatchObject({ status, body: { error } });
    expect(await entities()).toMatchObject({ tokens: [{ kind: 'pat' }] });
  });

  test('Entra ID gives a token for Databricks, and one for Azure that Databricks does not take for its own', async () => {
    const answer = await entra();
    expect(answer).toMatchObject({ status: 200, body: { expires_in: 3600 } });
    expect(await call('GET', ME, undefined, tokenOf(answer))).toMatchObject({ status: 200 });
    const ofAzure = await entra({ scope: 'https://management.core.windows.net/.default' });
    expect(ofAzure).toMatchObject({ status: 200 });
    expect(await call('GET', ME, undefined, tokenOf(ofAzure))).toMatchObject({ status: 401 });
    for (const [change, status, error] of [
      [{ scope: 'https://graph.microsoft.com/.default' }, 400, 'invalid_scope'],
      [{ client_secret: 'wrong' }, 401, 'invalid_client'],
      [{ client_id: 'nobody' }, 400, 'unauthorized_client'],
    ] as const)
      expect(await entra(change)).toMatchObject({ status, body: { error } });
    expect(await entra({}, 'elsewhere')).toMatchObject({ body: { error: 'invalid_request' } });
  });

  test('a personal one is made, listed and deleted', async () => {
    const given = { comment: 'run', lifetime_seconds: 60 };
    const { body } = await call('POST', '/api/2.0/token/create', given);
    const made = z
      .object({
        token_value: z.string().regex(/^dapi/),
        token_info: z.object({ token_id: z.string(), expiry_time: z.number() }),
      })
      .parse(body);
    expect(await call('GET', ME, undefined, made.token_value)).toMatchObject({ status: 200 });
    const { token_id } = made.token_info;
    const List = z.object({ token_infos: z.array(z.object({ comment: z.string() })) });
    const listed = async () =>
      List.parse((await call('GET', '/api/2.0/token/list')).body).token_infos.length;
    expect(await listed()).toBe(2);
    await call('POST', '/api/2.0/token/delete', { token_id });
    expect(await listed()).toBe(1);
    expect(await call('GET', ME, undefined, made.token_value)).toMatchObject({ status: 403 });
    expect(await call('POST', '/api/2.0/token/delete', { token_id })).toMatchObject({
      status: 404,
      body: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
    });
  });

  test.each([
    ['no token', undefined, 401, /^Credential was not sent/],
    ['a user’s password', `Basic ${btoa('a:b')}`, 401, /^Credential was not sent/],
    ['an unknown token', 'Bearer eyJunknown', 401, /expired or invalid/],
    ['an unknown personal token', 'Bearer dapi-unknown', 403, /^Invalid access token/],
  ])('%s is refused', async (_case, authorization, status, message) => {
    const headers: Record<string, string> = authorization ? { Authorization: authorization } : {};
    expect(await request('GET', ME, { headers })).toMatchObject({
      status,
      body: { error_code: status, message: matching(message) },
    });
  });

  test('a token ends after its time', () =>
    withDatabricks({ tokenLifetime: 0 }, async (client) => {
      const token = tokenOf(await client.oauth());
      expect(await client.call('GET', ME, undefined, token)).toMatchObject({ status: 401 });
    }));

  test.each([
    ['revoked', '/tokens', [401, 401, 403]],
    ['expired', '/tokens?how=expire', [401, 401, 403]],
    ['of one kind', '/tokens?kind=oauth', [401, 200, 200]],
  ])('they are ended by the control: %s', async (_case, path, statuses) => {
    const tokens = [tokenOf(await oauth()), tokenOf(await entra()), personalToken];
    await control('DELETE', path);
    const found = await Promise.all(
      tokens.map(async (token) => (await call('GET', ME, undefined, token)).status),
    );
    expect(found).toEqual(statuses);
  });

  test('the client’s secret is rotated; tokens stay', async () => {
    const token = tokenOf(await oauth());
    await control('POST', '/client', { secret: 'next' });
    expect((await oauth()).status).toBe(401);
    expect((await oauth('next')).status).toBe(200);
    expect(await call('GET', ME, undefined, token)).toMatchObject({ status: 200 });
  });

  test('an address that is blocked is told so, whatever it asks', async () => {
    await control('POST', '/addresses', { blocked: ['127.0.0.1'] });
    const blocked = { status: 403, body: { message: matching(/127\.0\.0\.1 is blocked/) } };
    expect(await call('GET', ME)).toMatchObject(blocked);
    expect(await oauth()).toMatchObject(blocked);
    expect((await entra()).status).toBe(200);
    await control('POST', '/addresses', { blocked: [] });
    expect((await call('GET', ME)).status).toBe(200);
  });

  test('one who is deactivated, or may use nothing, is refused', async () => {
    await control('POST', '/principals', { name: clientId, canUse: false });
    const path = `/api/2.0/sql/warehouses/${DEFAULTS.warehouseId}`;
    expect(await call('GET', path)).toMatchObject({ status: 403 });
    await control('POST', '/principals', { name: clientId, active: false });
    expect(await call('GET', ME)).toMatchObject({ status: 403 });
  });
});

describe('faults', () => {
  test.each([
    [{ status: 429, retryAfter: 2 }, 429, 'REQUEST_LIMIT_EXCEEDED'],
    [{ status: 500 }, 500, 'INTERNAL_ERROR'],
    [{ status: 503 }, 503, 'TEMPORARILY_UNAVAILABLE'],
    [{ status: 409, errorCode: 'ABORTED' }, 409, 'ABORTED'],
  ])('%j befalls one call of its operation, which is not done', async (effect, status, code) => {
    await fault({ operation: 'createSchema', ...effect });
    expect((await call('GET', ME)).status).toBe(200);
    expect(await makeSchema()).toMatchObject({ status, body: { error_code: code } });
    expect(await names()).not.toContain('main.sales');
    expect((await makeSchema()).status).toBe(200);
  });

  test('Retry-After is a header', async () => {
    await fault({ operation: 'issueToken', status: 429, retryAfter: 7 });
    expect((await oauth()).headers.get('retry-after')).toBe('7');
  });

  test('one that commits has been done although its status says otherwise', async () => {
    await fault({ operation: 'createSchema', status: 504, commit: true });
    expect((await makeSchema()).status).toBe(504);
    expect(await names()).toContain('main.sales');
  });

  test('some are let pass, and some wait for another operation', async () => {
    await fault({ operation: 'getMe', status: 500, skip: 1, times: 2 });
    const statuses = [];
    for (let at = 0; at < 4; at += 1) statuses.push((await call('GET', ME)).status);
    expect(statuses).toEqual([200, 500, 500, 200]);
    await fault({ operation: 'getMe', status: 500, after: 'createSchema' });
    expect((await call('GET', ME)).status).toBe(200);
    await makeSchema();
    expect((await call('GET', ME)).status).toBe(500);
  });

  test.each([
    [{ reset: 'before' }, false],
    [{ reset: 'after' }, true],
    [{ truncate: true }, true],
  ])('%j breaks the connection; what was asked is done: %s', async (effect, isDone) => {
    await fault({ operation: 'createSchema', ...effect });
    await expect(makeSchema()).rejects.toThrow();
    expect((await names()).includes('main.sales')).toBe(isDone);
  });

  test.each([
    ['before', false],
    ['after', true],
  ])('a call that hangs %s it is done', async (hang, isDone) => {
    await fault({ operation: 'createSchema', hang });
    const given = {
      headers: { Authorization: `Bearer ${personalToken}` },
      body: JSON.stringify({ name: 'sales', catalog_name: catalog }),
    };
    const gone = request('POST', SCHEMAS, { ...given, signal: AbortSignal.timeout(300) });
    await expect(gone).rejects.toThrow();
    expect((await names()).includes('main.sales')).toBe(isDone);
  });

  test('one that is done later is done after its caller is gone', async () => {
    await fault({ operation: 'executeStatement', commitLater: 200 });
    const gone = request('POST', '/api/2.0/sql/statements', {
      headers: { Authorization: `Bearer ${personalToken}` },
      body: JSON.stringify({
        warehouse_id: DEFAULTS.warehouseId,
        statement: 'CREATE SCHEMA main.sales',
      }),
      signal: AbortSignal.timeout(50),
    });
    await expect(gone).rejects.toThrow();
    expect(await names()).not.toContain('main.sales');
    await eventually(async () => (await names()).includes('main.sales'));
  });

  test.each([
    ['OAuth', 401],
    ['a personal token', 403],
  ])('the token of a call expires just before it: %s', async (kind, status) => {
    const token = kind === 'OAuth' ? tokenOf(await oauth()) : personalToken;
    await fault({ operation: 'getMe', expireToken: true });
    expect((await call('GET', ME, undefined, token)).status).toBe(status);
    expect((await call('GET', ME, undefined, token)).status).toBe(status);
    const { status: next } = await call('GET', ME, undefined, tokenOf(await oauth()));
    expect(next).toBe(200);
  });

  test('the warehouse stops just before a statement, which starts it again', async () => {
    await sql('SELECT 1');
    await control('POST', '/warehouse', { failsToStart: true });
    await fault({ operation: 'executeStatement', stopWarehouse: true });
    expect((await sql('SELECT 1')).status.state).toBe('FAILED');
    await control('POST', '/warehouse', { failsToStart: false });
    expect((await sql('SELECT 1')).status.state).toBe('SUCCEEDED');
  });

  test('a statement ends as FAILED, with the message that was asked for', async () => {
    await fault({ operation: 'executeStatement', statementError: '[INTERNAL_ERROR] Lost.' });
    expect((await sql('CREATE SCHEMA main.sales')).status).toMatchObject({
      state: 'FAILED',
      error: { error_code: 'BAD_REQUEST', message: '[INTERNAL_ERROR] Lost.' },
    });
    expect(await names()).not.toContain('main.sales');
  });

  test.each([
    [{ operation: 'nosuch', status: 500 }, /operation: nosuch is unknown/],
    [{ operation: 'getMe' }, /one of delay/],
    [{ operation: 'getMe', status: 500, hang: 'before' }, /exclude each other/],
    [{ operation: 'getMe', statementError: 'x' }, /only executeStatement/],
    [{ operation: 'getMe', delay: 1, errorCode: 'x' }, /errorCode: needs a status/],
    [{ operation: 'getMe', status: 500, colour: 'red' }, /colour/],
  ])('%j is refused', async (given, message) => {
    const { status, body } = await fault(given);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toMatch(message);
  });
});

describe('what is told of it', () => {
  test('calls have their operation, caller and statement, and digests of secrets', async () => {
    await oauth();
    await sql('SELECT 1');
    await call('GET', '/api/2.1/jobs/list');
    expect(await calls()).toMatchObject([
      { operation: 'issueToken', principal: null, secretSha256: sha256(clientSecret), status: 200 },
      {
        operation: 'executeStatement',
        principal: clientId,
        statement: 'SELECT 1',
        secretSha256: sha256(personalToken),
        status: 200,
      },
      { operation: null, status: 404 },
    ]);
  });

  test('no secret is told anywhere', async () => {
    const token = tokenOf(await oauth());
    await entra();
    await call('GET', ME, undefined, token);
    const told = await Promise.all(
      ['/entities?includeDeleted=true', '/requests', '/faults'].map((path) => control('GET', path)),
    );
    const text = JSON.stringify(told.map(({ body }) => body));
    for (const secret of [token, clientSecret, personalToken]) expect(text).not.toContain(secret);
  });

  test('what was saved is restored, and a reset is the beginning', async () => {
    await makeSchema();
    await control('POST', '/save');
    await call('DELETE', `${SCHEMAS}/main.sales`);
    await fault({ operation: '*', status: 500, times: 0 });
    await control('POST', '/restore');
    expect((await call('GET', `${SCHEMAS}/main.sales`)).status).toBe(200);
    await control('POST', '/reset');
    expect(await names()).toEqual(['main.default', 'main.information_schema']);
  });

  test('an unknown route of the control tells those there are', async () => {
    expect(await control('GET', '/nosuch')).toMatchObject({
      status: 404,
      body: { routes: { 'GET /_simulator/entities': matching(/what exists/) } },
    });
    expect(await control('POST', '/grants', { on: 'schema' })).toMatchObject({ status: 400 });
  });
});
