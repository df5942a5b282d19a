import { createPublicKey } from 'node:crypto';
import http from 'node:http';
import { SignJWT, base64url, exportJWK, generateKeyPair, importJWK } from 'jose';
import { z } from 'zod';
import { AUDIENCE, startIdentityProvider } from './support/identity-provider';
import { startGuarded } from './support/guarded-gateway';
import { eventually } from './support/harness';
import type { GuardedGateway } from './support/guarded-gateway';

/* What is let in over HTTP, by a gateway that a real OpenID provider tells who calls. */

let provider: Awaited<ReturnType<typeof startIdentityProvider>>;
const gateways: GuardedGateway[] = [];
const startGateway = async (audience = AUDIENCE) => {
  const auth = { mode: 'oidc', issuer: provider.issuer, audience, clockSkew: 5 };
  const started = await startGuarded({
    gateway: { auth: { ...auth, platformOperators: ['platform-ops'] } },
    env: { LOG_LEVEL: 'trace' },
  });
  gateways.push(started);
  return started;
};
let gateway: GuardedGateway;
beforeAll(async () => {
  provider = await startIdentityProvider();
  gateway = await startGateway();
});
afterAll(async () => {
  await Promise.all(gateways.map(({ stop }) => stop()));
  provider.stop();
});

const AT = '/operations/runs';
const good = () => provider.tokenFor('platform-operator');
const now = () => Math.floor(Date.now() / 1000);
const part = (value: object) => base64url.encode(JSON.stringify(value));

const claims = (changes: object = {}) => ({
  iss: provider.issuer,
  aud: AUDIENCE,
  sub: 'platform-operator',
  groups: ['platform-ops'],
  exp: now() + 60,
  ...changes,
});
/** As the provider signs it, but for what is changed. */
const signed = async (changes: object = {}, header: object = {}) => {
  const { kid, key } = provider.signing();
  return new SignJWT(claims(changes))
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid, ...header })
    .sign(await importJWK({ kty: 'RSA', ...key }, 'RS256'));
};
/** Of a key that somebody has made, which the header tells of in some way. */
const forged = async (headerOf: (key: object, kid: string) => object = () => ({})) => {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const { kid } = provider.signing();
  return new SignJWT(claims())
    .setProtectedHeader({
      alg: 'RS256',
      typ: 'at+jwt',
      kid,
      ...headerOf(await exportJWK(publicKey), kid),
    })
    .sign(privateKey);
};
const unsigned = async (alg: string) => {
  const [, payload = ''] = (await signed()).split('.');
  return `${part({ alg, typ: 'at+jwt', kid: provider.signing().kid })}.${payload}.`;
};
const withCritical = async () => {
  const [, payload, signature] = (await signed()).split('.');
  const header = { alg: 'RS256', typ: 'at+jwt', kid: provider.signing().kid, crit: ['x'], x: 1 };
  return [part(header), payload, signature].join('.');
};
const withPublicKey = async () => {
  const { kid, key } = provider.signing();
  const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return new SignJWT(claims())
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid })
    .sign(Buffer.from(String(pem)));
};
const tampered = async () => {
  const [header, , signature] = (await good()).split('.');
  return [header, part(claims()), signature].join('.');
};

const Refusal = z.strictObject({
  errors: z.array(z.string().regex(/^Authorization: /)).length(1),
  userMessage: z.string(),
  input: z.unknown().optional(),
  inputErrorField: z.unknown().optional(),
  moreInfo: z.looseObject({ solutions: z.array(z.string()).min(1) }),
});

/** What of a credential must be seen nowhere: each of its parts, or its beginning. */
const secretsIn = (token: string) =>
  token.split('.').flatMap((piece) => (piece.length > 20 ? [piece.slice(0, 200)] : []));

const BAD: [string, () => Promise<string>][] = [
  ['of a key of somebody else', () => forged()],
  ['of a key that it brings itself', () => forged((jwk) => ({ jwk }))],
  ['of a key at an address that it names', () => forged(() => ({ jku: 'http://127.0.0.1:1/k' }))],
  ['of a certificate at an address', () => forged(() => ({ x5u: 'http://127.0.0.1:1/c' }))],
  ['of a certificate that it brings itself', () => forged(() => ({ x5c: ['MIIB'] }))],
  ['of an unknown key', () => forged(() => ({ kid: 'unknown' }))],
  ['of a key that is a file', () => forged(() => ({ kid: '../../../dev/null' }))],
  ['of a key with a name of every object', () => forged(() => ({ kid: '__proto__' }))],
  ['of no key', () => forged(() => ({ kid: undefined }))],
  ['with a part that nobody knows but must', withCritical],
  ['that is expired', () => signed({ exp: now() - 10 })],
  ['that never expires', () => signed({ exp: undefined })],
  ['that is not valid yet', () => signed({ nbf: now() + 60 })],
  ['for another API', () => provider.tokenFor('platform-operator', 'urn:another')],
  ['for a longer API', () => signed({ aud: `${AUDIENCE}x` })],
  ['of another issuer', () => signed({ iss: 'https://id.example.com' })],
  ['of no issuer', () => signed({ iss: undefined })],
  ['that nobody signed', () => unsigned('none')],
  ['that nobody signed, in another case', () => unsigned('NonE')],
  ['signed with the public key', withPublicKey],
  ['that was changed', tampered],
  ['for a client', () => provider.idTokenFor('fin-reader', 'platform-operator')],
  ['that is none', () => Promise.resolve('abcdefghijklmnopqrstuvwxyz.def.ghi')],
  ['that is too long', async () => `${await good()}.${'a'.repeat(14_500)}`],
];

test.each(BAD)('a token %s is let in nowhere, and told nowhere', async (_case, make) => {
  const token = await make();
  const before = gateway.program.output().length;
  const { status, headers, text } = await gateway.call(AT, { token });
  expect(status).toBe(401);
  expect(headers['www-authenticate']).toBe(
    'Bearer realm="airbyte-provisioner", error="invalid_token"',
  );
  expect(Refusal.safeParse(JSON.parse(text)).error).toBeUndefined();
  const written = () => gateway.program.output().slice(before);
  await eventually(() => written().includes('a token was refused') || undefined, 'the log');
  const told = text + written();
  expect(secretsIn(token).filter((piece) => told.includes(piece))).toEqual([]);
  // A good one is let in meanwhile.
  expect((await gateway.call(AT, { token: await good() })).status).toBe(200);
});

test('an ID token is not let in where its client is the audience', async () => {
  const other = await startGateway('fin-reader');
  const token = await provider.idTokenFor('fin-reader', 'platform-operator');
  const { status, headers } = await other.call(AT, { token });
  expect(status).toBe(401);
  expect(headers['www-authenticate']).toContain('invalid_token');
  expect((await other.call(AT, { token: await signed({ aud: 'fin-reader' }) })).status).toBe(200);
});

/** Header lines as they are, which node's own client would join. */
const askWith = (lines: string[]) =>
  new Promise<{ status: number; challenge: unknown }>((resolve, reject) => {
    const { hostname, port } = new URL(gateway.url);
    const headers = ['Host', 'gateway', ...lines];
    http
      .get({ hostname, port, path: AT, headers, agent: false }, (res) => {
        res.resume();
        resolve({ status: res.statusCode ?? 0, challenge: res.headers['www-authenticate'] });
      })
      .on('error', reject);
  });

test('two credentials prove no more than the first: a bad one is not saved by a good one', async () => {
  const [bad, fine] = [`Bearer ${await forged()}`, `Bearer ${await good()}`];
  expect((await askWith(['Authorization', bad, 'Authorization', fine])).status).toBe(401);
  expect((await askWith(['Authorization', `${bad}, ${fine}`])).status).toBe(401);
  expect((await askWith(['Authorization', fine])).status).toBe(200);
});

test('without a credential no error is named', async () => {
  for (const lines of [[], ['Authorization', ''], ['Authorization', 'Basic dTpw']])
    expect(await askWith(lines)).toEqual({
      status: 401,
      challenge: 'Bearer realm="airbyte-provisioner"',
    });
});

test('while the provider is away and no key is known nobody can tell who asks: 503', async () => {
  const fresh = await startGateway();
  const token = await good();
  const unknown = await forged(() => ({ kid: 'another' }));
  // The one that has answered knows its keys.
  expect((await gateway.call(AT, { token })).status).toBe(200);
  provider.pause();
  try {
    const { status, headers, text } = await fresh.call(AT, { token });
    expect([status, headers['www-authenticate']]).toEqual([503, undefined]);
    expect(text).toContain('repeating it is safe');
    expect(text).toContain('The identity provider does not answer');
    expect((await gateway.call(AT, { token })).status).toBe(200);
    expect((await gateway.call(AT, { token: unknown })).status).toBe(503);
    expect((await gateway.call('/metrics')).text).toMatch(/reason="no_identity_provider"\} 1/);
  } finally {
    provider.resume();
  }
  expect((await fresh.call(AT, { token })).status).toBe(200);
});

test('a rotation of keys at the provider loses no request', async () => {
  const seen: number[] = [];
  let isOver = false;
  const steady = async () => {
    while (!isOver) seen.push((await gateway.call(AT, { token: await good() })).status);
  };
  const callers = [steady(), steady(), steady()];
  const before = await good();
  for (let round = 0; round < 2; round += 1) {
    await provider.rotate();
    const after = await good();
    for (const token of [before, after])
      expect((await gateway.call(AT, { token })).status).toBe(200);
  }
  // On a busy machine the two rounds are over before many were sent.
  await eventually(() => seen.length > 10 || undefined, 'some more requests');
  isOver = true;
  await Promise.all(callers);
  expect(seen.filter((status) => status !== 200)).toEqual([]);
});
