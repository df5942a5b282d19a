import { z } from 'zod';
import { DEFAULT_TASK_QUEUE } from '../contract/ids';
import { duration, url } from './values';

/* Variables that more than one program reads. */

/** Characters of a task queue: an id of a workflow has 255, and room for what else is in it. */
const MAX_TASK_QUEUE = 200;

/** Milliseconds between two syncs, or two looks for drift. */
export const LEAST_INTERVAL = 60_000;

export const host = z.string().default('127.0.0.1').meta({
  group: 'usual',
  description: 'The address to listen on. `0.0.0.0` in a container',
});

export const logLevel = z
  .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
  .default('info')
  .meta({ group: 'usual', description: 'What is [logged](operating.md#logs)' });

export const taskQueue = z
  .string()
  .max(
    MAX_TASK_QUEUE,
    `must not be longer than ${String(MAX_TASK_QUEUE)} characters: ids of workflows are made of it`,
  )
  .default(DEFAULT_TASK_QUEUE)
  .meta({
    group: 'rare',
    description:
      'The same for gateways, workers and command line. [Several deployments](operating.md#two-deployments-in-one-namespace) may share a namespace, each with a queue of its own',
  });

export const configFile = z.string().optional().meta({
  group: 'usual',
  description:
    'The path of a [configuration file](tenancy.md) with environments, teams, fabrics and callers. The same for gateways, workers and command line. Without it the variables describe one environment',
});

export const temporalUiUrl = url.optional().meta({
  group: 'usual',
  description: 'The root of the Temporal UI. Without it nothing links to runs',
});

export const minSyncInterval = duration('1h')
  .refine((value) => value >= LEAST_INTERVAL, 'must be a minute or longer: no Airbyte lets less')
  .meta({
    group: 'usual',
    description:
      'How far apart syncs by [cron](descriptor.md#cron) are at least. An Airbyte of your own usually allows less: then `15m` or `1m`; less than `1m` none does',
  });
