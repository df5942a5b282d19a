interface Named {
  name: string;
  namespace?: string | undefined;
}

const keyOf = ({ name, namespace }: Named) => JSON.stringify([name, namespace]);

/** Streams by their names: a source may have tens of thousands, and each is looked for once. */
export const indexOf = <Stream extends Named>(streams: readonly Stream[]) => {
  const byName = new Map<string, Stream[]>();
  const byBoth = new Map<string, Stream[]>();
  const add = (to: Map<string, Stream[]>, key: string, stream: Stream) => {
    const known = to.get(key);
    if (known) known.push(stream);
    else to.set(key, [stream]);
  };
  for (const stream of streams) {
    add(byName, stream.name, stream);
    add(byBoth, keyOf(stream), stream);
  }
  return {
    ofName: (name: string): readonly Stream[] => byName.get(name) ?? [],
    /** Those that a wish means: without a namespace it means any of its name. */
    meantBy: (wish: Named): readonly Stream[] =>
      (wish.namespace === undefined ? byName.get(wish.name) : byBoth.get(keyOf(wish))) ?? [],
    /** Of an index of wishes the one that means a stream. */
    meaning: (stream: Named): Stream | undefined =>
      (byBoth.get(keyOf(stream)) ?? byBoth.get(keyOf({ name: stream.name })))?.[0],
  };
};
