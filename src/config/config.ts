import { z } from 'zod';
import type { AirbyteAuth } from '../airbyte/session';
import { gatewayVariables } from './gateway';
import { misfitsIn } from './retry-times';
import { configFile, minSyncInterval, taskQueue, temporalUiUrl } from './shared';
import { snowflakeOf } from './snowflake';
import { tracingOf } from './tracing';
import { ConfigError, read, url } from './values';
import type { Environment } from './values';
import { OF_ONE_ENVIRONMENT, fileWorkerSchema, workerSchema, workerVariables } from './worker';

export { ConfigError } from './values';

export const gatewayConfig = (env: Environment = process.env) => {
  const given = read(gatewayVariables, env);
  return {
    host: given.HOST,
    port: given.PORT,
    basePath: given.BASE_PATH.replace(/\/$/, ''),
    /** The configuration file; undefined: the variables describe one environment. */
    file: given.PROVISIONER_CONFIG,
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
    tracing: tracingOf(given),
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
const versioningOf = (given: z.output<typeof fileWorkerSchema>) =>
  given.WORKER_DEPLOYMENT_NAME && given.WORKER_BUILD_ID
    ? {
        deploymentName: given.WORKER_DEPLOYMENT_NAME,
        buildId: given.WORKER_BUILD_ID,
        behavior: given.WORKER_VERSIONING,
      }
    : undefined;

/** Where `secretRef`s are looked up: files by their names, else variables. */
const secretsOf = (given: { SECRETS_DIR?: string | undefined }, env: Environment) => ({
  directory: given.SECRETS_DIR,
  variable: (name: string) => env[name],
});

/** What does not depend on the environment. */
const workerOf = (given: z.output<typeof fileWorkerSchema>, env: Environment) => ({
  host: given.HOST,
  port: given.WORKER_PORT,
  taskQueue: given.TEMPORAL_TASK_QUEUE,
  logLevel: given.LOG_LEVEL,
  tracing: tracingOf(given),
  /** Milliseconds for one call to Airbyte. */
  requestTimeout: given.AIRBYTE_REQUEST_TIMEOUT,
  /** Steps that this worker does at once. */
  activitySlots: given.WORKER_ACTIVITY_SLOTS,
  misfits: misfitsIn(given),
  /** Milliseconds between looks for drift; undefined: none are scheduled. */
  reconcileEvery: given.RECONCILE_EVERY,
  versioning: versioningOf(given),
  /** Keys the fingerprints in Airbyte's names; a new key means one rewrite of each entity. */
  fingerprintKey: given.FINGERPRINT_KEY,
  /** What befalls a connection of a descriptor's name that is no component's. */
  adoptExisting: given.ADOPT_EXISTING,
  /** What becomes of mappers that were set in Airbyte and are in no descriptor. */
  mappersByHand: given.MAPPERS_BY_HAND,
  /** The form of reverse provisioning's updates: dotted `spec.mesh.specific.…`, or `parameters`. */
  updatesDialect: given.REVERSE_PROVISIONING_UPDATES,
  secrets: secretsOf(given, env),
});

/** A worker's settings, whatever its environments. */
export type WorkerConfig = ReturnType<typeof workerOf>;

/** With the one environment that the variables describe. */
export type OneEnvironmentConfig = ReturnType<typeof workerConfig>;
export const workerConfig = (env: Environment = process.env) => {
  const given = read(workerSchema, env);
  const airbyteUrl = given.AIRBYTE_URL.replace(/\/$/, '');
  const fingerprintKey =
    given.FINGERPRINT_KEY ??
    given.AIRBYTE_CLIENT_SECRET ??
    given.AIRBYTE_PASSWORD ??
    given.AIRBYTE_WORKSPACE_ID;
  return {
    ...workerOf({ ...given, FINGERPRINT_KEY: fingerprintKey }, env),
    airbyte: {
      api: given.AIRBYTE_API,
      url: airbyteUrl,
      uiUrl: (given.AIRBYTE_UI_URL ?? airbyteUrl).replace(/\/$/, ''),
      auth: airbyteAuth(given),
      workspaceId: given.AIRBYTE_WORKSPACE_ID,
      requestTimeout: given.AIRBYTE_REQUEST_TIMEOUT,
      maxInFlight: given.AIRBYTE_MAX_IN_FLIGHT,
    },
    snowflake: snowflakeOf(given),
    /** What updateacl grants, in the public API's words (PermissionType). */
    accessPermission: given.ACCESS_PERMISSION,
    /** The names that descriptors may use as `{ secretRef: NAME }`. */
    secretsAllowed: given.SECRETS_ALLOWED,
  };
};

/** What says of one environment what the file says of each would be passed over silently. */
const refuseOneEnvironment = (env: Environment) => {
  const isSet = (name: string) => (env[name] ?? '') !== '';
  const given = OF_ONE_ENVIRONMENT.filter((name) => isSet(name) || isSet(`${name}_FILE`));
  if (given.length > 0)
    throw new ConfigError(
      `With PROVISIONER_CONFIG these are said in the file, and must not be set: ${given.join(', ')}.`,
    );
};

/** The worker's settings, and the file that describes its environments or, without one, the only one. */
export const anyWorkerConfig = (
  env: Environment = process.env,
): { file: string; config: WorkerConfig } | { file: undefined; config: OneEnvironmentConfig } => {
  const file = env.PROVISIONER_CONFIG;
  if (!file) return { file: undefined, config: workerConfig(env) };
  refuseOneEnvironment(env);
  return { file, config: workerOf(read(fileWorkerSchema, env), env) };
};

/** Whatever a header takes. The message tells nothing of what was given. */
const bearer = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be a token: one line of letters, digits and signs');

export const cliVariables = z.object({
  PROVISIONER_CONFIG: configFile,
  TEMPORAL_TASK_QUEUE: taskQueue,
  TEMPORAL_UI_URL: temporalUiUrl,
  AIRBYTE_MIN_SYNC_INTERVAL: minSyncInterval,
  AIRBYTE_REQUEST_TIMEOUT: workerVariables.shape.AIRBYTE_REQUEST_TIMEOUT,
  SECRETS_DIR: workerVariables.shape.SECRETS_DIR,
  PROVISIONER_URL: url.default('http://127.0.0.1:8093').meta({
    group: 'usual',
    description:
      'The gateway, with its base path, that the [engineer’s commands](engineering.md) ask',
  }),
  PROVISIONER_TOKEN: bearer.optional().meta({
    group: 'usual',
    secret: true,
    description:
      'What they send it as `Authorization: Bearer`, where a proxy in front of it lets nobody through without',
  }),
});

export type CliConfig = ReturnType<typeof cliConfig>;
/** For the command line: operators’ commands talk to Temporal as the gateway does, engineers’ to the gateway. */
export const cliConfig = (env: Environment = process.env) => {
  const given = read(cliVariables, env);
  return {
    /** The configuration file, which operators’ commands read; undefined: there is none. */
    file: given.PROVISIONER_CONFIG,
    taskQueue: given.TEMPORAL_TASK_QUEUE,
    temporalUiUrl: given.TEMPORAL_UI_URL?.replace(/\/$/, ''),
    /** Seconds, as for the gateway. */
    minSyncInterval: given.AIRBYTE_MIN_SYNC_INTERVAL / 1000,
    /** Milliseconds for one call to a fabric. */
    requestTimeout: given.AIRBYTE_REQUEST_TIMEOUT,
    /** Where the secrets of fabrics are, as for the worker. */
    secrets: secretsOf(given, env),
    gatewayUrl: given.PROVISIONER_URL,
    gatewayToken: given.PROVISIONER_TOKEN,
  };
};
