/* What lies below an error: clients tell of their own, and hide in its causes what happened. */

/** An error, the one that caused it, and so on. */
export const causesOf = (err: unknown): Error[] =>
  err instanceof Error ? [err, ...causesOf(err.cause)] : [];

/** What was first; the error itself if it has no cause. */
export const rootOf = (err: unknown): unknown => causesOf(err).at(-1) ?? err;

/** As Node's errors have it: `ENOENT`, `ECONNREFUSED`. */
export const codeOf = (err: unknown): string | undefined => {
  const code: unknown = Reflect.get(Object(err), 'code');
  return typeof code === 'string' ? code : undefined;
};
