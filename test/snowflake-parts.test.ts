import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { everyText } from '../scripts/conformance/snowflake-texts';
import { asWritten, placeProblems } from '../src/connectors/snowflake-place';
import { Refusal, RequestError, describeProblem } from '../src/contract/problems';
import { snowflake } from '../src/fabrics/snowflake';
import { schemaPage } from '../src/fabrics/snowflake/links';
import {
  identifierIn,
  isNamed,
  literal,
  partsOf,
  pattern,
  quoted,
  readRoleOf,
  shownAs,
} from '../src/fabrics/snowflake/sql/names';
import { SnowflakeSettings } from '../src/fabrics/snowflake/settings';
import { uuidOf } from '../src/fabrics/snowflake/api/request-ids';
import {
  accountIn,
  accountInJwt,
  createTokens,
  fingerprintOf,
} from '../src/fabrics/snowflake/api/token';
import type { Proof } from '../src/fabrics/snowflake/api/token';
import { createReader } from '../src/reading/reader';
import { readYaml } from '../src/reading/yaml';
import { keyPair } from './support/snowflake-fabric';

/* What the Snowflake fabric is made of, without Snowflake. */

test.each<[string, string, string]>([
  ['quotes', 'a"b', '"a""b"'],
  ['what ends a statement', `x"; DROP SCHEMA y;--`, '"x""; DROP SCHEMA y;--"'],
  ['a backslash', 'a\\"b', '"a\\""b"'],
  ['another script', '雪é', '"雪é"'],
  ['255 characters', '😀'.repeat(255), `"${'😀'.repeat(255)}"`],
])('an identifier may have %s', (_case, name, expected) => {
  expect(quoted(name)).toBe(expected);
});

test.each<[string, string]>([
  ['nothing', ''],
  ['NUL', 'a\u0000b'],
  ['a line break', 'a\nb'],
  ['a C1 control', 'a\u0085b'],
  ['half a character', 'a\ud800'],
  ['256 characters', 'x'.repeat(256)],
])('an identifier may not have %s', (_case, name) => {
  expect(() => quoted(name)).toThrow(Refusal);
});

test.each<[string, string, string]>([
  ['a quote', `it's`, `'it''s'`],
  ['a backslash before a quote', `\\'; DROP`, `'\\\\''; DROP'`],
])('a text may have %s', (_case, text, expected) => {
  expect(literal(text)).toBe(expected);
});

test.each<[string, string[], string]>([
  ['as SQL has it', ['FINANCE', 'CASHFLOW_0'], 'FINANCE.CASHFLOW_0'],
  ['with spaces', ['FINANCE', 'cash flow'], 'FINANCE.cash flow'],
  ['with a dot that parts nothing', ['FINANCE', 'A.B'], 'FINANCE."A.B"'],
  ['with quotes', ['FINANCE', 'A".B'], 'FINANCE."A"".B"'],
  ['that turns the line around', ['A\u202eB', 'C\u2066'], 'A\\u202eB.C\\u2066'],
  ['with what is not seen', ['A\u200bB', 'C\u0000\ufeff'], 'A\\u200bB.C\\u0000\\ufeff'],
])('a name is told to people %s', (_case, parts, told) => {
  expect(shownAs(...parts)).toBe(told);
});

test('a pattern fits what it names, and not what its wildcards would', () => {
  expect(pattern('A_B%C\\D')).toBe(`'A\\\\_B\\\\%C\\\\\\\\D'`);
  expect(() => literal('a\nb')).toThrow(Refusal);
});

test('names of settings are read as Snowflake reads names', () => {
  expect(['loader', '"loader"', 'a b', 'X$1', 'jane@x.com'].map(identifierIn)).toEqual([
    ...['LOADER', 'loader', 'a b', 'X$1', 'jane@x.com'],
  ]);
});

test('names in lists are told by their parts, in quotes or without', () => {
  expect(partsOf('A."b.c"."d""e"')).toEqual(['A', 'b.c', 'd"e']);
  expect(isNamed('A."b.c"', ['A', 'b.c'])).toBe(true);
  expect(isNamed('A.b.c', ['A', 'b.c'])).toBe(true);
  expect(isNamed('A.B', ['A', 'C'])).toBe(false);
});

test('a role has a component’s names, and is no other’s whatever they are', () => {
  const key = 'dev/fin.Cash Flow.0.in-gestion';
  expect(readRoleOf(key)).toMatch(/^CASH_FLOW_0_IN_GESTION_READ_[0-9A-F]{8}$/);
  expect(readRoleOf(key)).not.toBe(readRoleOf('dev/fin.Cash_Flow.0.in_gestion'));
  expect(readRoleOf(`dev/fin.${'x'.repeat(300)}.0.y`)).toHaveLength(255);
});

test('Airbyte writes in upper case, and so it is looked for', () => {
  expect(asWritten('cash_${x}')).toBe('CASH___X_');
  expect(placeProblems({ database: 'D', schema: 'S' })).toEqual([]);
  expect(placeProblems({ database: 'x'.repeat(256), schema: 'information_schema' })).toEqual([
    {
      field: 'database',
      message:
        'must not be longer than 255 characters, as a name of Snowflake’s holds no more: it has 256',
    },
    {
      field: 'schema',
      message: 'is a word that Snowflake keeps for itself: INFORMATION_SCHEMA',
    },
  ]);
});

test('the same step and text have the same request id, and no other', () => {
  const one = uuidOf('step', 'SELECT 1', '0');
  expect(one).toBe(uuidOf('step', 'SELECT 1', '0'));
  expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const others = [
    uuidOf('step2', 'SELECT 1', '0'),
    uuidOf('step', 'SELECT 2', '0'),
    uuidOf('step', 'SELECT 1', '1'),
  ];
  expect(new Set([one, ...others]).size).toBe(4);
});

test.each<[string, { host: string; account?: string }, string | undefined]>([
  ['an account of an organization', { host: 'acme-fin.snowflakecomputing.com' }, 'acme/fin'],
  ['an underscore in its name', { host: 'acme-fin-dev.snowflakecomputing.com' }, 'acme/fin_dev'],
  ['a locator', { host: 'xy12345.eu-central-1.snowflakecomputing.com' }, 'eu-central-1/xy12345'],
  [
    'a locator that is told',
    { host: 'acme.snowflakecomputing.com', account: 'xy12345.eu-central-1' },
    'eu-central-1/xy12345',
  ],
  ['another host', { host: 'snowflake.localhost:80' }, undefined],
  ['a private link', { host: 'acme-fin.privatelink.snowflakecomputing.com' }, undefined],
])('the page of a schema: %s', (_case, settings, path) => {
  expect(schemaPage(settings, { database: 'D', schema: 'S #' })).toBe(
    path && `https://app.snowflake.com/${path}/#/data/databases/D/schemas/S%20%23`,
  );
});

test.each([
  ['XY12345.eu-central-1', 'XY12345', 'XY12345-EU-CENTRAL-1'],
  ['xy12345.west-europe.azure', 'XY12345', 'XY12345-WEST-EUROPE-AZURE'],
  ['xy12345.us-east-1.privatelink', 'XY12345', 'XY12345-US-EAST-1-PRIVATELINK'],
  ['xy12345.privatelink', 'XY12345', 'XY12345-PRIVATELINK'],
  ['xy12345', 'XY12345', 'XY12345'],
  ['acme.fin_dev', 'ACME-FIN_DEV', 'ACME-FIN_DEV'],
  ['acme-fin', 'ACME-FIN', 'ACME-FIN'],
])('the account %s is %s in a JWT, and remembered as %s', (account, inJwt, remembered) => {
  const settings = { host: 'proxy.example.com', account };
  expect(accountInJwt(settings)).toBe(inJwt);
  expect(accountIn(settings)).toBe(remembered);
});

test.each([
  ['acme-fin.snowflakecomputing.com', 'ACME-FIN'],
  ['xy12345.eu-central-1.snowflakecomputing.com', 'XY12345'],
])('of the host %s a JWT has the account %s', (host, account) => {
  expect(accountInJwt({ host })).toBe(account);
});

describe('a JWT', () => {
  const { publicKey, privateKey } = keyPair();
  const secrets = new Map<string, string>();
  let now = 1_800_000_000;
  const tokens = (proof: Proof = { privateKey: { secretRef: 'K' } }) =>
    createTokens({
      fabric: 'f',
      account: accountIn({ host: 'acme-fin.snowflakecomputing.com' }),
      user: 'jane.doe',
      proof,
      secretOf: ({ secretRef }) => Promise.resolve(secrets.get(secretRef) ?? ''),
      clock: () => now,
    });
  beforeEach(() => {
    secrets.set('K', privateKey);
  });

  test('says who it is by his key, and for how long', async () => {
    const { value, type } = await tokens().bearer();
    const key = createPublicKey(publicKey);
    const { payload, protectedHeader } = await jwtVerify(value, key, {
      currentDate: new Date(now * 1000),
    });
    expect(type).toBe('KEYPAIR_JWT');
    expect(protectedHeader.alg).toBe('RS256');
    expect(payload).toEqual({
      iss: `ACME-FIN.JANE.DOE.${fingerprintOf(key)}`,
      sub: 'ACME-FIN.JANE.DOE',
      iat: now,
      exp: now + 3540,
    });
  });

  test('is used again, made anew before it ends, after a 401, and with another key', async () => {
    const its = tokens();
    const first = await its.bearer();
    expect(await its.bearer()).toEqual(first);
    now += 3540 - 300;
    const second = await its.bearer();
    expect(second).not.toEqual(first);
    expect(await its.renewed(second)).not.toEqual(second);
    secrets.set('K', keyPair().privateKey);
    expect(await its.bearer()).not.toEqual(second);
  });

  test('is made of an encrypted key with its passphrase, and of nothing else', async () => {
    const encrypted = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' },
    });
    secrets.set('K', encrypted.privateKey).set('P', 'p').set('Q', 'q');
    const withPassword = (secretRef: string) =>
      tokens({ privateKey: { secretRef: 'K' }, privateKeyPassword: { secretRef } });
    await expect(withPassword('P').bearer()).resolves.toMatchObject({ type: 'KEYPAIR_JWT' });
    await expect(withPassword('Q').bearer()).rejects.toThrow(
      /^The private key of the fabric f cannot be read/,
    );
    secrets.set('K', 'no key');
    await expect(tokens().bearer()).rejects.toThrow(Refusal);
    const { privateKey: curve } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    secrets.set('K', curve);
    await expect(tokens().bearer()).rejects.toThrow(Refusal);
  });
});

const problemsOf = (changes: Record<string, unknown>): string[] => {
  const given = {
    type: 'snowflake',
    team: 'finance',
    host: 'acme-fin.snowflakecomputing.com',
    warehouse: 'W',
    user: 'U',
    role: 'R',
    credentials: { privateKey: { secretRef: 'K' } },
    ...changes,
  };
  const reader = createReader(readYaml(JSON.stringify(given), 'file'), {
    name: 'file',
    solutions: [],
  });
  reader.read(SnowflakeSettings, given, []);
  const error = reader.problems.length > 0 ? reader.requestError() : undefined;
  return error instanceof RequestError ? error.problems.map(describeProblem) : [];
};

const SECRET = { secretRef: 'S' };
const ONE = 'must have privateKey, password, oauth or token, and only one of them';

test.each<[string, Record<string, unknown>, string[]]>([
  ['nothing', {}, []],
  ['a token of its own', { credentials: { token: SECRET } }, []],
  [
    'two credentials',
    { credentials: { token: SECRET, password: SECRET } },
    [`credentials (line 1): ${ONE}`],
  ],
  ['none', { credentials: {} }, [`credentials (line 1): ${ONE}`]],
  [
    'a passphrase without a key',
    { credentials: { oauth: SECRET, privateKeyPassword: SECRET } },
    ['credentials.privateKeyPassword (line 1): goes with privateKey'],
  ],
  [
    'a password that is to manage',
    { credentials: { password: SECRET }, manage: { schema: true } },
    ['manage.by (line 1): is required with a password, which the SQL API does not take'],
  ],
  [
    'a password, and another who manages',
    {
      credentials: { password: SECRET },
      manage: { schema: true, by: { user: 'P', role: 'P', oauth: SECRET } },
    },
    [],
  ],
  [
    'a password by which to manage',
    { manage: { schema: true, by: { user: 'P', role: 'P', password: SECRET } } },
    [
      'manage.by.password (line 1): is not known here',
      'manage.by (line 1): must have privateKey, oauth or token, and only one of them',
    ],
  ],
  [
    'access without a schema of one’s own',
    { manage: { access: true } },
    [
      'manage.access (line 1): goes with schema: true, as only a schema that was made for a component is known to be its',
    ],
  ],
  [
    'an address with credentials',
    { apiUrl: 'https://u:p@x' },
    ['apiUrl (line 1): must have no credentials, no query and no fragment'],
  ],
  ['another scheme', { apiUrl: 'ftp://x' }, ['apiUrl (line 1): must be an http(s) URL']],
  ['too many at once', { maxInFlight: 101 }, ['maxInFlight (line 1)']],
])('settings: %s', (_case, changes, expected) => {
  const found = problemsOf(changes);
  expect(found).toHaveLength(expected.length);
  expected.forEach((start, index) => {
    expect(found[index]).toMatch(new RegExp(`^${start.replaceAll(/[.()]/g, '\\$&')}`));
  });
});

test('Airbyte is given no token, and is told so', async () => {
  const settings = SnowflakeSettings.parse({
    type: 'snowflake',
    team: 'f',
    host: 'a.b',
    warehouse: 'W',
    user: 'U',
    role: 'R',
    credentials: { token: SECRET },
  });
  const given = { secretOf: () => Promise.resolve('t'), configuration: {} };
  await expect(snowflake.destination(settings, given)).rejects.toThrow(
    /takes a key pair or a password/,
  );
});

test('every text that is sent is known, and none has a name without quotes', () => {
  const hostile = `x"; DROP ROLE y;-- ' \\ %`;
  const texts = everyText({ name: hostile, other: hostile });
  expect(texts.length).toBeGreaterThan(50);
  for (const text of texts) {
    const bare = text.replaceAll(/"(?:[^"]|"")*"|'(?:[^'\\]|''|\\.)*'/g, 'I');
    expect(bare).toMatch(/^[A-Z0-9 ,.()=_]+$/);
  }
});
