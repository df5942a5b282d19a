/** Stands in for workflows/run/lease.ts where the saga is measured without its lease. */
export const holdComponent = () => Promise.resolve();

/** Never started: the bundle's entry exports it. */
export const lease = () => Promise.resolve('');
