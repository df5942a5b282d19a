import ms from 'ms';
import { z } from 'zod';

type Environment = Record<string, string | undefined>;

/** A bad or missing variable. The message names every one of them, never a value. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** For durations that are given elsewhere too. */
export const durationText = z.custom<ms.StringValue>(
  (text) => typeof text === 'string' && /^\d*\.?\d+ *(ms|s|m|h|d)$/.test(text),
  'must be a duration with its unit, for example 200ms, 30s or 15m',
);
const isLong = (value: number) => value > 0;
const tooShort = 'must be longer than zero';

/** A duration as the `ms` package reads it (`200ms`, `30s`, `15m`), in milliseconds. */
const duration = (fallback: ms.StringValue) =>
  durationText
    .default(fallback)
    .transform((text) => ms(text))
    .refine(isLong, tooShort);
const durationOrZero = (fallback: ms.StringValue) =>
  durationText.default(fallback).transform((text) => ms(text));

const port = (fallback: number) =>
  z.coerce
    .number({ message: 'must be a port number' })
    .int()
    .min(0, 'must be a port number')
    .max(65535, 'must be a port number')
    .default(fallback);

const url = z.url({ protocol: /^https?$/, message: 'must be an http(s) URL' });
const optionalText = z.string().optional();
const requiredText = z.string({ message: 'is required' });
const logLevel = z
  .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
  .default('info');

const temporal = {
  TEMPORAL_TASK_QUEUE: z.string().default('airbyte-provisioner'),
  TEMPORAL_UI_URL: url.optional(),
  LOG_LEVEL: logLevel,
};

const gatewaySchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: port(8093),
  BASE_PATH: z
    .string()
    .regex(/^(\/[\w.~-]+)*\/?$/, 'must be a path such as /datamesh.specificprovisioner')
    .default(''),
  AIRBYTE_RETRY_INITIAL: duration('1s'),
  AIRBYTE_RETRY_MAX_INTERVAL: duration('30s'),
  AIRBYTE_GIVE_UP_AFTER: duration('15m'),
  AIRBYTE_SETTLE_TIME: duration('1m'),
  OPERATIONS: z.enum(['on', 'off'], { message: 'must be on or off' }).default('off'),
  DRAIN_FOR: durationOrZero('0s'),
  ...temporal,
});

const workerSchema = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    WORKER_PORT: port(8094),
    AIRBYTE_URL: url.default('http://127.0.0.1:8000'),
    AIRBYTE_API: z
      .literal('public', { message: 'must be public: the Config API is not supported yet' })
      .default('public'),
    AIRBYTE_CLIENT_ID: optionalText,
    AIRBYTE_CLIENT_SECRET: optionalText,
    AIRBYTE_USERNAME: optionalText,
    AIRBYTE_PASSWORD: optionalText,
    AIRBYTE_WORKSPACE_ID: z.guid({ message: 'is required: the UUID of an Airbyte workspace' }),
    AIRBYTE_UI_URL: url.optional(),
    AIRBYTE_REQUEST_TIMEOUT: duration('30s'),
    AIRBYTE_MAX_IN_FLIGHT: z.coerce
      .number({ message: 'must be a whole number' })
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .default(3),
    RECONCILE_EVERY: durationText
      .transform((text) => ms(text))
      .refine((value) => value >= 60_000, 'must be a minute or longer')
      .optional(),
    WORKER_DEPLOYMENT_NAME: optionalText,
    WORKER_BUILD_ID: optionalText,
    WORKER_VERSIONING: z
      .enum(['pinned', 'auto-upgrade'], { message: 'must be pinned or auto-upgrade' })
      .default('pinned'),
    FINGERPRINT_KEY: optionalText,
    SNOWFLAKE_HOST: requiredText,
    SNOWFLAKE_ROLE: requiredText,
    SNOWFLAKE_WAREHOUSE: requiredText,
    SNOWFLAKE_USER: requiredText,
    SNOWFLAKE_PASSWORD: optionalText,
    SNOWFLAKE_PRIVATE_KEY_FILE: optionalText,
    SNOWFLAKE_PRIVATE_KEY_PASSWORD: optionalText,
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
  })
  .refine((env) => !env.SNOWFLAKE_PASSWORD !== !env.SNOWFLAKE_PRIVATE_KEY_FILE, {
    path: ['SNOWFLAKE_PASSWORD'],
    message: 'or SNOWFLAKE_PRIVATE_KEY_FILE is required, and only one of them',
  });

const simulatorSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  SIMULATOR_PORT: port(8000),
  SIMULATOR_AUTH: z.enum(['oauth', 'basic', 'none']).default('oauth'),
  LOG_LEVEL: logLevel,
});

/** An empty variable counts as absent, as container platforms set unset ones to "". */
const withoutEmpty = (env: Environment) =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));

const read = <Schema extends z.ZodType>(schema: Schema, env: Environment): z.output<Schema> => {
  const parsed = schema.safeParse(withoutEmpty(env));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new ConfigError(`These environment variables need mending: ${problems.join('; ')}.`);
};

export type GatewayConfig = ReturnType<typeof gatewayConfig>;
export const gatewayConfig = (env: Environment = process.env) => {
  const given = read(gatewaySchema, env);
  return {
    host: given.HOST,
    port: given.PORT,
    basePath: given.BASE_PATH.replace(/\/$/, ''),
    taskQueue: given.TEMPORAL_TASK_QUEUE,
    temporalUiUrl: given.TEMPORAL_UI_URL?.replace(/\/$/, ''),
    /** Milliseconds; handed to each run, so that a replay sees what the run was started with. */
    retry: {
      initial: given.AIRBYTE_RETRY_INITIAL,
      maxInterval: Math.max(given.AIRBYTE_RETRY_INITIAL, given.AIRBYTE_RETRY_MAX_INTERVAL),
      giveUpAfter: given.AIRBYTE_GIVE_UP_AFTER,
      settleTime: given.AIRBYTE_SETTLE_TIME,
    },
    /** Whether the gateway serves /operations, which can replay and cancel runs. */
    operations: given.OPERATIONS === 'on',
    /** Milliseconds between the signal to end, told on /readyz, and the last request taken. */
    drainFor: given.DRAIN_FOR,
    logLevel: given.LOG_LEVEL,
  };
};

/** How the client proves itself to Airbyte. */
export type AirbyteAuth =
  | { kind: 'oauth'; clientId: string; clientSecret: string }
  | { kind: 'basic'; username: string; password: string }
  | { kind: 'none' };

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
      url: airbyteUrl,
      uiUrl: (given.AIRBYTE_UI_URL ?? airbyteUrl).replace(/\/$/, ''),
      auth: airbyteAuth(given),
      workspaceId: given.AIRBYTE_WORKSPACE_ID,
      requestTimeout: given.AIRBYTE_REQUEST_TIMEOUT,
      maxInFlight: given.AIRBYTE_MAX_IN_FLIGHT,
    },
    /** Milliseconds between looks for drift; undefined: none are scheduled. */
    reconcileEvery: given.RECONCILE_EVERY,
    versioning: versioningOf(given),
    /** Keys the fingerprints in Airbyte's names; a new key means one rewrite of each entity. */
    fingerprintKey:
      given.FINGERPRINT_KEY ??
      given.AIRBYTE_CLIENT_SECRET ??
      given.AIRBYTE_PASSWORD ??
      given.AIRBYTE_WORKSPACE_ID,
    snowflake: {
      host: given.SNOWFLAKE_HOST,
      role: given.SNOWFLAKE_ROLE,
      warehouse: given.SNOWFLAKE_WAREHOUSE,
      username: given.SNOWFLAKE_USER,
      password: given.SNOWFLAKE_PASSWORD,
      privateKeyFile: given.SNOWFLAKE_PRIVATE_KEY_FILE,
      privateKeyPassword: given.SNOWFLAKE_PRIVATE_KEY_PASSWORD,
    },
  };
};

/** For the command line, which talks to Temporal as the gateway does. */
export const cliConfig = (env: Environment = process.env) => {
  const given = read(z.object(temporal), env);
  return {
    taskQueue: given.TEMPORAL_TASK_QUEUE,
    temporalUiUrl: given.TEMPORAL_UI_URL?.replace(/\/$/, ''),
  };
};

export const simulatorConfig = (env: Environment = process.env) => {
  const given = read(simulatorSchema, env);
  return {
    host: given.HOST,
    port: given.SIMULATOR_PORT,
    auth: given.SIMULATOR_AUTH,
    logLevel: given.LOG_LEVEL,
  };
};
