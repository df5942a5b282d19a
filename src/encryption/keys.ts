import { createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { codeOf } from '../../workflows/protocol/causes';

/** Bytes of a key of AES-256. */
const KEY_BYTES = 32;
/** Bytes of a file with one: raw, or as text in hex or base64 with a line's end. */
const MAX_FILE = 128;
/** Keys of a ring. */
const MAX_KEYS = 1000;
/** Milliseconds between looks for a key that is not there: another program may have it sooner. */
const LOOK_AGAIN = 2000;

const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** A ring that cannot be used. The message has names and paths, never a part of a key. */
export class KeyError extends Error {
  override name = 'KeyError';
}

const asText = (bytes: Buffer) => bytes.toString('latin1').trim();

/** A file has the 32 bytes themselves, or writes them in hex or base64. */
const keyIn = (bytes: Buffer): Buffer | undefined => {
  if (bytes.length === KEY_BYTES) return bytes;
  const text = asText(bytes);
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  return /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64') : undefined;
};

const readKey = (directory: string, id: string): KeyObject => {
  const file = path.join(directory, id);
  if (statSync(file).size > MAX_FILE)
    throw new KeyError(`The file ${file} is no key: it is too large.`);
  const key = keyIn(readFileSync(file));
  if (key) return createSecretKey(key);
  throw new KeyError(
    `The file ${file} is no key: it must have 32 bytes, raw, in hex or in base64, such as of "openssl rand -hex 32".`,
  );
};

/** Kubernetes' own links in a mounted directory begin with two dots; other dot files are no keys either. */
const isKey = (directory: string, name: string) =>
  KEY_ID.test(name) && statSync(path.join(directory, name)).isFile();

const readKeys = (directory: string): Map<string, KeyObject> => {
  try {
    const names = readdirSync(directory).filter((name) => isKey(directory, name));
    if (names.length > MAX_KEYS)
      throw new KeyError(`${directory} has more than ${String(MAX_KEYS)} keys.`);
    return new Map(names.map((name) => [name, readKey(directory, name)]));
  } catch (err) {
    if (err instanceof KeyError) throw err;
    throw new KeyError(
      `The keys in ${directory} cannot be read (${codeOf(err) ?? 'unknown error'}).`,
    );
  }
};

export interface RingOptions {
  /** A file for each key; its name is the key's id. */
  keysDir: string;
  /** The id of the key that encrypts. */
  current: string;
}

interface Ring extends RingOptions {
  keys: Map<string, KeyObject>;
  encrypts: KeyObject;
}

const readRing = ({ keysDir, current }: RingOptions): Ring => {
  const keys = readKeys(keysDir);
  const encrypts = keys.get(current);
  if (encrypts) return { keysDir, current, keys, encrypts };
  throw new KeyError(`${keysDir} has no key ${current}, which is to encrypt.`);
};

/** The ids of a directory's keys, whichever is current. Throws a KeyError where they cannot be read. */
export const keyIdsOf = (keysDir: string): string[] => [...readKeys(keysDir).keys()].sort();

export type KeyRing = ReturnType<typeof createKeyRing>;

/**
 * The keys of a directory. One that is asked for and not there is looked for again, so that a key may be
 * added while programs run. Throws a KeyError where the current one is missing or no key.
 */
export const createKeyRing = (options: RingOptions) => {
  let ring = readRing(options);
  let readAt = Date.now();

  /** A directory that cannot be read now takes no key away. */
  const lookAgain = () => {
    if (Date.now() - readAt < LOOK_AGAIN) return;
    readAt = Date.now();
    try {
      ring = { ...ring, keys: new Map([...ring.keys, ...readRing(ring).keys]) };
    } catch (err) {
      if (!(err instanceof KeyError)) throw err;
    }
  };

  return {
    current: (): { id: string; key: KeyObject } => ({ id: ring.current, key: ring.encrypts }),
    /** By its id; undefined where the ring does not have it. */
    keyOf: (id: string): KeyObject | undefined => {
      if (!ring.keys.has(id)) lookAgain();
      return ring.keys.get(id);
    },
    ids: () => [...ring.keys.keys()].sort(),
    /** Reads the ring anew, from there; throws a KeyError, and changes nothing, where it is not whole. */
    change: (to: RingOptions) => {
      ring = readRing(to);
      readAt = Date.now();
    },
  };
};
