import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { tooMuchIn } from '../contract/document-limits';
import { RequestError } from '../contract/problems';
import { isRecord, parseJson } from '../contract/json';
import { malformed, tooLarge, undecodable } from './request-errors';

/* What the bytes of a request say. */

/** Bytes of a request's body, as it comes and decompressed. */
export const MAX_BODY = 2 * 1024 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

const ENCODINGS = {
  identity: (bytes: Bytes): Uint8Array => bytes,
  gzip: (bytes: Bytes) => gunzipSync(bytes, { maxOutputLength: MAX_BODY }),
  deflate: (bytes: Bytes) => inflateSync(bytes, { maxOutputLength: MAX_BODY }),
  br: (bytes: Bytes) => brotliDecompressSync(bytes, { maxOutputLength: MAX_BODY }),
};
export type Encoding = keyof typeof ENCODINGS;

export const isEncoding = (text: string): text is Encoding => Object.hasOwn(ENCODINGS, text);

/** A body as it came, in a buffer of its own, which can be handed to another thread. */
export interface Body {
  bytes: Bytes;
  encoding: Encoding;
}

const decompress = ({ bytes, encoding }: Body): Uint8Array => {
  try {
    return ENCODINGS[encoding](bytes);
  } catch (err) {
    const isFull = Reflect.get(Object(err), 'code') === 'ERR_BUFFER_TOO_LARGE';
    throw isFull ? tooLarge(MAX_BODY) : undecodable(encoding);
  }
};

/** An object or a list, as the standard parser of Express had it; no body at all is none. */
export const parseBody = (body: Body): unknown => {
  const text = new TextDecoder().decode(decompress(body));
  const value = text === '' ? {} : parseJson(text);
  if (!isRecord(value) && !Array.isArray(value)) throw malformed;
  const message = tooMuchIn(value);
  if (message === undefined) return value;
  throw new RequestError([{ path: 'body', message }], { solutions: ['Send less at once.'] });
};
