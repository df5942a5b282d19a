import type { z } from 'zod';
import { Discovered } from './forms';
import { STREAM, catalogOf } from './streams';
import type { Catalog } from './streams';
import { unreadableSource } from '../answer';
import { readable } from '../odd-entities';
import type { ReadOne } from '../odd-entities';
import type { ConnectionWrite } from '../workspace';
import type { Redactor } from '../../secrets/masking';

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

/** What a source offers, by Airbyte's id of it where it has one. */
export interface Discovery {
  catalog: Catalog;
  catalogId: string | undefined;
}

interface DiscoveryDeps {
  read: <Schema extends z.ZodType>(
    path: string,
    body: object,
    answer: Schema,
  ) => Promise<z.output<Schema>>;
  discovered: ReturnType<typeof createDiscovered<Discovery>>;
  redactor: Redactor;
  readOne: ReadOne;
}

/** Asks sources what they offer, and writes streams as the Config API wants them. */
export const createDiscovery = ({ read, discovered, redactor, readOne }: DiscoveryDeps) => {
  const discover = async (sourceId: string, ignoreCache = false): Promise<Discovery> => {
    const body = { sourceId, disable_cache: ignoreCache };
    const found = await read('/sources/discover_schema', body, Discovered);
    if (found.catalog && found.jobInfo.succeeded) {
      const streams = readable(found.catalog.streams.map((row) => readOne(STREAM, row)));
      return { catalog: { streams }, catalogId: found.catalogId };
    }
    const { externalMessage = '' } = found.jobInfo.failureReason ?? {};
    throw unreadableSource(sourceId, redactor.redact(externalMessage));
  };

  return {
    discover,
    /** Streams are given with all that the source says of them; a former one may know the rest. */
    streamsFor: async (
      { configurations }: Partial<ConnectionWrite>,
      sourceId: string,
      former: Catalog = { streams: [] },
    ) => {
      const { catalog, catalogId } = discovered.take(sourceId) ?? (await discover(sourceId));
      const known = { streams: [...catalog.streams, ...former.streams] };
      const syncCatalog = catalogOf(configurations?.streams ?? [], known);
      return { syncCatalog, sourceCatalogId: catalogId };
    },
  };
};
