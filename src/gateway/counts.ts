import { createHash } from 'node:crypto';

/* How often each of many has done something lately. */

/** Of whom is counted at once, in some 30 MB: for one more the earlier half of them is forgotten. */
const MAX_COUNTED = 100_000;
/** Characters of a name; a longer one is counted by its digest. */
const MAX_KEY = 64;

interface Count {
  totalHits: number;
  resetTime: Date;
}

const shortened = (key: string) =>
  key.length <= MAX_KEY ? key : createHash('sha256').update(key).digest('base64url');

/**
 * Counts for so many milliseconds from the first, then anew: a store of express-rate-limit, whose own has
 * no bound.
 */
export const createCounts = (window: number, most = MAX_COUNTED) => {
  // Two halves, as forgetting one by one takes ever longer the more have been forgotten.
  let earlier = new Map<string, Count>();
  let later = new Map<string, Count>();

  const known = (short: string): Count | undefined => {
    const count = later.get(short) ?? earlier.get(short);
    return count && count.resetTime.getTime() > Date.now() ? count : undefined;
  };
  const begin = (short: string): Count => {
    if (later.size >= most / 2) {
      earlier = later;
      later = new Map();
    }
    const count = { totalHits: 0, resetTime: new Date(Date.now() + window) };
    later.set(short, count);
    return count;
  };

  return {
    localKeys: true,
    get: (key: string): Count | undefined => known(shortened(key)),
    increment: (key: string): Count => {
      const short = shortened(key);
      const count = known(short) ?? begin(short);
      count.totalHits += 1;
      // A copy: the count goes on while somebody waits for this one.
      return { ...count };
    },
    decrement: (key: string): void => {
      const count = known(shortened(key));
      if (count) count.totalHits -= 1;
    },
    resetKey: (key: string): void => {
      for (const half of [earlier, later]) half.delete(shortened(key));
    },
  };
};
