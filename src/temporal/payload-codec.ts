import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import type { Encryption } from '../encryption/encryption';

/*
 * Large payloads go to Temporal compressed: it takes 2 MB of each, and plans, catalogues and lists of
 * people shrink to a tenth and less. Small ones stay as they are, so that its UI can show them.
 */

/** Bytes from which on a payload is compressed. */
export const COMPRESSED_FROM = 64 * 1024;
/** Bytes of what comes out of a payload, at most: nothing that we write is nearly as large. */
const MAX_PLAIN = 64 * 1024 * 1024;

const GZIP = Buffer.from('binary/gzip');
/** What `encoding` was before. */
const INNER = 'inner-encoding';

const compress = promisify(gzip);
const decompress = (data: Uint8Array) => promisify(gunzip)(data, { maxOutputLength: MAX_PLAIN });

const isCompressed = ({ metadata }: Payload) =>
  metadata?.encoding !== undefined && GZIP.equals(metadata.encoding);

const encodeOne = async (payload: Payload): Promise<Payload> => {
  const { data, metadata } = payload;
  if (!data || data.length < COMPRESSED_FROM || !metadata?.encoding) return payload;
  return {
    metadata: { ...metadata, encoding: GZIP, [INNER]: metadata.encoding },
    data: await compress(data),
  };
};

const decodeOne = async (payload: Payload): Promise<Payload> => {
  if (!isCompressed(payload)) return payload;
  const { [INNER]: encoding, ...metadata } = payload.metadata ?? {};
  if (!encoding || !payload.data) throw new Error('A compressed payload does not say what it was.');
  return { metadata: { ...metadata, encoding }, data: await decompress(payload.data) };
};

export const payloadCodec: PayloadCodec = {
  encode: (payloads) => Promise.all(payloads.map(encodeOne)),
  decode: (payloads) => Promise.all(payloads.map(decodeOne)),
};

/** Where nothing is encrypted. */
export const dataConverter: DataConverter = { payloadCodecs: [payloadCodec] };

const ENCODED_FAILURES = path.join(__dirname, '..', 'encryption', 'failures.js');

/**
 * For every client and worker: what one writes the other reads. What is encrypted was compressed before;
 * where nothing is, failures stay readable in Temporal's UI.
 */
export const dataConverterOf = ({
  codec,
  encrypts,
}: Pick<Encryption, 'codec' | 'encrypts'>): DataConverter => ({
  payloadCodecs: [payloadCodec, codec],
  ...(encrypts && { failureConverterPath: ENCODED_FAILURES }),
});
