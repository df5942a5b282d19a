/* What runs are, are asked and told by, and say of themselves before a worker has begun them. */

/** The phase, in its memo, of a run that no worker has begun. */
export const WAITING = 'Waiting for a worker';

export const STATUS_QUERY = 'status';
export const TERMINATE_SIGNAL = 'terminate';

/** Comes before a cancellation, with what the steps it interrupts had met: Temporal forgets it with them. */
export const INTERRUPT_SIGNAL = 'interrupt';

/** A step that was tried when its run was told to end. */
export interface Interrupted {
  activityId: string;
  attempts: number;
  /** What the last attempt said. */
  lastError: string;
}

/** By the status route that serves their tokens; each is the type of its workflow too. */
export const OPERATIONS = {
  provisioning: ['provision', 'unprovision', 'provisionProduct', 'unprovisionProduct', 'updateacl'],
  validation: ['validate', 'validateProduct'],
  'reverse-provisioning': ['reverseProvision'],
  planning: ['plan', 'planProduct'],
} as const;
export type Family = keyof typeof OPERATIONS;
export type Operation = (typeof OPERATIONS)[Family][number];
