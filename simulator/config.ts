import ms from 'ms';
import { z } from 'zod';

const DURATION = /^\d*\.?\d+ *(ms|s|m|h|d)$/;
const isDuration = (text: unknown): text is ms.StringValue =>
  typeof text === 'string' && DURATION.test(text);

const Variables = z.object({
  HOST: z.string().default('127.0.0.1'),
  SIMULATOR_PORT: z.coerce.number().int().min(0).max(65535).default(8000),
  SIMULATOR_AUTH: z.enum(['oauth', 'basic', 'none']).default('oauth'),
  /** Airbyte's version; below 2 its Config API tells errors in the older form. */
  SIMULATOR_VERSION: z
    .string()
    .regex(/^\d+(\.\d+)*$/, 'must be a version such as 1.8.0')
    .default('2.0.0'),
  SIMULATOR_EDITION: z.enum(['community', 'pro', 'enterprise', 'trial']).default('community'),
  SIMULATOR_MIN_SYNC_INTERVAL: z
    .custom<ms.StringValue>(isDuration, 'must be a duration with its unit, for example 30s or 1h')
    .default('1h'),
  SIMULATOR_APIS: z.enum(['public', 'config', 'both']).default('both'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
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
  const parsed = Variables.safeParse(given);
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
