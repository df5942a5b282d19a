import { z } from 'zod';
import { retryVariables } from './retry-times';
import { configFile, host, logLevel, minSyncInterval, taskQueue, temporalUiUrl } from './shared';
import { tracingVariables } from './tracing';
import { duration, durationOrZero, names, port } from './values';

/** What the gateway reads. `group` says who sets a variable; docs/configuration.md is made of these. */
export const gatewayVariables = z.object({
  HOST: host,
  PORT: port(8093).meta({ group: 'usual', description: 'Where the Coordinator calls' }),
  BASE_PATH: z
    .string()
    .regex(/^(\/[\w.~-]+)*\/?$/, 'must be a path such as /datamesh.specificprovisioner')
    .default('')
    .meta({
      group: 'usual',
      description:
        'Before every path of the API, such as `/datamesh.specificprovisioner`. The probes stay at the root',
    }),
  KEEP_ALIVE: duration('75s').meta({
    group: 'rare',
    description: 'How long an idle connection is kept: longer than proxies in front keep theirs',
  }),
  ...retryVariables,
  AIRBYTE_MIN_SYNC_INTERVAL: minSyncInterval,
  OPERATIONS: z.enum(['on', 'off'], { message: 'must be on or off' }).default('off').meta({
    group: 'rare',
    description:
      'Whether the [operator’s routes](operations.md#without-a-shell) are served, which have no authentication',
  }),
  DRAIN_FOR: durationOrZero('0s').meta({
    group: 'usual',
    description:
      'How long after SIGTERM requests are still taken, with `/readyz` at 503: longer than the load balancer needs to notice',
  }),
  INFRASTRUCTURE_TEMPLATES: names.meta({
    group: 'usual',
    description:
      'The `infrastructureTemplateId`s of [our components](descriptor.md#whose-components-are-ours) in a data product, separated by commas',
  }),
  PROVISIONER_CONFIG: configFile,
  TEMPORAL_TASK_QUEUE: taskQueue,
  TEMPORAL_UI_URL: temporalUiUrl,
  LOG_LEVEL: logLevel,
  ...tracingVariables,
});
