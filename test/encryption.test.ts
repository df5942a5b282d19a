import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import { createEncryption, keyIdOf } from '../src/encryption/codec';
import { createKeyRing } from '../src/encryption/keys';

/* Payloads that cannot be read without a key. */

const folder = mkdtempSync(path.join(tmpdir(), 'keys-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let made = 0;
/** A directory with these keys, and how it is used. */
const directoryWith = (keys: Record<string, string | Buffer>) => {
  const directory = path.join(folder, String((made += 1)));
  mkdirSync(directory);
  for (const [id, key] of Object.entries(keys)) writeFileSync(path.join(directory, id), key);
  return directory;
};

const SECRET = { text: 'the plan of finance', list: [1, 2, 3] };
const clear = (): Payload => defaultPayloadConverter.toPayload(SECRET);
const valueOf = (payload: Payload | undefined): unknown =>
  payload && defaultPayloadConverter.fromPayload(payload);

test('what is encrypted tells nothing but its key and its length, never twice the same, and comes back whole', async () => {
  const { encode, decode } = createEncryption(
    createKeyRing({ keysDir: directoryWith({ a: randomBytes(32) }), current: 'a' }),
  );
  const [one, other] = await encode([clear(), clear()]);
  if (!one || !other) throw new Error('A payload is missing.');
  expect(Buffer.from(one.data ?? []).toString('latin1')).not.toContain('plan');
  expect(Buffer.from(one.data ?? [])).not.toEqual(Buffer.from(other.data ?? []));
  expect(Object.keys(one.metadata ?? {})).toEqual(['encoding', 'encryption-key-id']);
  expect(keyIdOf(one)).toBe('a');
  expect((await decode([one, other])).map(valueOf)).toEqual([SECRET, SECRET]);
});

test('what is clear, or of an encoding of somebody else, is passed on as it is', async () => {
  const { decode } = createEncryption(
    createKeyRing({ keysDir: directoryWith({ a: randomBytes(32) }), current: 'a' }),
  );
  const other = { metadata: { encoding: Buffer.from('binary/other') }, data: Buffer.from('x') };
  expect(await decode([clear(), other, {}])).toEqual([clear(), other, {}]);
});

test('keys are 32 bytes, in hex or in base64; a rotated one still decrypts', async () => {
  const [a, b, c] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const directory = directoryWith({
    a,
    b: `${b.toString('hex')}\n`,
    c: `${c.toString('base64')}\n`,
    '.hidden': 'no key',
  });
  mkdirSync(path.join(directory, '..data-dir'));
  symlinkSync(path.join(directory, 'a'), path.join(directory, 'linked'));
  const ring = createKeyRing({ keysDir: directory, current: 'a' });
  expect(ring.ids()).toEqual(['a', 'b', 'c', 'linked']);
  const { encode, decode } = createEncryption(ring);
  const former = await encode([clear()]);
  ring.change({ keysDir: directory, current: 'b' });
  const later = await encode([clear()]);
  expect([...former, ...later].map(keyIdOf)).toEqual(['a', 'b']);
  expect((await decode([...former, ...later])).map(valueOf)).toEqual([SECRET, SECRET]);
});

test.each<[string, (payload: Payload) => Payload, RegExp]>([
  [
    'a key that is not there',
    (payload) => ({
      ...payload,
      metadata: { ...payload.metadata, 'encryption-key-id': Buffer.from('z') },
    }),
    /^A payload was encrypted with the key z, which this program does not have\.$/,
  ],
  [
    'another key’s name',
    (payload) => ({
      ...payload,
      metadata: { ...payload.metadata, 'encryption-key-id': Buffer.from('b') },
    }),
    /^A payload of the key b was changed/,
  ],
  [
    'a changed byte',
    ({ data, ...payload }) => {
      const changed = Buffer.from(data ?? []);
      changed.writeUInt8(changed.readUInt8(20) ^ 1, 20);
      return { ...payload, data: changed };
    },
    /^A payload of the key a was changed/,
  ],
  [
    'no data',
    (payload) => ({ ...payload, data: Buffer.from('x') }),
    /^An encrypted payload is cut off\.$/,
  ],
])('%s is told, and nothing of the payload', async (_case, change, message) => {
  const directory = directoryWith({ a: randomBytes(32), b: randomBytes(32) });
  const { encode, decode } = createEncryption(createKeyRing({ keysDir: directory, current: 'a' }));
  const [payload] = await encode([clear()]);
  if (!payload) throw new Error('The payload is missing.');
  await expect(decode([change(payload)])).rejects.toThrow(message);
});

test.each<[string, Record<string, string | Buffer>, RegExp]>([
  ['no current key', { b: randomBytes(32) }, /has no key a, which is to encrypt/],
  [
    'a key that is too short',
    { a: randomBytes(16) },
    /The file .*\/a is no key: it must have 32 bytes/,
  ],
  [
    'a file that is no key',
    { a: randomBytes(32), notes: 'x'.repeat(200) },
    /notes is no key: it is too large/,
  ],
])('a ring with %s is refused', (_case, keys, message) => {
  const directory = directoryWith(keys);
  expect(() => createKeyRing({ keysDir: directory, current: 'a' })).toThrow(message);
  expect(() => createKeyRing({ keysDir: `${directory}-none`, current: 'a' })).toThrow('(ENOENT)');
});

test('a key that is added is found; a change that cannot be made changes nothing', () => {
  const directory = directoryWith({ a: randomBytes(32) });
  const ring = createKeyRing({ keysDir: directory, current: 'a' });
  expect(() => {
    ring.change({ keysDir: directory, current: 'b' });
  }).toThrow('has no key b');
  expect(ring.current().id).toBe('a');
  writeFileSync(path.join(directory, 'b'), randomBytes(32));
  ring.change({ keysDir: directory, current: 'b' });
  expect(ring.current().id).toBe('b');
});
