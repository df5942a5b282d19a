import { setTimeout as sleep } from 'node:timers/promises';
import type { CallInterest } from '../../../concurrency/call-interest';
import { LASTING } from '../../../concurrency/interest';
import { CallError } from '../../../contract/call-error';

/** Milliseconds between looks at what goes on: at first, and at most. */
const FIRST_LOOK = 200;
const LONGEST_LOOK = 5000;
/** Milliseconds that an end which nobody waits for may take. */
const LONGEST_END = 10_000;

/** Of what was waited for, in words: `the statement had ended`. */
export const outOfTime = (what: string) =>
  new CallError(`The time was up before ${what}.`, {
    kind: 'again',
    solution: 'Give it more time; Databricks shows what takes it so long.',
    outOfTime: 'waiting',
  });

/** Looks until there is something to return; ends with the interest in it. Throws a CallError when the time is up. */
export const watched = async <Result>(
  look: () => Promise<Result | undefined>,
  { interest: { cancelled, timeUp }, until }: { interest: CallInterest; until: string },
): Promise<Result> => {
  const signal = AbortSignal.any([cancelled, timeUp]);
  for (let wait = FIRST_LOOK; ; wait = Math.min(LONGEST_LOOK, wait * 1.5)) {
    const result = await look();
    if (result !== undefined) return result;
    try {
      await sleep(wait, undefined, { signal });
    } catch (err) {
      if (cancelled.aborted) throw err;
      throw outOfTime(until);
    }
  }
};

/** For taking away what was begun, whoever still wants it. */
export const toEnd = (): CallInterest => ({
  cancelled: LASTING.cancelled,
  timeUp: AbortSignal.timeout(LONGEST_END),
});
