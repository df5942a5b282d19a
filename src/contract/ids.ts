import { createHash } from 'node:crypto';

/*
 * Several deployments may share a namespace of Temporal, each with a task queue of its own. What their
 * ids are made of may be the same: the component of one descriptor. So the queue is in them too.
 */

export const DEFAULT_TASK_QUEUE = 'airbyte-provisioner';

/** Hexadecimal digits that stand for what may be too long for an id. */
const DIGITS = 12;

/** Twelve hexadecimal digits of its SHA-256. */
export const digestOf = (text: string) =>
  createHash('sha256').update(text).digest('hex').slice(0, DIGITS);

/** Whether a text has the form of a run's token, whatever run: OPERATION.WHOM.DIGEST. */
export const hasTokenForm = (text: string) =>
  text.length <= 1000 && /^[A-Za-z]+\.[\w.-]+\.[0-9a-f]{12}$/.test(text);

/**
 * What tells the ids of a deployment from those of others, by its task queue. Undefined for the default
 * one, whose ids are as they were when each deployment had to have a namespace.
 */
export const deploymentOf = (taskQueue: string): string | undefined =>
  taskQueue === DEFAULT_TASK_QUEUE ? undefined : digestOf(taskQueue);
