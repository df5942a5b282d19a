import { setTimeout as sleep } from 'node:timers/promises';
import type { CallInterest } from '../../../concurrency/call-interest';
import { LASTING } from '../../../concurrency/interest';

/** Milliseconds between looks at what goes on: at first, and at most. */
const FIRST_LOOK = 200;
const LONGEST_LOOK = 5000;
/** Milliseconds that an end which nobody waits for may take. */
const LONGEST_END = 10_000;

/** Looks until there is something to return; ends with the interest in it. */
export const watched = async <Result>(
  look: () => Promise<Result | undefined>,
  { cancelled, timeUp }: CallInterest,
): Promise<Result> => {
  const signal = AbortSignal.any([cancelled, timeUp]);
  for (let wait = FIRST_LOOK; ; wait = Math.min(LONGEST_LOOK, wait * 1.5)) {
    const result = await look();
    if (result !== undefined) return result;
    await sleep(wait, undefined, { signal });
  }
};

/** For taking away what was begun, whoever still wants it. */
export const toEnd = (): CallInterest => ({
  cancelled: LASTING.cancelled,
  timeUp: AbortSignal.timeout(LONGEST_END),
});
