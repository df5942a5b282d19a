import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/* Looks for texts where they must not be, in each form that they may take on the way. */

const base64 = (text: string) =>
  // Its digits depend on where in the bytes it begins; those at the ends on what is beside it.
  [0, 1, 2].map((offset) =>
    Buffer.from(`${' '.repeat(offset)}${text}`)
      .toString('base64')
      .replace(/=+$/, '')
      .slice(offset === 0 ? 0 : 4, -4),
  );

const formsOf = (text: string) => [
  text,
  ...base64(text),
  encodeURIComponent(text),
  JSON.stringify(text).slice(1, -1),
  Buffer.from(text).toString('hex'),
];

/** How often any of these is in a place. */
export const hitsIn = (place: string, canaries: readonly string[]) =>
  canaries.flatMap((canary) => [...new Set(formsOf(canary))].filter((form) => place.includes(form)))
    .length;

const GZIP = [0x1f, 0x8b];

/** Every text in a value, those kept as bytes included, compressed or not. */
export const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) {
    const isGzip = GZIP.every((byte, index) => value[index] === byte);
    return [(isGzip ? gunzipSync(value) : Buffer.from(value)).toString('latin1')];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

/** All files of a directory, byte for byte. */
export const filesIn = (directory: string) =>
  readdirSync(directory)
    .map((name) => readFileSync(path.join(directory, name)).toString('latin1'))
    .join('\n');
