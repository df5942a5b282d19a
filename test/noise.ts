import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** Letters that shrink to four fifths; the same each time, so that a test is. */
const lettersOf = (length: number) =>
  [...createHash('shake256', { outputLength: length }).digest()]
    .map((byte) => String.fromCharCode(40 + (byte % 86)))
    .join('')
    .replaceAll('\\', 'x');

/** A text with which what is made of it has, compressed, so many bytes; fails where none is found. */
export const shrinkingTo = (bytes: number, made: (text: string) => string): string => {
  const all = lettersOf(Math.ceil(bytes * 1.3));
  const sizeWith = (length: number) => gzipSync(made(all.slice(0, length))).length;
  let [short, long] = [0, all.length];
  while (long - short > 1) {
    const length = Math.floor((short + long) / 2);
    if (sizeWith(length) <= bytes) short = length;
    else long = length;
  }
  const near = Array.from({ length: 20 }, (_, index) => short - index);
  const found = near.find((length) => sizeWith(length) === bytes);
  if (found === undefined) throw new Error(`Nothing shrinks to ${String(bytes)} bytes.`);
  return all.slice(0, found);
};
