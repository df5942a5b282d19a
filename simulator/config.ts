import ms from 'ms';
import { z } from 'zod';
import { wordsFor } from './wording';

const DURATION = /^\d*\.?\d+ *(ms|s|m|h|d)$/;
const isDuration = (text: unknown): text is ms.StringValue =>
  typeof text === 'string' && DURATION.test(text);

/** `group` says who sets a variable; docs/configuration.md is made of these. */
export const Variables = z.object({
  HOST: z.string().default('127.0.0.1').meta({
    group: 'usual',
    description: 'The address to listen on. `0.0.0.0` in a container',
  }),
  SIMULATOR_PORT: z.coerce.number().int().min(0).max(65535).default(8000).meta({
    group: 'usual',
    description: 'Where it listens',
  }),
  SIMULATOR_AUTH: z.enum(['oauth', 'basic', 'none']).default('oauth').meta({
    group: 'usual',
    description:
      'Client `simulator` with secret `simulator-secret`; user `airbyte` with password `password`; or nothing',
  }),
  SIMULATOR_EDITION: z
    .enum(['community', 'pro', 'enterprise', 'trial'])
    .default('community')
    .meta({ group: 'usual', description: '`community` has no users, groups and permissions' }),
  SIMULATOR_VERSION: z
    .string()
    .regex(/^\d+(\.\d+)*$/, 'must be a version such as 1.8.0')
    .default('2.0.0')
    .meta({
      group: 'rare',
      description: 'Of Airbyte: below 2 the older form of errors, below 1.8 lists without pages',
    }),
  SIMULATOR_MIN_SYNC_INTERVAL: z
    .custom<ms.StringValue>(isDuration, 'must be a duration with its unit, for example 30s or 1h')
    .default('1h')
    .meta({ group: 'rare', description: 'The least interval of a cron that it takes' }),
  SIMULATOR_APIS: z
    .enum(['public', 'config', 'both'])
    .default('both')
    .meta({ group: 'rare', description: 'Which of Airbyte’s APIs it serves' }),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .meta({ group: 'usual', description: 'What is logged' }),
});

/** A bad variable: the message names every one of them. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

type Apis = ('public' | 'config')[];
const APIS: Record<'public' | 'config' | 'both', Apis> = {
  public: ['public'],
  config: ['config'],
  both: ['public', 'config'],
};

/** What the variables of the environment say; an empty one counts as absent. */
export const simulatorConfig = (env: Record<string, string | undefined> = process.env) => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Variables.safeParse(given, { error: wordsFor });
  if (!parsed.success)
    throw new SettingsError(
      `These environment variables need mending: ${parsed.error.issues
        .map(({ path, message }) => `${path.join('.')} ${message}`)
        .join('; ')}.`,
    );
  const { data } = parsed;
  return {
    host: data.HOST,
    port: data.SIMULATOR_PORT,
    auth: data.SIMULATOR_AUTH,
    version: data.SIMULATOR_VERSION,
    edition: data.SIMULATOR_EDITION,
    /** Seconds. */
    minSyncInterval: ms(data.SIMULATOR_MIN_SYNC_INTERVAL) / 1000,
    apis: APIS[data.SIMULATOR_APIS],
    logLevel: data.LOG_LEVEL,
  };
};
