import { createHash } from 'node:crypto';

/*
 * Several deployments may share a namespace of Temporal, each with a task queue of its own. What their
 * ids are made of may be the same: the component of one descriptor. So the queue is in them too.
 */

export const DEFAULT_TASK_QUEUE = 'airbyte-provisioner';

/** Hexadecimal digits that stand for a queue, which may be too long for an id. */
const DIGITS = 12;

/**
 * What tells the ids of a deployment from those of others, by its task queue. Undefined for the default
 * one, whose ids are as they were when each deployment had to have a namespace.
 */
export const deploymentOf = (taskQueue: string): string | undefined =>
  taskQueue === DEFAULT_TASK_QUEUE
    ? undefined
    : createHash('sha256').update(taskQueue).digest('hex').slice(0, DIGITS);

/** An id of Temporal's that no other deployment uses; workflows/run/lease.ts makes them the same way. */
export const idIn = (deployment: string | undefined, ...parts: string[]) =>
  [...parts, ...(deployment === undefined ? [] : [deployment])].join('.');
