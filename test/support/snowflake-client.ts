import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { z } from 'zod';

export const newKey = () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
};

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const fingerprint = (publicKey: string) =>
  createHash('sha256')
    .update(Buffer.from(publicKey.replaceAll(/-----.*-----|\s/g, ''), 'base64'))
    .digest('base64');

/** A JWT as Snowflake wants it; what is given stands in the place of the usual. */
export const jwtOf = (
  { privateKey, publicKey }: { privateKey: KeyObject; publicKey: string },
  { user = 'SIMULATOR.PROVISIONER', alg = 'RS256', ...claims }: Record<string, unknown> = {},
) => {
  const now = Math.floor(Date.now() / 1000);
  const usual = { iss: `${String(user)}.SHA256:${fingerprint(publicKey)}`, sub: user, iat: now };
  const content = `${encode({ alg, typ: 'JWT' })}.${encode({ ...usual, exp: now + 600, ...claims })}`;
  return `${content}.${sign('sha256', Buffer.from(content), privateKey).toString('base64url')}`;
};

/** What an answer may have; the tests look at more of it where they mean it. */
export const Answer = z.looseObject({
  code: z.string().default(''),
  sqlState: z.string().default(''),
  message: z.string().default(''),
  statementHandle: z.string().default(''),
  resultSetMetaData: z
    .looseObject({
      numRows: z.number(),
      rowType: z.array(z.looseObject({ name: z.string(), type: z.string() })),
      partitionInfo: z.array(z.looseObject({ rowCount: z.number() })),
    })
    .optional(),
  data: z.array(z.array(z.string().nullable())).default([]),
});

/** What a test compares with, typed. */
export const aText: unknown = expect.any(String);
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const aList: unknown = expect.any(Array);

export const TOKEN = 'a-programmatic-access-token';
const AS_TOKEN = {
  Authorization: `Bearer ${TOKEN}`,
  'X-Snowflake-Authorization-Token-Type': 'PROGRAMMATIC_ACCESS_TOKEN',
};
export const HEADERS = {
  Accept: 'application/json',
  'Content-Type': 'application/json',
  'User-Agent': 'test/1.0',
  ...AS_TOKEN,
};
export const STATEMENTS = '/api/v2/statements';

export const MISSING = { status: 422, code: '002003' };
export const DENIED = { status: 422, code: '003001', sqlState: '42501' };
export const EXISTS = { status: 422, code: '002002', sqlState: '42710' };
/** A user whom there is from the start. */
export const JANE = 'JANE.DOE@EXAMPLE.COM';

/** Asks again until it holds; the test's own time limit ends it. */
export const eventually = async (holds: () => Promise<boolean>): Promise<void> => {
  if (!(await holds())) await eventually(holds);
};

interface Sent {
  query?: string;
  body?: Record<string, unknown>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** A client of the stand-in at `url`, which may start after its client is made. */
export const createSnowflakeClient = (url: () => string) => {
  const request = async (method: string, path: string, init: RequestInit = {}) => {
    const res = await fetch(`${url()}${path}`, { method, headers: HEADERS, ...init });
    const text = await res.text();
    const body: unknown = text.startsWith('{') ? JSON.parse(text) : text;
    return { status: res.status, headers: res.headers, body };
  };
  const parsed = async (...args: Parameters<typeof request>) => {
    const { status, headers, body } = await request(...args);
    return { status, headers, ...Answer.parse(typeof body === 'string' ? {} : body) };
  };
  const submit = (statement: string, { query = '', body = {}, headers = {}, signal }: Sent = {}) =>
    parsed('POST', `${STATEMENTS}${query}`, {
      headers: { ...HEADERS, ...headers },
      body: JSON.stringify({ statement, ...body }),
      ...(signal && { signal }),
    });
  const get = (handle: string, query = '') => parsed('GET', `${STATEMENTS}/${handle}${query}`);
  /** Asks until it runs no more. */
  const ended = async (handle: string): ReturnType<typeof get> => {
    const answer = await get(handle);
    return answer.status === 202 ? ended(handle) : answer;
  };
  const control = async (method: string, path: string, body?: unknown) => {
    const given = body === undefined ? {} : { body: JSON.stringify(body) };
    const { status, body: answer } = await request(method, `/_simulator${path}`, given);
    return { status, body: answer };
  };
  /** As a role that may do it: what a test begins with. */
  const given = async (statements: string[], role = 'ACCOUNTADMIN') => {
    for (const statement of statements) {
      const { body } = await control('POST', '/sql', { statement, role });
      expect({ statement, body }).toEqual({ statement, body: { rows: aList } });
    }
  };
  /** Rows of a result, by the names of its columns. */
  const rows = async (statement: string, sent: Sent = {}) => {
    const { status, data, resultSetMetaData, message } = await submit(statement, sent);
    expect({ status, message }).toMatchObject({ status: 200 });
    const names = resultSetMetaData?.rowType.map(({ name }) => name) ?? [];
    return data.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
  };
  const error = async (statement: string, sent: Sent = {}) => {
    const { status, code, sqlState } = await submit(statement, sent);
    return { status, code, sqlState };
  };
  const done = async (...statements: string[]) => {
    for (const statement of statements) {
      const { status, message } = await submit(statement);
      expect({ statement, status, message }).toMatchObject({ status: 200 });
    }
  };
  const names = async (statement: string) => (await rows(statement)).map(({ name }) => name);
  const fault = async (body: unknown) => {
    expect(await control('POST', '/faults', body)).toMatchObject({ status: 200 });
  };
  /** A user of its own role, which has these and nothing else. */
  const asRole = async (role: string, grants: string[] = []) => {
    await given([`CREATE ROLE "${role}"`, ...grants]);
    await given([`GRANT ROLE "${role}" TO USER "PROVISIONER"`]);
    return { body: { role } };
  };
  return { request, submit, get, ended, control, given, rows, error, done, names, fault, asRole };
};
