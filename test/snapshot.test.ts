import { randomBytes } from 'node:crypto';
import type { Actor } from '../src/airbyte';
import { MAX_KEPT, actorIn, createKeeper } from '../activities/snapshot';

/** Random letters shrink to three quarters: 6 bits of each 8. */
const actor = (bytes: number): Actor => ({
  id: 'b5ae3c40-28d6-44ea-8f4a-1b8f3c7e8d16',
  name: 'Lake',
  definitionId: 'd',
  workspaceId: 'w',
  configuration: { text: randomBytes(bytes).toString('base64') },
});

test('what is small is kept as it is', async () => {
  const small = actor(1000);
  expect(await createKeeper()('source', small)).toBe(small);
});

test('what is large is packed, and comes back as it was', async () => {
  const large = actor(MAX_KEPT * 0.98);
  const snapshot = await createKeeper()('source', large);
  expect(Object.keys(snapshot)).toEqual(['packed']);
  expect(await actorIn(snapshot)).toEqual(large);
});

test('what is larger is refused, with how large it is and may be', async () => {
  await expect(createKeeper()('source', actor(MAX_KEPT * 1.02))).rejects.toThrow(
    /^The source "Lake" .* is too large .* 1\.5\d MiB compressed.* 1\.50 MiB are possible/,
  );
});

test('the bound is of all that a run keeps', async () => {
  const keep = createKeeper();
  await keep('source', actor(MAX_KEPT * 0.49));
  await keep('destination', actor(MAX_KEPT * 0.49));
  await expect(keep('connection', actor(MAX_KEPT * 0.49))).rejects.toThrow('The connection "Lake"');
});
