/** How long somebody waits for something. */
export interface Interest {
  /** Nobody wants the result any more: ends what only reads, and keeps the rest from being begun. */
  cancelled: AbortSignal;
  /** Ends everything. */
  timeUp: AbortSignal;
}

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
