import { createHash } from 'node:crypto';
import { z } from 'zod';
import { archiveCatalog, plainStream, type Stream } from './catalog';
import type { Configuration } from './configuration';
import { csvHeader } from './csv-header';
import { connectorFailure } from '../problems';
import type { Actor, Store } from '../store';

/** Milliseconds before an unreachable file is taken as out of reach of this machine. */
const FETCH_TIMEOUT = 3_000;
const HEADER_BYTES = 64 * 1024;

// Stands in for a file this machine cannot reach, so that a demo works without a network.
const syntheticHeader = ['id', 'name', 'category', 'amount', 'currency', 'created_at'];

const FileConfiguration = z.object({
  dataset_name: z.string(),
  format: z.string(),
  provider: z.object({ storage: z.string() }),
  url: z.string(),
  reader_options: z.string().optional(),
});
const S3Configuration = z.object({ streams: z.array(z.object({ name: z.string() })) });
const ReaderOptions = z.object({
  sep: z.string().optional(),
  delimiter: z.string().optional(),
  names: z.array(z.string()).optional(),
});

const readStart = async (response: Response): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  const chunks: AsyncIterable<Uint8Array> | Uint8Array[] = response.body ?? [];
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    text += decoder.decode(chunk, { stream: true });
    if (size >= HEADER_BYTES) break;
  }
  return text;
};

const download = async (url: string): Promise<{ status: number; text: string } | undefined> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT) });
    return { status: response.status, text: response.ok ? await readStart(response) : '' };
  } catch {
    return undefined; // no network, no such host, nobody listening, a certificate of its own
  }
};

const readOptions = (text = '{}') => {
  try {
    return ReaderOptions.parse(JSON.parse(text || '{}'));
  } catch {
    throw connectorFailure('reader_options is not a valid JSON string');
  }
};

const readHeader = async (url: string, separator: string | undefined): Promise<string[]> => {
  const file = await download(url);
  if (!file) return syntheticHeader;
  if (file.status >= 400)
    throw connectorFailure(`Failed to load ${url}: unexpected status code ${String(file.status)}`);
  const header = csvHeader(file.text, separator);
  if (header.length === 0) throw connectorFailure(`Failed to load ${url}: No columns to parse`);
  return header;
};

const discoverFile = async (configuration: Configuration): Promise<Stream[]> => {
  const file = FileConfiguration.parse(configuration);
  const { sep, delimiter, names } = readOptions(file.reader_options);
  const isWeb = file.provider.storage === 'HTTPS' && /^https?:\/\//.test(file.url);
  const readable = file.format === 'csv' && isWeb;
  const columns = readable ? await readHeader(file.url, sep ?? delimiter) : syntheticHeader;
  return [plainStream(file.dataset_name, names ?? columns)];
};

/** The streams are those of its configuration; by default files are read once, as they change. */
const discoverS3 = (configuration: Configuration): Stream[] =>
  S3Configuration.parse(configuration).streams.map(({ name }) => ({
    ...plainStream(name, [
      ...syntheticHeader,
      '_ab_source_file_last_modified',
      '_ab_source_file_url',
    ]),
    incremental: true,
    defaultCursor: ['_ab_source_file_last_modified'],
    sourceDefinedCursor: true,
  }));

const WithSchemas = z.object({ schemas: z.array(z.string()) });

/** A database has a second schema, `archive`, for those who ask for it. */
const archived = (configuration: Configuration): Stream[] =>
  WithSchemas.safeParse(configuration).data?.schemas.includes('archive') ? archiveCatalog : [];

const read = async (store: Store, { connector, configuration }: Actor): Promise<Stream[]> => {
  const tables = connector.type === 'postgres' ? store.tables : [];
  if (connector.catalog) return [...connector.catalog, ...archived(configuration), ...tables];
  return connector.type === 's3' ? discoverS3(configuration) : discoverFile(configuration);
};

const cacheKey = ({ id, connector, configuration }: Actor) => {
  const digest = createHash('md5').update(JSON.stringify(configuration)).digest('hex');
  return `${id}:${connector.dockerImageTag}:${digest}`;
};

/**
 * The source's streams. The File connector reads the CSV's real header; a file it reaches but may
 * not read (404 and the like) is a connector failure. A catalog already found for the same
 * configuration is taken as it was, unless `ignoreCache`.
 */
export const discover = async (
  store: Store,
  source: Actor,
  { ignoreCache = false } = {},
): Promise<Stream[]> => {
  const key = cacheKey(source);
  const known = store.catalogs.get(key);
  if (known && !ignoreCache) return known;
  const streams = await read(store, source);
  store.catalogs.set(key, streams);
  return streams;
};
