import { randomBytes } from 'node:crypto';
import type { Actor } from '../src/airbyte/workspace';
import { MAX_KEPT, actorIn, createKeeper } from '../activities/former/snapshot';
import { shrinkingTo } from './support/noise';

const actorWith = (text: string): Actor => ({
  id: 'b5ae3c40-28d6-44ea-8f4a-1b8f3c7e8d16',
  name: 'Lake',
  definitionId: 'd',
  workspaceId: 'w',
  configuration: { text },
});
/** Random letters shrink to three quarters: 6 bits of each 8. */
const actor = (bytes: number) => actorWith(randomBytes(bytes).toString('base64'));

test('what is small is kept as it is', async () => {
  const small = actor(1000);
  expect(await createKeeper()('source', small)).toBe(small);
});

test('what is packed has 64 KiB', async () => {
  const isKept = async (bytes: number) => {
    const around = JSON.stringify(actorWith('')).length;
    const given = actorWith('x'.repeat(bytes - around));
    return (await createKeeper()('source', given)) === given;
  };
  expect([await isKept(64 * 1024 - 1), await isKept(64 * 1024)]).toEqual([true, false]);
});

test('what a run keeps is as large as it may be, and not a byte larger', async () => {
  const packedTo = (bytes: number) =>
    actorWith(shrinkingTo(bytes, (text) => JSON.stringify(actorWith(text))));
  const large = packedTo(1.5 * 1024 * 1024);
  const snapshot = await createKeeper()('source', large);
  expect(Object.keys(snapshot)).toEqual(['packed']);
  expect(await actorIn(snapshot)).toEqual(large);
  const larger = packedTo(1.5 * 1024 * 1024 + 1);
  await expect(createKeeper()('source', larger)).rejects.toThrow(
    /^The source "Lake" .* is too large .* 1\.50 MiB compressed.* 1\.50 MiB are possible/,
  );
});

test('one of them is as large unpacked as it may be, and not a byte larger', async () => {
  const around = JSON.stringify(actorWith('')).length;
  const most = 64 * 1024 * 1024;
  const keep = (bytes: number) => createKeeper()('source', actorWith('x'.repeat(bytes - around)));
  expect(Object.keys(await keep(most))).toEqual(['packed']);
  await expect(keep(most + 1)).rejects.toThrow('is too large');
});

test('the bound is of all that a run keeps', async () => {
  const keep = createKeeper();
  await keep('source', actor(MAX_KEPT * 0.49));
  await keep('destination', actor(MAX_KEPT * 0.49));
  await expect(keep('connection', actor(MAX_KEPT * 0.49))).rejects.toThrow('The connection "Lake"');
});
