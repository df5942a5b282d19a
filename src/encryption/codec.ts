import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { KeyRing } from './keys';

/*
 * What Temporal stores, unreadable without a key: AES-256-GCM over the whole payload, its metadata
 * included. The form is that of the samples of Temporal's SDKs: metadata `encoding` and
 * `encryption-key-id`, data nonce, ciphertext, tag.
 */

const CIPHER = 'aes-256-gcm';
/** Bytes: what GCM is made for (NIST SP 800-38D, 5.2.1.1). */
const NONCE = 12;
const TAG = 16;

const ENCRYPTED = Buffer.from('binary/encrypted');
const KEY_ID = 'encryption-key-id';

const isEncrypted = ({ metadata }: Payload) =>
  metadata?.encoding !== undefined && ENCRYPTED.equals(metadata.encoding);

/** The id of the key that a payload was encrypted with; undefined where it is not encrypted. */
export const keyIdOf = (payload: Payload): string | undefined => {
  const id = payload.metadata?.[KEY_ID];
  return isEncrypted(payload) && id ? Buffer.from(id).toString() : undefined;
};

const isPayload = (value: object): value is Payload =>
  'metadata' in value &&
  typeof value.metadata === 'object' &&
  value.metadata !== null &&
  Reflect.get(value.metadata, 'encoding') instanceof Uint8Array;

/** The ids of all keys that anything was encrypted with, as Temporal's API tells it: a history, a list. */
export const keyIdsIn = (stored: unknown, found = new Set<string>()): Set<string> => {
  if (typeof stored !== 'object' || stored === null || stored instanceof Uint8Array) return found;
  const id = isPayload(stored) ? keyIdOf(stored) : undefined;
  if (id !== undefined) found.add(id);
  else for (const part of Object.values(stored)) keyIdsIn(part, found);
  return found;
};

/** A payload that cannot be read here. It has no part of the payload. */
export class DecryptionError extends Error {
  override name = 'DecryptionError';
}

const { Payload: Message } = temporal.api.common.v1;

const encrypt = (payload: Payload, ring: KeyRing): Payload => {
  const { id, key } = ring.current();
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(CIPHER, key, nonce);
  // Who could change the id would have it decrypted with another key, or told as missing.
  cipher.setAAD(Buffer.from(id));
  const sealed = [cipher.update(Message.encode(payload).finish()), cipher.final()];
  return {
    metadata: { encoding: ENCRYPTED, [KEY_ID]: Buffer.from(id) },
    data: Buffer.concat([nonce, ...sealed, cipher.getAuthTag()]),
  };
};

const decrypt = (payload: Payload, ring: KeyRing | undefined): Payload => {
  const id = keyIdOf(payload);
  const key = id === undefined ? undefined : ring?.keyOf(id);
  if (id === undefined || !key)
    throw new DecryptionError(
      `A payload was encrypted with the key ${id ?? 'of no name'}, which this program does not have.`,
    );
  const data = Buffer.from(payload.data ?? []);
  if (data.length < NONCE + TAG) throw new DecryptionError('An encrypted payload is cut off.');
  const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAAD(Buffer.from(id));
  decipher.setAuthTag(data.subarray(-TAG));
  try {
    const open = [decipher.update(data.subarray(NONCE, -TAG)), decipher.final()];
    return Message.decode(Buffer.concat(open));
  } catch {
    throw new DecryptionError(
      `A payload of the key ${id} was changed, or the file of that key has another one.`,
    );
  }
};

type Coding = (payloads: Payload[]) => Promise<Payload[]>;

/**
 * Encrypts all with the ring's current key; decrypts with any of its keys, and passes on what is clear.
 * Without a ring nothing is encrypted, and what is cannot be read.
 */
export const createEncryption = (
  ring: KeyRing | undefined,
): { encode: Coding; decode: Coding } => ({
  encode: (payloads) =>
    attempted(() => (ring ? payloads.map((payload) => encrypt(payload, ring)) : payloads)),
  decode: (payloads) =>
    attempted(() =>
      payloads.map((payload) => (isEncrypted(payload) ? decrypt(payload, ring) : payload)),
    ),
});

/** What is thrown fails the promise. */
const attempted = <Result>(work: () => Result): Promise<Result> =>
  new Promise((resolve) => {
    resolve(work());
  });
