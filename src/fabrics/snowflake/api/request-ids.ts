import { createHash } from 'node:crypto';

/* By what Snowflake knows that it is asked for the same again. */

/** Statements that failed of what passes, of which is known how often; the oldest are forgotten first. */
const MOST_FAILED = 1000;

/** A name space of UUIDs of our own (RFC 9562, 5.5). */
const NAMESPACE = Buffer.from('8f1d6a5e3c0b4b7f9a2e5d4c7b6a1f03', 'hex');

/** The same for the same texts, version 5. */
export const uuidOf = (...texts: string[]) => {
  const digest = createHash('sha1').update(NAMESPACE).update(JSON.stringify(texts)).digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-');
};

/**
 * Ids of requests: the same for the same change, until Snowflake has said that it is not done. Under the id
 * of one that has failed its failure is the answer for good.
 */
export const createRequestIds = () => {
  const failed = new Map<string, number>();

  const remember = (first: string, tries: number) => {
    failed.delete(first);
    failed.set(first, tries);
    const [oldest] = failed.keys();
    if (failed.size > MOST_FAILED && oldest !== undefined) failed.delete(oldest);
  };

  return (...asked: string[]) => {
    const first = uuidOf(...asked);
    const tries = failed.get(first) ?? 0;
    return {
      id: tries === 0 ? first : uuidOf(...asked, String(tries)),
      forgetFailures: () => {
        failed.delete(first);
      },
      countFailure: () => {
        remember(first, tries + 1);
      },
    };
  };
};
