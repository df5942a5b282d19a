import type { Grantees } from './records';

/*
 * Which of the workflows that remember people remembers whom. The number is part of what is
 * remembered: with another one nobody would be found again.
 */

export const SHARDS = 16;
/** People in one step. */
const BATCH = 100;

/** FNV-1a, 32 bits. */
export const hashOf = (text: string) => {
  let hash = 0x811c9dc5;
  for (const character of text)
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
};

export const shardOf = (key: string) => hashOf(key) % SHARDS;

const grouped = <Item>(items: Item[], keyOf: (item: Item) => string) => {
  const groups = new Map<number, Item[]>();
  for (const item of items) {
    const shard = shardOf(keyOf(item));
    groups.set(shard, [...(groups.get(shard) ?? []), item]);
  }
  return groups;
};

export const granteesOf = (all: Grantees): [shard: number, some: Grantees][] =>
  [...grouped(Object.entries(all), ([key]) => key)].map(([shard, some]) => [
    shard,
    Object.fromEntries(some),
  ]);

/** Some of those whom one workflow remembers. */
export interface Group {
  shard: number;
  keys: string[];
}

/** All, a batch each; begins elsewhere for each component, so that they do not queue up at the first. */
export const batchesOf = (keys: string[], component: string): Group[] => {
  const groups = [...grouped([...keys].sort(), (key) => key)].sort(([a], [b]) => a - b);
  const from = hashOf(component) % Math.max(1, groups.length);
  return [...groups.slice(from), ...groups.slice(0, from)].flatMap(([shard, all]) =>
    Array.from({ length: Math.ceil(all.length / BATCH) }, (_, index) => ({
      shard,
      keys: all.slice(index * BATCH, (index + 1) * BATCH),
    })),
  );
};
