/* What runs are asked and told by, and what they say of themselves before a worker has begun them. */

/** The phase, in its memo, of a run that no worker has begun. */
export const WAITING = 'Waiting for a worker';

export const STATUS_QUERY = 'status';
export const TERMINATE_SIGNAL = 'terminate';
