/** Milliseconds in which a run that has discovered a source writes its connection. */
const LASTS = 30_000;
/** Catalogs may be large: of more sources than these the oldest is forgotten. */
const MAX_KEPT = 10;

/**
 * What a source was just seen to offer. Airbyte's Config API wants it back when a connection is
 * written; to ask again between the two steps of one run would tell the same. Each is used once.
 */
export const createDiscovered = <Found>() => {
  const kept = new Map<string, { found: Found; until: number }>();
  const forget = (sourceId: string) => kept.delete(sourceId);
  return {
    keep: (sourceId: string, found: Found): Found => {
      forget(sourceId);
      kept.set(sourceId, { found, until: Date.now() + LASTS });
      const [oldest] = kept.keys();
      if (kept.size > MAX_KEPT && oldest !== undefined) forget(oldest);
      return found;
    },
    take: (sourceId: string): Found | undefined => {
      const known = kept.get(sourceId);
      forget(sourceId);
      return known && known.until > Date.now() ? known.found : undefined;
    },
    /** What it offers may have changed. */
    forget,
  };
};
