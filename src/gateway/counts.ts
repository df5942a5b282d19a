import { createHash } from 'node:crypto';

/* How often each of many has done something lately. */

/** Of whom is counted at once: the one who began first is forgotten for one more, some 30 MB in all. */
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
  /** In the order in which they end. */
  const counts = new Map<string, Count>();

  const forgetFirst = (isToGo: (count: Count) => boolean) => {
    for (const [key, count] of counts) {
      if (!isToGo(count)) return;
      counts.delete(key);
    }
  };
  const forgetOver = () => {
    const now = Date.now();
    forgetFirst(({ resetTime }) => resetTime.getTime() <= now);
  };

  return {
    localKeys: true,
    get: (key: string): Count | undefined => {
      forgetOver();
      return counts.get(shortened(key));
    },
    increment: (key: string): Count => {
      forgetOver();
      const short = shortened(key);
      const known = counts.get(short);
      if (known) {
        known.totalHits += 1;
        // A copy: the count goes on while somebody waits for this one.
        return { ...known };
      }
      forgetFirst(() => counts.size >= most);
      const count = { totalHits: 1, resetTime: new Date(Date.now() + window) };
      counts.set(short, count);
      return { ...count };
    },
    decrement: (key: string): void => {
      const known = counts.get(shortened(key));
      if (known) known.totalHits -= 1;
    },
    resetKey: (key: string): void => {
      counts.delete(shortened(key));
    },
  };
};
