/** Does the work of each item, at most so many at once, and tells the results in the items' order. */
export const eachAtMost = async <Item, Result>(
  items: Item[],
  { atOnce, work }: { atOnce: number; work: (item: Item) => Promise<Result> },
): Promise<Result[]> => {
  const results: Result[] = [];
  const left = [...items.entries()];
  const takeNext = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [index, item] = next;
      results[index] = await work(item);
    }
  };
  await Promise.all(items.slice(0, atOnce).map(takeNext));
  return results;
};
