import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { FlattenedSign, exportJWK } from 'jose';
import type { FlattenedJWSInput, JSONWebKeySet } from 'jose';
import { askProvider } from '../src/identity/discovery';
import { createProviderKeys } from '../src/identity/provider-keys';

/* When an identity provider is asked for its keys, on a clock of our own; and how much it may answer. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signedWith = async (kid: string) => {
  const header = { alg: 'RS256', kid };
  const token: FlattenedJWSInput = await new FlattenedSign(Buffer.from('{}'))
    .setProtectedHeader(header)
    .sign(pair.privateKey);
  return [header, token] as const;
};

/** A provider that has these keys, or is away; what it was asked, and when. */
const createWorld = () => {
  let now = 0;
  const asked: number[] = [];
  const provider: { kids: string[] | undefined } = { kids: ['a'] };
  const ask = async () => {
    asked.push(now);
    if (!provider.kids) throw new Error('away');
    const jwk = await exportJWK(pair.publicKey);
    const keys: JSONWebKeySet['keys'] = provider.kids.map((kid) => ({ ...jwk, kid, alg: 'RS256' }));
    return { issuer: 'https://id.example.com', keys: { keys } };
  };
  const pause = (ms: number) => {
    now += ms;
    // Others come meanwhile.
    return new Promise((resolve) => setImmediate(resolve));
  };
  const keys = createProviderKeys(ask, { now: () => now, pause });
  const findAll = async (kids: string[]) => {
    const tokens = await Promise.all(kids.map(signedWith));
    const finding = tokens.map(([header, token]) =>
      keys.find(header, token).then(
        () => 'found',
        (err: unknown) => (err instanceof Error ? err.name : ''),
      ),
    );
    return Promise.all(finding);
  };
  const find = async (kid: string) => (await findAll([kid]))[0];
  return { asked, provider, find, findAll, pass: pause };
};

test('unknown keys cost one question a second, however many ask', async () => {
  const { asked, find, findAll } = createWorld();
  expect(await find('a')).toBe('found');
  const forged = Array.from({ length: 50 }, (_, index) => `forged ${String(index)}`);
  expect(new Set(await findAll(forged))).toEqual(new Set(['JWKSNoMatchingKey']));
  expect(asked).toEqual([0, SECOND]);
  for (let count = 0; count < 3; count += 1) await find('forged');
  expect(asked).toEqual([0, 1, 2, 3, 4].map((second) => second * SECOND));
  // Who has a known one does not wait for that.
  expect(await find('a')).toBe('found');
  expect(asked).toHaveLength(5);
});

test('who waits while the provider is away costs it no more', async () => {
  const { asked, provider, find } = createWorld();
  provider.kids = undefined;
  for (let count = 0; count < 3; count += 1) expect(await find('a')).toBe('ProviderAway');
  expect(asked).toEqual([0, SECOND, 2 * SECOND]);
});

test('keys are asked for again when they are ten minutes old, and those of before are good meanwhile', async () => {
  const { asked, provider, find, pass } = createWorld();
  await find('a');
  provider.kids = ['b'];
  await pass(10 * MINUTE);
  expect([await find('a'), asked.length]).toEqual(['found', 1]);
  await pass(1);
  expect(await find('a')).toBe('found');
  await pass(0);
  expect(asked).toHaveLength(2);
  // What the provider has forgotten is not good for longer.
  expect([await find('b'), asked.length]).toEqual(['found', 2]);
  expect(await find('a')).toBe('JWKSNoMatchingKey');
});

test('while the provider is away known keys are good for a day, and not longer', async () => {
  const { provider, find, pass } = createWorld();
  await find('a');
  provider.kids = undefined;
  await pass(24 * HOUR);
  expect([await find('a'), await find('b')]).toEqual(['found', 'ProviderAway']);
  await pass(1);
  expect(await find('a')).toBe('ProviderAway');
  provider.kids = ['a'];
  expect(await find('a')).toBe('found');
});

/** A provider on this machine, by what it answers at each path. */
const serve = async (answers: Record<string, (issuer: string) => Iterable<string> | number>) => {
  let written = 0;
  const write = async (res: ServerResponse, answer: Iterable<string>) => {
    for (const piece of answer) {
      if (res.destroyed) break;
      written += piece.length;
      res.write(piece);
      await new Promise(setImmediate);
    }
    res.end();
  };
  const server = createServer((req, res) => {
    const answer = answers[req.url ?? '']?.(issuer) ?? 404;
    if (typeof answer === 'number')
      res.writeHead(answer, { location: `${issuer}/elsewhere` }).end();
    else void write(res, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const issuer = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : '')}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { issuer, written: () => written, close };
};

const DISCOVERY = '/.well-known/openid-configuration';
const about = (at: string) => (issuer: string) => [
  JSON.stringify({ issuer, jwks_uri: `${issuer}${at}` }),
];
const NO_KEYS = () => ['{"keys":[]}'];

test('keys may move: where they are is asked each time', async () => {
  const answers: Parameters<typeof serve>[0] = {
    [DISCOVERY]: about('/old'),
    '/old': NO_KEYS,
    '/new': () => ['{"keys":[{"kty":"RSA"}]}'],
  };
  const { issuer, close } = await serve(answers);
  expect((await askProvider(issuer)).keys.keys).toHaveLength(0);
  answers[DISCOVERY] = about('/new');
  answers['/old'] = () => 404;
  expect((await askProvider(issuer)).keys.keys).toHaveLength(1);
  close();
});

test('an answer that does not end is not received beyond its bound', async () => {
  const endless = function* () {
    for (;;) yield ' '.repeat(64 * 1024);
  };
  const { issuer, written, close } = await serve({ [DISCOVERY]: endless });
  await expect(askProvider(issuer)).rejects.toThrow('answers more than 256 KiB');
  // What lies in the buffers of the connection comes on top.
  expect(written()).toBeLessThan(16 * 1024 * 1024);
  close();
});

test.each([
  ['elsewhere', () => 302, 'answered 302'],
  ['no JSON', () => ['<html>'], 'JSON'],
  [
    'another name',
    () => ['{"issuer":"http://x.example","jwks_uri":"http://x.example"}'],
    'calls itself',
  ],
  ['no place of keys', (issuer: string) => [JSON.stringify({ issuer })], 'jwks_uri'],
  [
    'a file for keys',
    (issuer: string) => [JSON.stringify({ issuer, jwks_uri: 'file:///k' })],
    'jwks_uri',
  ],
])('a provider that answers with %s cannot be asked', async (_case, answer, message) => {
  const { issuer, close } = await serve({ [DISCOVERY]: answer });
  await expect(askProvider(issuer)).rejects.toThrow(message);
  close();
});
