/* How long runs wait for a lease, and how long a lease gets meanwhile. */

/** Milliseconds a waiting run trusts the lease to tell it before it tries by itself. */
export const FIRST_WAIT = 30_000;
/** Later on, this part of the time it has waited: its events grow with the logarithm of that time. */
export const PART_OF_WAITED = 1 / 4;
/** Milliseconds before it tries again where the lease has just ended. */
export const SHORT_WAIT = 50;
/** Events after which a lease starts anew with its queue; a history may have 51,200 (Temporal). */
export const LONG = 1000;
