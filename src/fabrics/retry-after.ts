/** Milliseconds: a longer wait that a fabric asks for is cut to it. */
const LONGEST_RETRY_AFTER = 10 * 60_000;

/** Milliseconds, of a `Retry-After` in seconds or as a date (RFC 9110 §10.2.3). */
export const retryAfterIn = (headers: Headers): number | undefined => {
  const given = headers.get('retry-after');
  if (given === null) return undefined;
  const wait = /^\d+$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now();
  return Number.isFinite(wait) ? Math.min(Math.max(0, wait), LONGEST_RETRY_AFTER) : undefined;
};
