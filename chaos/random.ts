import { createHash } from 'node:crypto';

export type Random = ReturnType<typeof createRandom>;

/** Numbers that are the same for the same seed and purpose, whatever others have drawn meanwhile. */
export const createRandom = (seed: number, purpose: string) => {
  let drawn = 0;
  const next = () => {
    drawn += 1;
    const digest = createHash('sha256').update(`${String(seed)} ${purpose} ${String(drawn)}`);
    return digest.digest().readUInt32BE() / 2 ** 32;
  };
  const between = (low: number, high: number) => Math.round(low + next() * (high - low));
  return {
    between,
    chance: (probability: number) => next() < probability,
    pick: <Item>(items: readonly [Item, ...Item[]]): Item =>
      items[Math.floor(next() * items.length)] ?? items[0],
    /** One moment in each of so many equal parts of the duration, in order. */
    moments: (count: number, duration: number) =>
      Array.from({ length: count }, (_, part) =>
        between((part * duration) / count, ((part + 1) * duration) / count),
      ),
  };
};
