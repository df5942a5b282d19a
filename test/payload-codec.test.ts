import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { defaultPayloadConverter } from '@temporalio/common';
import { COMPRESSED_FROM, payloadCodec } from '../src/temporal/payload-codec';

const payloadOf = (value: unknown) => defaultPayloadConverter.toPayload(value);
const streams = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `table_${String(index)}`, syncMode: 'x' }));

test('a large payload goes compressed and comes back as it was', async () => {
  const value = { streams: streams(20_000) };
  const [encoded] = await payloadCodec.encode([payloadOf(value)]);
  expect(encoded?.data?.length).toBeLessThan(150_000);
  const [decoded] = await payloadCodec.decode(encoded ? [encoded] : []);
  const back = JSON.stringify(defaultPayloadConverter.fromPayload(decoded ?? {}));
  expect(back === JSON.stringify(value)).toBe(true);
});

test('a small payload stays readable, and so does none', async () => {
  const small = [payloadOf({ name: 'orders' }), payloadOf(undefined)];
  expect(await payloadCodec.encode(small)).toEqual(small);
  expect(await payloadCodec.decode(small)).toEqual(small);
});

test('what an older gateway wrote uncompressed is read', async () => {
  const large = payloadOf('x'.repeat(COMPRESSED_FROM));
  const [decoded] = await payloadCodec.decode([large]);
  expect(decoded).toBe(large);
});

test('bytes that do not shrink come back too', async () => {
  const bytes = randomBytes(COMPRESSED_FROM);
  const [noise] = await payloadCodec.decode(
    await payloadCodec.encode([payloadOf(new Uint8Array(bytes))]),
  );
  expect(bytes.equals(noise?.data ?? Buffer.alloc(0))).toBe(true);
});

test('what is compressed has 64 KiB', async () => {
  const isCompressed = async (bytes: number) => {
    const payload = payloadOf('x'.repeat(bytes - '""'.length));
    const [encoded] = await payloadCodec.encode([payload]);
    return encoded !== payload;
  };
  expect([await isCompressed(64 * 1024 - 1), await isCompressed(64 * 1024)]).toEqual([false, true]);
});

test('a payload is unpacked up to 64 MiB, and not a byte further', async () => {
  const metadata = { encoding: Buffer.from('binary/gzip'), 'inner-encoding': Buffer.from('x') };
  const unpacked = async (bytes: number) => {
    const bomb = { metadata, data: gzipSync(Buffer.alloc(bytes), { level: 1 }) };
    const [payload] = await payloadCodec.decode([bomb]);
    return payload?.data?.length;
  };
  const most = 64 * 1024 * 1024;
  expect(await unpacked(most)).toBe(most);
  await expect(unpacked(most + 1)).rejects.toThrow('larger than 67108864 bytes');
});
