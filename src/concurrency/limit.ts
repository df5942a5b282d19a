import type { Interest } from '../airbyte/http';

/** Of somebody who waits for however long it takes. */
const never = new AbortController().signal;
export const LASTING: Interest = { cancelled: never, timeUp: never };

/**
 * What comes of it, unless the interest in it ends before: then what `over` makes of that, at once.
 * What was waited for goes on.
 */
export const whileWanted = <Result>(
  { cancelled, timeUp }: Interest,
  waitedFor: Promise<Result>,
  over: () => Error,
): Promise<Result> => {
  const signal = AbortSignal.any([cancelled, timeUp]);
  return new Promise((resolve, reject) => {
    const end = () => {
      reject(over());
    };
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    void waitedFor.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', end);
    });
  });
};

export type Limit = ReturnType<typeof createLimit>;

/** Lets so many works be in flight at once; the others wait in the order they came, or leave. */
export const createLimit = (most: number) => {
  const waiting = new Set<() => void>();
  let inFlight = 0;

  const next = () => {
    const [first] = waiting;
    if (!first || inFlight >= most) return;
    waiting.delete(first);
    inFlight += 1;
    first();
  };

  /** `over` is what a work fails with that nobody waits for any more, before its turn has come. */
  return async <Result>(
    work: () => Promise<Result>,
    { interest, over }: { interest: Interest; over: () => Error },
  ): Promise<Result> => {
    let begin = (): void => undefined;
    const turn = new Promise<void>((resolve) => (begin = resolve));
    waiting.add(begin);
    next();
    try {
      await whileWanted(interest, turn, over);
    } catch (err) {
      // Its turn may have come in the same moment.
      if (!waiting.delete(begin)) inFlight -= 1;
      next();
      throw err;
    }
    try {
      return await work();
    } finally {
      inFlight -= 1;
      next();
    }
  };
};
