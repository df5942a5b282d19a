import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { SignJWT, exportJWK } from 'jose';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { createKeyRing } from '../src/encryption/keys';
import { createAuditLog } from '../src/gateway/audit-log';
import { createCodecApp } from '../src/gateway/codec-app';
import { asAnybody, createAuthentication } from '../src/identity/authenticate';
import { InvalidToken } from '../src/identity/oidc';
import { ProviderAway } from '../src/identity/provider-keys';
import { RequestError, describeProblem } from '../src/contract/problems';
import { readSettingsFile } from '../src/settings/file';
import { readSettings } from '../src/settings/read';

/* What is new with the configuration file, up to its bounds and one beyond. */

const folder = mkdtempSync(path.join(os.tmpdir(), 'bounds-'));
const log = pino({ level: 'silent' });
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

const serve = async (listener: RequestListener) => {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : '')}`;
};

const airbyte = {
  url: 'http://a.example.com',
  workspaceId: '5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6',
};
const some = (count: number, one: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => one(index));

interface Given {
  environment?: object;
  team?: object;
  gateway?: object;
  environments?: string[];
}
const fileOf = ({ environment, team, gateway, environments = ['development'] }: Given) =>
  stringify({
    environments: Object.fromEntries(
      environments.map((name) => [name, { airbyte: { ...airbyte, ...environment } }]),
    ),
    teams: { finance: { domains: ['finance'], environments: ['development'], ...team } },
    gateway: { auth: { mode: 'none' }, ...gateway },
  });

const problemsOf = (given: Given) => {
  try {
    readSettings(fileOf(given));
    return '';
  } catch (err) {
    if (err instanceof RequestError) return err.problems.map(describeProblem).join('\n');
    throw err;
  }
};

const oidc = (more: object) => ({
  auth: { mode: 'oidc', issuer: 'https://id.example.com', audience: 'a', ...more },
});

test.each<[string, (count: number) => Given, number]>([
  ['calls at once', (maxInFlight) => ({ environment: { maxInFlight } }), 100],
  ['requests a minute', (perMinute) => ({ gateway: { rateLimit: { perMinute } } }), 1_000_000],
  ['proxies', (trustProxies) => ({ gateway: { trustProxies } }), 10],
  ['seconds of skew', (clockSkew) => ({ gateway: oidc({ clockSkew }) }), 300],
  [
    'names of a list',
    (count) => ({ team: { domains: some(count, (at) => `d${String(at)}`) } }),
    1000,
  ],
  [
    'entries of a part',
    (count) => ({
      environments: ['development', ...some(count - 1, (at) => `e${String(at)}`)],
    }),
    1000,
  ],
  ['characters of a name', (count) => ({ team: { domains: ['d'.repeat(count)] } }), 100],
  ['characters of a text', (count) => ({ gateway: oidc({ audience: 'a'.repeat(count) }) }), 1000],
])('a file may have so many %s, and no more', (_what, given, most) => {
  expect(problemsOf(given(most))).toBe('');
  expect(problemsOf(given(most + 1))).toMatch(/at most|not be longer|must be/);
});

test('a file is as large as it may be, and not a byte larger', () => {
  const file = path.join(folder, 'large.yaml');
  const text = `${fileOf({})}#`;
  writeFileSync(file, text.padEnd(256 * 1024, ' '));
  expect(Object.keys(readSettingsFile(file).environments)).toEqual(['development']);
  writeFileSync(file, text.padEnd(256 * 1024 + 1, ' '));
  expect(() => readSettingsFile(file)).toThrow('is over 256 KiB');
});

test('a key’s file has a length, and a ring a number of keys', () => {
  const keysDir = path.join(folder, 'keys');
  mkdirSync(keysDir);
  const key = randomBytes(32).toString('hex');
  writeFileSync(path.join(keysDir, 'a'), key.padEnd(128, '\n'));
  expect(createKeyRing({ keysDir, current: 'a' }).ids()).toEqual(['a']);
  writeFileSync(path.join(keysDir, 'a'), key.padEnd(129, '\n'));
  expect(() => createKeyRing({ keysDir, current: 'a' })).toThrow('too large');
  writeFileSync(path.join(keysDir, 'a'), key);
  for (const name of some(999, (at) => `k${String(at)}`))
    writeFileSync(path.join(keysDir, name), key);
  expect(createKeyRing({ keysDir, current: 'a' }).ids()).toHaveLength(1000);
  writeFileSync(path.join(keysDir, 'more'), key);
  expect(() => createKeyRing({ keysDir, current: 'a' })).toThrow('more than 1000 keys');
});

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** A provider whose answer about its keys has so many bytes. */
const providerOf = async (bytes: number) => {
  const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };
  const keys = JSON.stringify({ keys: [key] });
  const issuer = await serve((req, res) => {
    const about = { issuer, jwks_uri: `${issuer}/keys` };
    res.end(req.url === '/keys' ? keys.padEnd(bytes, ' ') : JSON.stringify(about));
  });
  const callerOf = createAuthentication(() => {
    const auth = { mode: 'oidc', issuer, audience: 'a' };
    const team = { groups: { reader: ['last'] } };
    return readSettings(fileOf({ team, gateway: { auth } }));
  });
  const tokenOf = (claims: Record<string, unknown>) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'k' })
      .setIssuer(issuer)
      .setAudience('a')
      .setSubject('s')
      .setExpirationTime('5m')
      .sign(privateKey);
  return { callerOf: (token: string) => callerOf(`Bearer ${token}`), tokenOf };
};

test('a token has a length, and a number of groups that are looked at', async () => {
  const { callerOf, tokenOf } = await providerOf(0);
  // Three bytes of a claim are four characters of a token.
  const fill = async (length: number) => {
    const bare = (await tokenOf({ fill: '' })).length;
    const about = Math.floor(((length - bare) * 3) / 4);
    for (let count = about - 4; count < about + 4; count += 1) {
      const token = await tokenOf({ fill: 'x'.repeat(count) });
      if (token.length === length) return token;
    }
    return '';
  };
  const longest = (await fill(16_000)) || (await fill(15_999));
  expect((await callerOf(longest)).name).toBe('s');
  await expect(callerOf((await fill(16_001)) || (await fill(16_002)))).rejects.toThrow(
    InvalidToken,
  );

  const isReader = async (before: number) => {
    const groups = [...some(before, () => 'g'), 'last'];
    return (await callerOf(await tokenOf({ groups }))).roles.has('finance');
  };
  expect(await isReader(1999)).toBe(true);
  expect(await isReader(2000)).toBe(false);
});

test('an answer of the identity provider has a length', async () => {
  const most = await providerOf(256 * 1024);
  expect((await most.callerOf(await most.tokenOf({}))).name).toBe('s');
  const more = await providerOf(256 * 1024 + 1);
  await expect(more.callerOf(await more.tokenOf({}))).rejects.toThrow(ProviderAway);
});

test('a codec server takes and gives so many bytes, and no more', async () => {
  const blow = (payloads: unknown[]) =>
    Promise.resolve(payloads.map(() => ({ data: new Uint8Array(16 * 1024 * 1024) })));
  const keep = <Payloads>(payloads: Payloads) => Promise.resolve(payloads);
  const base = {
    uiOrigin: undefined,
    authenticate: asAnybody,
    door: () => undefined,
    audit: createAuditLog(undefined, log),
    log,
  };
  const asIs = await serve(createCodecApp({ ...base, codecs: [{ encode: keep, decode: keep }] }));
  const ask = async (url: string, body: string) => {
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${url}/decode`, { method: 'POST', headers, body })).status;
  };
  const sized = (bytes: number) => '{"payloads":[]}'.padEnd(bytes, ' ');
  expect(await ask(asIs, sized(16 * 1024 * 1024))).toBe(200);
  expect(await ask(asIs, sized(16 * 1024 * 1024 + 1))).toBe(413);

  const large = await serve(
    createCodecApp({
      ...base,
      codecs: [
        {
          encode: keep,
          decode: blow,
        },
      ],
    }),
  );
  const many = (count: number) =>
    JSON.stringify({ payloads: some(count, () => '').map(() => ({ metadata: {} })) });
  expect(await ask(large, many(4))).toBe(200);
  expect(await ask(large, many(5))).toBe(413);
  expect(await ask(asIs, many(10_000))).toBe(200);
  expect(await ask(asIs, many(10_001))).toBe(413);
  const withMetadata = (count: number) =>
    JSON.stringify({
      payloads: [{ metadata: Object.fromEntries(some(count, String).map((name) => [name, ''])) }],
    });
  expect(await ask(asIs, withMetadata(20))).toBe(200);
  expect(await ask(asIs, withMetadata(21))).toBe(413);
});
