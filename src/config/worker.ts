import ms from 'ms';
import { z } from 'zod';
import { LONGEST_DURATION, durationText, inWords } from '../contract/durations';
import { retryVariables } from './retry-times';
import { LEAST_INTERVAL, host, logLevel, taskQueue } from './shared';
import { snowflakeRules, snowflakeVariables } from './snowflake';
import { tracingVariables } from './tracing';
import { names, optionalText, port, url, urlToCall, wholeNumber } from './values';

/** Each may have a source's whole catalog in memory. */
const MAX_ACTIVITY_SLOTS = 1000;

/** Characters of each: Temporal makes the id of a workflow of both, and one of these has 255. */
const MAX_VERSION_PART = 100;
const versionPart = z
  .string()
  .max(
    MAX_VERSION_PART,
    `must not be longer than ${String(MAX_VERSION_PART)} characters: Temporal makes an id of it`,
  );

const reconcileEvery = durationText
  .transform((text) => ms(text))
  .refine((value) => value >= LEAST_INTERVAL, 'must be a minute or longer')
  .refine(
    (value) => value <= LONGEST_DURATION,
    `must not be longer than ${inWords(LONGEST_DURATION)}`,
  )
  .optional();

const airbyte = {
  AIRBYTE_URL: urlToCall.default('http://127.0.0.1:8000').meta({
    group: 'must',
    description: 'The root of Airbyte’s host; the path of the API is added',
  }),
  AIRBYTE_WORKSPACE_ID: z
    .guid({ message: 'is required: the UUID of an Airbyte workspace' })
    .meta({ group: 'must', description: 'The UUID of the Airbyte workspace' }),
  AIRBYTE_CLIENT_ID: optionalText.meta({
    group: 'must',
    description: 'OAuth client credentials (an application of Airbyte); both or neither',
  }),
  AIRBYTE_CLIENT_SECRET: optionalText.meta({
    group: 'must',
    secret: true,
    description: 'Its secret',
  }),
  AIRBYTE_USERNAME: optionalText.meta({
    group: 'rare',
    description:
      'Basic authentication, where no client is set; both or neither. With neither pair: none',
  }),
  AIRBYTE_PASSWORD: optionalText.meta({
    group: 'rare',
    secret: true,
    description: 'Its password',
  }),
  AIRBYTE_API: z
    .enum(['public', 'config', 'auto'], { message: 'must be public, config or auto' })
    .default('public')
    .meta({
      group: 'usual',
      description:
        '`config` is the internal API, `/api/v1`; `auto` the public one where the host serves it, else `config`. What was found is in the log',
    }),
  AIRBYTE_UI_URL: url.optional().meta({
    group: 'usual',
    description: 'What links to Airbyte begin with. Without it `AIRBYTE_URL`',
  }),
  AIRBYTE_MAX_IN_FLIGHT: wholeNumber({ fallback: 3 }).meta({
    group: 'rare',
    description: 'Calls to Airbyte at once, of each worker. Its public API has five threads',
  }),
};

const secrets = {
  SECRETS_ALLOWED: names.meta({
    group: 'usual',
    description:
      'The names, separated by commas, that descriptors may use as `{ secretRef: NAME }`',
  }),
  SECRETS_DIR: optionalText.meta({
    group: 'usual',
    description:
      'A directory with a file for each secret. A name without a file is looked up in the environment',
  }),
  FINGERPRINT_KEY: optionalText.meta({
    group: 'rare',
    secret: true,
    description:
      'Keys the digits in Airbyte’s names. Without it the first that is set of `AIRBYTE_CLIENT_SECRET`, `AIRBYTE_PASSWORD`, `AIRBYTE_WORKSPACE_ID`. Another key means one rewrite of each source and destination',
  }),
};

const choices = {
  ADOPT_EXISTING: z
    .enum(['refuse', 'adopt'], { message: 'must be refuse or adopt' })
    .default('refuse')
    .meta({
      group: 'rare',
      description:
        'Of a connection of a descriptor’s name that is no component’s: it keeps the descriptor from being provisioned, or is [taken over](adoption.md)',
    }),
  ACCESS_PERMISSION: z
    .enum(['workspace_reader', 'workspace_runner', 'workspace_editor', 'workspace_admin'], {
      message: 'must be workspace_reader, workspace_runner, workspace_editor or workspace_admin',
    })
    .default('workspace_reader')
    .meta({ group: 'usual', description: 'What `updateacl` grants' }),
  MAPPERS_BY_HAND: z
    .enum(['keep', 'replace', 'refuse'], { message: 'must be keep, replace or refuse' })
    .default('keep')
    .meta({
      group: 'rare',
      description:
        '[Mappers](descriptor.md#mappers) set by hand in Airbyte stay; the descriptor wins; or the run fails before it writes',
    }),
  REVERSE_PROVISIONING_UPDATES: z
    .enum(['specific', 'parameters'], { message: 'must be specific or parameters' })
    .default('specific')
    .meta({
      group: 'rare',
      description: 'The form of updates: dotted `spec.mesh.specific.…`, or nested `parameters`',
    }),
};

const operation = {
  WORKER_PORT: port(8094).meta({ group: 'usual', description: 'For probes and metrics' }),
  WORKER_ACTIVITY_SLOTS: wholeNumber({ most: MAX_ACTIVITY_SLOTS, fallback: 100 }).meta({
    group: 'rare',
    description: '[Steps at once](operating.md#steps-at-once), 1,000 at most',
  }),
  RECONCILE_EVERY: reconcileEvery.meta({
    group: 'usual',
    description: 'How often to [look for drift](drift.md), such as `1h`. Without it never',
  }),
  WORKER_DEPLOYMENT_NAME: versionPart
    .regex(/^[^.:]*$/, 'must have no dot and no colon: Temporal takes none in it')
    .optional()
    .meta({
      group: 'rare',
      description:
        'The [Worker Deployment](changing-workflows.md) of this worker; with `WORKER_BUILD_ID` or not at all',
    }),
  WORKER_BUILD_ID: versionPart.optional().meta({ group: 'rare', description: 'Its version there' }),
  WORKER_VERSIONING: z
    .enum(['pinned', 'auto-upgrade'], { message: 'must be pinned or auto-upgrade' })
    .default('pinned')
    .meta({
      group: 'rare',
      description: '`auto-upgrade` moves open runs to the current version',
    }),
};

/** What the worker reads. `group` says who sets a variable; docs/configuration.md is made of these. */
export const workerVariables = z.object({
  HOST: host,
  ...airbyte,
  ...retryVariables,
  ...secrets,
  ...choices,
  ...operation,
  ...snowflakeVariables,
  TEMPORAL_TASK_QUEUE: taskQueue,
  LOG_LEVEL: logLevel,
  ...tracingVariables,
});

/** Both or neither is given. */
const PAIRS = [
  ['AIRBYTE_CLIENT_SECRET', 'AIRBYTE_CLIENT_ID'],
  ['AIRBYTE_PASSWORD', 'AIRBYTE_USERNAME'],
  ['WORKER_BUILD_ID', 'WORKER_DEPLOYMENT_NAME'],
] as const;

const withPairs = PAIRS.reduce(
  (schema, [one, other]) =>
    schema.refine((env) => !env[one] === !env[other], {
      path: [one],
      message: `and ${other} go together`,
      when: () => true,
    }),
  workerVariables,
);

/** What does not go together is told with what else is wrong. */
export const workerSchema = snowflakeRules.reduce(
  (schema, { holds, ...rule }) => schema.refine(holds, { ...rule, when: () => true }),
  withPairs,
);
