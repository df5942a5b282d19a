import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** Letters that shrink to four fifths; the same each time, so that a test is. */
const lettersOf = (length: number) => {
  const noise = createHash('shake256', { outputLength: length }).digest();
  // From ( to }, without the backslash, which JSON doubles.
  const letters = Array.from({ length: 86 }, (_, index) => 40 + index).filter(
    (code) => code !== 92,
  );
  for (const [index, byte] of noise.entries()) noise[index] = letters[byte % letters.length] ?? 0;
  return noise.toString('latin1');
};

/** A text with which what is made of it has, compressed, so many bytes; fails where none is found. */
export const shrinkingTo = (bytes: number, made: (text: string) => string): string => {
  const all = lettersOf(Math.ceil(bytes * 1.5));
  let length = all.length;
  for (let tries = 0; tries < 30; tries += 1) {
    const size = gzipSync(made(all.slice(0, length))).length;
    if (size === bytes) return all.slice(0, length);
    // Near the end one letter more or less makes all the difference.
    const step = Math.trunc(((bytes - size) * length) / size);
    length += step || Math.sign(bytes - size);
  }
  throw new Error(`Nothing was found that shrinks to ${String(bytes)} bytes.`);
};
