/* What runs are, are asked and told by, and say of themselves before a worker has begun them. */

/** The phase, in its memo, of a run that no worker has begun. */
export const WAITING = 'Waiting for a worker';

export const STATUS_QUERY = 'status';
export const TERMINATE_SIGNAL = 'terminate';

/** By the status route that serves their tokens; each is the type of its workflow too. */
export const OPERATIONS = {
  provisioning: ['provision', 'unprovision', 'provisionProduct', 'unprovisionProduct', 'updateacl'],
  validation: ['validate', 'validateProduct'],
  'reverse-provisioning': ['reverseProvision'],
} as const;
export type Family = keyof typeof OPERATIONS;
export type Operation = (typeof OPERATIONS)[Family][number];
