import { whileWanted } from './interest';
import type { Interest } from './interest';
import type { ObserveLoad } from './load';

export type Limit = ReturnType<typeof createLimit>;

/** Lets so many works be in flight at once; the others wait in the order they came, or leave. */
export const createLimit = (most: number, observe?: ObserveLoad) => {
  const waiting = new Set<() => void>();
  let inFlight = 0;

  const next = () => {
    const [first] = waiting;
    if (first && inFlight < most) {
      waiting.delete(first);
      inFlight += 1;
      first();
    }
    observe?.({ busy: inFlight, waiting: waiting.size });
  };

  /** `over` is what a work fails with that nobody waits for any more, before it has begun. */
  return async <Result>(
    work: () => Promise<Result>,
    { interest, over }: { interest: Interest; over: () => Error },
  ): Promise<Result> => {
    let begin = (): void => undefined;
    const slot = new Promise<void>((resolve) => (begin = resolve));
    waiting.add(begin);
    next();
    try {
      await whileWanted(interest, slot, over);
    } catch (err) {
      // It may have left the queue in the same moment.
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
