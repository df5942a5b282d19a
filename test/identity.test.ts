import { createHash, createPublicKey } from 'node:crypto';
import { SignJWT, base64url, decodeJwt, importJWK } from 'jose';
import { createAuthentication } from '../src/identity/authenticate';
import { may, teamsFor } from '../src/identity/caller';
import type { Caller } from '../src/identity/caller';
import { readSettings } from '../src/settings/read';
import type { Settings } from '../src/settings/settings';
import { AUDIENCE, startIdentityProvider } from './support/identity-provider';

/* Who calls, against a real OpenID provider; and what is no proof of anybody. */

type Provider = Awaited<ReturnType<typeof startIdentityProvider>>;
let provider: Provider;
beforeAll(async () => {
  provider = await startIdentityProvider();
});
afterAll(() => provider.stop());

const TEAMS = `
environments:
  development: { airbyte: { url: http://a.example.com, workspaceId: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6 } }
teams:
  finance:
    domains: [finance]
    environments: [development]
    groups: { deployer: [fin-engineers], operator: [fin-operators], reader: [fin] }
  marketing: { domains: [marketing], environments: [development], groups: { deployer: [mkt-engineers] } }
`;

const withAuth = (auth: string) => readSettings(`${TEAMS}\ngateway: { auth: ${auth} }`);

const withOidc = (more = '') =>
  withAuth(
    `{ mode: oidc, issuer: "${provider.issuer}", audience: "${AUDIENCE}", coordinators: [witboost-coordinator], platformOperators: [platform-ops], clockSkew: 5 ${more} }`,
  );

const authentication = (settings: Settings) => createAuthentication(() => settings);

/** What a caller may do, in short. */
const rightsOf = (caller: Caller) =>
  (['reader', 'deployer', 'operator'] as const)
    .map((role) => `${role}: ${[...(teamsFor(caller, role) ?? ['all'])].join(' ') || 'none'}`)
    .join(', ');

const bearer = (token: string) => `Bearer ${token}`;

test.each([
  ['witboost-coordinator', 'reader: all, deployer: all, operator: none'],
  ['platform-operator', 'reader: all, deployer: all, operator: all'],
  ['fin-engineer', 'reader: finance, deployer: finance, operator: none'],
  ['fin-operator', 'reader: finance, deployer: none, operator: finance'],
  ['fin-reader', 'reader: finance, deployer: none, operator: none'],
  ['mkt-engineer', 'reader: marketing, deployer: marketing, operator: none'],
  ['nobody', 'reader: none, deployer: none, operator: none'],
])('%s may %s', async (client, rights) => {
  const callerOf = authentication(withOidc());
  const caller = await callerOf(bearer(await provider.tokenFor(client)));
  expect([caller.name, rightsOf(caller)]).toEqual([client, rights]);
});

/** A token as the provider signs it, but for what is changed. */
const signed = async (
  changes: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
) => {
  const { kid, key } = provider.signing();
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: provider.issuer,
    aud: AUDIENCE,
    sub: 'fin-engineer',
    client_id: 'fin-engineer',
    groups: ['fin-engineers'],
    iat: now,
    exp: now + 60,
    ...changes,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid, ...header })
    .sign(await importJWK({ kty: 'RSA', ...key }, 'RS256'));
};

const part = (value: object) => base64url.encode(JSON.stringify(value));

const unsigned = (alg: string) => async () => {
  const [, payload = ''] = (await signed()).split('.');
  return `${part({ alg, typ: 'at+jwt', kid: provider.signing().kid })}.${payload}.`;
};

/** The public key, which everybody has, taken for a shared secret. */
const withPublicKey = async () => {
  const { kid, key } = provider.signing();
  const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return new SignJWT({ iss: provider.issuer, aud: AUDIENCE, sub: 'fin-engineer' })
    .setProtectedHeader({ alg: 'HS256', kid })
    .setExpirationTime('1m')
    .sign(Buffer.from(String(pem)));
};

const tampered = async () => {
  const [header, , signature] = (await signed()).split('.');
  const payload = part({ iss: provider.issuer, aud: AUDIENCE, sub: 'root', exp: 9_999_999_999 });
  return [header, payload, signature].join('.');
};

const now = () => Math.floor(Date.now() / 1000);

const BAD: [string, () => Promise<string>][] = [
  [
    'of a key of somebody else',
    async () => {
      const other = await startIdentityProvider();
      const token = await other.tokenFor('fin-engineer');
      other.stop();
      return token;
    },
  ],
  ['that is expired', () => signed({ exp: now() - 10 })],
  ['that is not valid yet', () => signed({ nbf: now() + 60 })],
  ['that never expires', () => signed({ exp: undefined })],
  ['of nobody', () => signed({ sub: undefined })],
  ['for another API', () => provider.tokenFor('fin-engineer', 'urn:another')],
  ['of another issuer', () => signed({ iss: 'https://id.example.com' })],
  ['of an issuer whose name is longer', () => signed({ iss: `${provider.issuer}/evil` })],
  ['that nobody signed', unsigned('none')],
  ['that nobody signed, in another case', unsigned('nOnE')],
  ['signed with the public key', withPublicKey],
  ['that was changed', tampered],
  ['that tells a client who signed in (nonce)', () => signed({ nonce: 'x' })],
  ['that tells a client who signed in (at_hash)', () => signed({ at_hash: 'x' })],
  ['that calls itself an ID token', () => signed({ typ: 'ID' })],
  [
    'with a key of its own',
    async () => {
      const [, payload, signature] = (await signed()).split('.');
      return [part({ alg: 'RS256', jwk: provider.signing().key }), payload, signature].join('.');
    },
  ],
  ['that is no token', () => Promise.resolve('abc.def.ghi')],
  ['that is too long', () => Promise.resolve('a'.repeat(20_000))],
];

test.each(BAD)('a token %s proves nobody', async (_case, make) => {
  const callerOf = authentication(withOidc());
  await expect(callerOf(bearer(await make()))).rejects.toMatchObject({ name: 'InvalidToken' });
  // The same as the provider gives it is good.
  expect((await callerOf(bearer(await signed()))).name).toBe('fin-engineer');
});

/** As a provider signs ID tokens that have nothing of their own but their audience, which is a client's. */
const asAudience = (audience: string, more = '') =>
  withAuth(`{ mode: oidc, issuer: "${provider.issuer}", audience: "${audience}" ${more} }`);

test('an ID token that the provider issues proves nobody, where the audience is its client, too', async () => {
  const token = await provider.idTokenFor('fin-reader', 'platform-operator');
  const { aud, groups, nonce, at_hash, typ } = decodeJwt(token);
  // Nothing else tells it.
  expect([aud, groups, nonce, at_hash, typ]).toEqual([
    'fin-reader',
    ['platform-ops'],
    undefined,
    undefined,
    undefined,
  ]);
  for (const more of ['', ', accessTokenClaim: client_id'])
    await expect(authentication(asAudience('fin-reader', more))(bearer(token))).rejects.toThrow(
      'accessTokenClaim',
    );
});

test.each([
  ['of RFC 9068', 'at+jwt', {}, ''],
  ['of RFC 9068, by its whole type', 'application/AT+JWT', {}, ''],
  ['of Keycloak', 'JWT', { typ: 'Bearer' }, ''],
  ['of Entra', 'JWT', { azpacr: '1' }, ', accessTokenClaim: azpacr'],
  ['of Okta', undefined, { cid: 'x' }, ', accessTokenClaim: cid'],
  ['with a claim at a path', 'JWT', { a: { b: 0 } }, ', accessTokenClaim: a.b'],
])('an access token %s is good', async (_case, typ, claims, more) => {
  const token = await signed({ client_id: undefined, ...claims }, { typ });
  expect((await authentication(withOidc(more))(bearer(token))).name).toBe('fin-engineer');
});

test.each([
  ['without a type', undefined, {}, ''],
  ['of a type that every token has', 'JWT', { azpacr: '1' }, ''],
  ['of a longer type', 'at+jwt+x', {}, ''],
  ['of a type that is no text', ['at+jwt'], {}, ''],
  ['of another kind of Keycloak’s', 'JWT', { typ: 'Refresh' }, ''],
  ['whose claim is empty', 'JWT', { azpacr: null }, ', accessTokenClaim: azpacr'],
  ['with a claim that every object has', 'JWT', {}, ', accessTokenClaim: constructor'],
  ['with both', 'at+jwt', { azpacr: '1', typ: 'ID' }, ', accessTokenClaim: azpacr'],
])('a token %s does not show that it is an access token', async (_case, typ, claims, more) => {
  const token = await signed(claims, { typ });
  const callerOf = authentication(withOidc(more));
  await expect(callerOf(bearer(token))).rejects.toMatchObject({ name: 'InvalidToken' });
});

test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dTpw', 'Bearer a b', 'token x'])(
  'the header %j names nobody',
  async (header) => {
    const callerOf = authentication(withOidc());
    await expect(callerOf(header)).rejects.toMatchObject({ name: 'NoCredential' });
  },
);

test('an algorithm that is not among those of the file is refused', async () => {
  const callerOf = authentication(withOidc(', algorithms: [ES256]'));
  await expect(callerOf(bearer(await signed()))).rejects.toMatchObject({ name: 'InvalidToken' });
});

test('groups are found at a path, as a list or as text', async () => {
  const callerOf = authentication(withOidc(', groupsClaim: realm_access.roles'));
  const rights = async (roles: unknown) =>
    rightsOf(await callerOf(bearer(await signed({ realm_access: { roles } }))));
  expect(await rights(['fin-engineers', 7, null])).toContain('deployer: finance');
  expect(await rights('fin-engineers')).toContain('deployer: finance');
  // Whoever may name a group must not rise by a blank in its name.
  expect(await rights('friends of fin-engineers')).toContain('deployer: none');
  const byScope = authentication(withOidc(', groupsClaim: scope'));
  const scoped = await byScope(bearer(await signed({ scope: 'openid fin-engineers' })));
  expect(rightsOf(scoped)).toContain('deployer: finance');
  expect(await rights({ length: 3 })).toContain('deployer: none');
});

test.each([12, '', ' ', ['a'], { a: 1 }])(
  'a subject that is no text is nobody: %p',
  async (sub) => {
    const callerOf = authentication(withOidc());
    await expect(callerOf(bearer(await signed({ sub })))).rejects.toMatchObject({
      name: 'InvalidToken',
    });
  },
);

test.each<[string, object, boolean]>([
  ['a client of its own', { sub: 'witboost-coordinator', client_id: 'witboost-coordinator' }, true],
  [
    'an account of Keycloak’s',
    {
      sub: 'x',
      client_id: undefined,
      azp: 'witboost-coordinator',
      preferred_username: 'service-account-witboost-coordinator',
    },
    true,
  ],
  [
    'an application of Entra ID’s',
    { sub: 'x', client_id: undefined, azp: 'witboost-coordinator', idtyp: 'app' },
    true,
  ],
  [
    'a person who has logged in there',
    { sub: 'ann', azp: 'witboost-coordinator', client_id: 'witboost-coordinator' },
    false,
  ],
])('%s is a Coordinator: %p', async (_who, claims, isOne) => {
  const callerOf = authentication(withOidc());
  const { isCoordinator } = await callerOf(bearer(await signed({ ...claims })));
  expect(isCoordinator).toBe(isOne);
});

test('a rotation of keys loses no request: new tokens are good at once, and old ones as long as their key is known', async () => {
  const callerOf = authentication(withOidc());
  const before = await provider.tokenFor('fin-engineer');
  await callerOf(bearer(before));
  await provider.rotate();
  const after = await provider.tokenFor('fin-reader');
  const all = Array.from({ length: 50 }, (_, index) =>
    callerOf(bearer(index % 2 === 0 ? before : after)),
  );
  const names = (await Promise.all(all)).map(({ name }) => name);
  expect(new Set(names)).toEqual(new Set(['fin-engineer', 'fin-reader']));
  await provider.rotate('forget');
  await callerOf(bearer(await provider.tokenFor('fin-engineer')));
  await expect(callerOf(bearer(after))).rejects.toMatchObject({ name: 'InvalidToken' });
});

test('while the provider is away, tokens of known keys are good, and of others nobody can tell', async () => {
  const known = authentication(withOidc());
  const token = await provider.tokenFor('fin-engineer');
  await known(bearer(token));
  const forged = await signed({}, { kid: 'unknown' });
  const unknown = authentication(withOidc());
  provider.pause();
  try {
    expect((await known(bearer(token))).name).toBe('fin-engineer');
    await expect(known(bearer(forged))).rejects.toMatchObject({ name: 'ProviderAway' });
    await expect(unknown(bearer(token))).rejects.toMatchObject({ name: 'ProviderAway' });
  } finally {
    provider.resume();
  }
  expect((await unknown(bearer(token))).name).toBe('fin-engineer');
});

test('static tokens are known by their hashes', async () => {
  const sha256 = createHash('sha256').update('tell-nobody').digest('hex');
  const callerOf = authentication(
    withAuth(
      `{ mode: tokens, tokens: [{ name: ci, sha256: ${sha256}, teams: [finance], roles: [deployer] }] }`,
    ),
  );
  const caller = await callerOf('Bearer tell-nobody');
  expect([caller.name, rightsOf(caller)]).toEqual([
    'ci',
    'reader: finance, deployer: finance, operator: none',
  ]);
  for (const wrong of ['tell-nobod', 'tell-nobody.', sha256])
    await expect(callerOf(bearer(wrong))).rejects.toMatchObject({ name: 'InvalidToken' });
});

test('where nobody is asked, everybody may do everything', async () => {
  const caller = await authentication(withAuth('{ mode: none }'))(undefined);
  expect(may(caller, { role: 'operator', team: undefined })).toBe(true);
});
