import type { AirbyteAuth } from '../airbyte/session';
import ms from 'ms';
import { z } from 'zod';
import {
  duration,
  durationOrZero,
  names,
  optionalText,
  port,
  read,
  url,
  wholeNumber,
} from './values';
import type { Environment } from './values';
import { misfitsIn, retryVariables } from './retry';
import { snowflakeOf, snowflakeRules, snowflakeVariables } from './snowflake';
import { DEFAULT_TASK_QUEUE } from '../contract/ids';
import { LONGEST_DURATION, inWords, durationText } from '../contract/durations';

export { ConfigError } from './values';

const logLevel = z
  .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
  .default('info');

/** Characters of a task queue: an id of a workflow has 255, and room for what else is in it. */
const MAX_TASK_QUEUE = 200;

const temporal = {
  TEMPORAL_TASK_QUEUE: z
    .string()
    .max(
      MAX_TASK_QUEUE,
      `must not be longer than ${String(MAX_TASK_QUEUE)} characters: ids of workflows are made of it`,
    )
    .default(DEFAULT_TASK_QUEUE),
  TEMPORAL_UI_URL: url.optional(),
  LOG_LEVEL: logLevel,
};

/** Milliseconds between two syncs, or two looks for drift. */
const LEAST_INTERVAL = 60_000;

const minSyncInterval = duration('1h').refine(
  (value) => value >= LEAST_INTERVAL,
  'must be a minute or longer: no Airbyte lets less',
);

const gatewaySchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: port(8093),
  BASE_PATH: z
    .string()
    .regex(/^(\/[\w.~-]+)*\/?$/, 'must be a path such as /datamesh.specificprovisioner')
    .default(''),
  KEEP_ALIVE: duration('75s'),
  ...retryVariables,
  AIRBYTE_MIN_SYNC_INTERVAL: minSyncInterval,
  OPERATIONS: z.enum(['on', 'off'], { message: 'must be on or off' }).default('off'),
  DRAIN_FOR: durationOrZero('0s'),
  INFRASTRUCTURE_TEMPLATES: names,
  ...temporal,
});

/** Each may have a source's whole catalog in memory. */
const MAX_ACTIVITY_SLOTS = 1000;

const workerVariables = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    WORKER_PORT: port(8094),
    AIRBYTE_URL: url.default('http://127.0.0.1:8000'),
    AIRBYTE_API: z
      .enum(['public', 'config', 'auto'], { message: 'must be public, config or auto' })
      .default('public'),
    AIRBYTE_CLIENT_ID: optionalText,
    AIRBYTE_CLIENT_SECRET: optionalText,
    AIRBYTE_USERNAME: optionalText,
    AIRBYTE_PASSWORD: optionalText,
    AIRBYTE_WORKSPACE_ID: z.guid({ message: 'is required: the UUID of an Airbyte workspace' }),
    AIRBYTE_UI_URL: url.optional(),
    ...retryVariables,
    AIRBYTE_MAX_IN_FLIGHT: wholeNumber({ fallback: 3 }),
    RECONCILE_EVERY: durationText
      .transform((text) => ms(text))
      .refine((value) => value >= LEAST_INTERVAL, 'must be a minute or longer')
      .refine(
        (value) => value <= LONGEST_DURATION,
        `must not be longer than ${inWords(LONGEST_DURATION)}`,
      )
      .optional(),
    WORKER_ACTIVITY_SLOTS: wholeNumber({ most: MAX_ACTIVITY_SLOTS, fallback: 100 }),
    WORKER_DEPLOYMENT_NAME: optionalText,
    WORKER_BUILD_ID: optionalText,
    WORKER_VERSIONING: z
      .enum(['pinned', 'auto-upgrade'], { message: 'must be pinned or auto-upgrade' })
      .default('pinned'),
    FINGERPRINT_KEY: optionalText,
    ADOPT_EXISTING: z
      .enum(['refuse', 'adopt'], { message: 'must be refuse or adopt' })
      .default('refuse'),
    ACCESS_PERMISSION: z
      .enum(['workspace_reader', 'workspace_runner', 'workspace_editor', 'workspace_admin'], {
        message: 'must be workspace_reader, workspace_runner, workspace_editor or workspace_admin',
      })
      .default('workspace_reader'),
    MAPPERS_BY_HAND: z
      .enum(['keep', 'replace', 'refuse'], { message: 'must be keep, replace or refuse' })
      .default('keep'),
    REVERSE_PROVISIONING_UPDATES: z
      .enum(['specific', 'parameters'], { message: 'must be specific or parameters' })
      .default('specific'),
    SECRETS_DIR: optionalText,
    SECRETS_ALLOWED: names,
    ...snowflakeVariables,
    ...temporal,
  })
  .refine((env) => !env.AIRBYTE_CLIENT_ID === !env.AIRBYTE_CLIENT_SECRET, {
    path: ['AIRBYTE_CLIENT_SECRET'],
    message: 'and AIRBYTE_CLIENT_ID go together',
  })
  .refine((env) => !env.AIRBYTE_USERNAME === !env.AIRBYTE_PASSWORD, {
    path: ['AIRBYTE_PASSWORD'],
    message: 'and AIRBYTE_USERNAME go together',
  })
  .refine((env) => !env.WORKER_DEPLOYMENT_NAME === !env.WORKER_BUILD_ID, {
    path: ['WORKER_BUILD_ID'],
    message: 'and WORKER_DEPLOYMENT_NAME go together',
  });

/** Told together with what else is wrong. */
const workerSchema = snowflakeRules.reduce(
  (schema, { holds, ...rule }) => schema.refine(holds, { ...rule, when: () => true }),
  workerVariables,
);

export const gatewayConfig = (env: Environment = process.env) => {
  const given = read(gatewaySchema, env);
  return {
    host: given.HOST,
    port: given.PORT,
    basePath: given.BASE_PATH.replace(/\/$/, ''),
    taskQueue: given.TEMPORAL_TASK_QUEUE,
    temporalUiUrl: given.TEMPORAL_UI_URL?.replace(/\/$/, ''),
    /** Milliseconds a connection of a caller is kept while it is idle. */
    keepAlive: given.KEEP_ALIVE,
    /** What is told at start of settings that do not fit together. */
    misfits: misfitsIn(given),
    /** Milliseconds; handed to each run, so that a replay sees what the run was started with. */
    retry: {
      initial: given.AIRBYTE_RETRY_INITIAL,
      maxInterval: Math.max(given.AIRBYTE_RETRY_INITIAL, given.AIRBYTE_RETRY_MAX_INTERVAL),
      giveUpAfter: given.AIRBYTE_GIVE_UP_AFTER,
      settleTime: given.AIRBYTE_SETTLE_TIME,
    },
    /** Seconds that Airbyte wants between two syncs of a connection at least. */
    minSyncInterval: given.AIRBYTE_MIN_SYNC_INTERVAL / 1000,
    /** Whether the gateway serves /operations, which can replay and cancel runs. */
    operations: given.OPERATIONS === 'on',
    /** Milliseconds between the signal to end, told on /readyz, and the last request taken. */
    drainFor: given.DRAIN_FOR,
    /** The infrastructureTemplateIds of components that are ours; none: they are told by their form. */
    infrastructureTemplates: given.INFRASTRUCTURE_TEMPLATES,
    logLevel: given.LOG_LEVEL,
  };
};

const airbyteAuth = (given: z.output<typeof workerSchema>): AirbyteAuth => {
  if (given.AIRBYTE_CLIENT_ID && given.AIRBYTE_CLIENT_SECRET)
    return {
      kind: 'oauth',
      clientId: given.AIRBYTE_CLIENT_ID,
      clientSecret: given.AIRBYTE_CLIENT_SECRET,
    };
  if (given.AIRBYTE_USERNAME && given.AIRBYTE_PASSWORD)
    return { kind: 'basic', username: given.AIRBYTE_USERNAME, password: given.AIRBYTE_PASSWORD };
  return { kind: 'none' };
};

/** Temporal's Worker Deployment this worker is a version of; undefined: an unversioned worker. */
const versioningOf = (given: z.output<typeof workerSchema>) =>
  given.WORKER_DEPLOYMENT_NAME && given.WORKER_BUILD_ID
    ? {
        deploymentName: given.WORKER_DEPLOYMENT_NAME,
        buildId: given.WORKER_BUILD_ID,
        behavior: given.WORKER_VERSIONING,
      }
    : undefined;

export type WorkerConfig = ReturnType<typeof workerConfig>;
export const workerConfig = (env: Environment = process.env) => {
  const given = read(workerSchema, env);
  const airbyteUrl = given.AIRBYTE_URL.replace(/\/$/, '');
  return {
    host: given.HOST,
    port: given.WORKER_PORT,
    taskQueue: given.TEMPORAL_TASK_QUEUE,
    logLevel: given.LOG_LEVEL,
    airbyte: {
      api: given.AIRBYTE_API,
      url: airbyteUrl,
      uiUrl: (given.AIRBYTE_UI_URL ?? airbyteUrl).replace(/\/$/, ''),
      auth: airbyteAuth(given),
      workspaceId: given.AIRBYTE_WORKSPACE_ID,
      requestTimeout: given.AIRBYTE_REQUEST_TIMEOUT,
      maxInFlight: given.AIRBYTE_MAX_IN_FLIGHT,
    },
    /** Steps that this worker does at once. */
    activitySlots: given.WORKER_ACTIVITY_SLOTS,
    misfits: misfitsIn(given),
    /** Milliseconds between looks for drift; undefined: none are scheduled. */
    reconcileEvery: given.RECONCILE_EVERY,
    versioning: versioningOf(given),
    /** Keys the fingerprints in Airbyte's names; a new key means one rewrite of each entity. */
    fingerprintKey:
      given.FINGERPRINT_KEY ??
      given.AIRBYTE_CLIENT_SECRET ??
      given.AIRBYTE_PASSWORD ??
      given.AIRBYTE_WORKSPACE_ID,
    snowflake: snowflakeOf(given),
    /** What befalls a connection of a descriptor's name that is no component's. */
    adoptExisting: given.ADOPT_EXISTING,
    /** What updateacl grants, in the public API's words (PermissionType). */
    accessPermission: given.ACCESS_PERMISSION,
    /** What becomes of mappers that were set in Airbyte and are in no descriptor. */
    mappersByHand: given.MAPPERS_BY_HAND,
    /** The form of reverse provisioning's updates: dotted `spec.mesh.specific.…`, or `parameters`. */
    updatesDialect: given.REVERSE_PROVISIONING_UPDATES,
    /** Where `secretRef`s are looked up, and which names may be: none but those listed. */
    secrets: {
      directory: given.SECRETS_DIR,
      allowed: given.SECRETS_ALLOWED,
      fromEnvironment: new Map(given.SECRETS_ALLOWED.map((name) => [name, env[name]])),
    },
  };
};

/** For the command line, which talks to Temporal as the gateway does. */
export const cliConfig = (env: Environment = process.env) => {
  const given = read(z.object({ ...temporal, AIRBYTE_MIN_SYNC_INTERVAL: minSyncInterval }), env);
  return {
    taskQueue: given.TEMPORAL_TASK_QUEUE,
    temporalUiUrl: given.TEMPORAL_UI_URL?.replace(/\/$/, ''),
    /** Seconds, as for the gateway. */
    minSyncInterval: given.AIRBYTE_MIN_SYNC_INTERVAL / 1000,
  };
};
