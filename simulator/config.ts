import { z } from 'zod';
import {
  duration,
  HOST,
  LOG_LEVEL,
  portOf,
  rare,
  readVariables,
  secondsIn,
  usual,
} from './steering/variables';

/** docs/configuration.md is made of these. */
export const Variables = z.object({
  HOST,
  SIMULATOR_PORT: portOf(8000),
  SIMULATOR_AUTH: z
    .enum(['oauth', 'basic', 'none'])
    .default('oauth')
    .meta(
      usual(
        'Client `simulator` with secret `simulator-secret`; user `airbyte` with password `password`; or nothing',
      ),
    ),
  SIMULATOR_EDITION: z
    .enum(['community', 'pro', 'enterprise', 'trial'])
    .default('community')
    .meta(usual('`community` has no users, groups and permissions')),
  SIMULATOR_VERSION: z
    .string()
    .regex(/^\d+(\.\d+)*$/, 'must be a version such as 1.8.0')
    .default('2.0.0')
    .meta(rare('Of Airbyte: below 2 the older form of errors, below 1.8 lists without pages')),
  SIMULATOR_MIN_SYNC_INTERVAL: duration
    .default('1h')
    .meta(rare('The least interval of a cron that it takes')),
  SIMULATOR_APIS: z
    .enum(['public', 'config', 'both'])
    .default('both')
    .meta(rare('Which of Airbyte’s APIs it serves')),
  LOG_LEVEL,
});

type Apis = ('public' | 'config')[];
const APIS: Record<'public' | 'config' | 'both', Apis> = {
  public: ['public'],
  config: ['config'],
  both: ['public', 'config'],
};

/** What the variables of the environment say; an empty one counts as absent. */
export const simulatorConfig = (env: Record<string, string | undefined> = process.env) => {
  const data = readVariables(Variables, env);
  return {
    host: data.HOST,
    port: data.SIMULATOR_PORT,
    auth: data.SIMULATOR_AUTH,
    version: data.SIMULATOR_VERSION,
    edition: data.SIMULATOR_EDITION,
    /** Seconds. */
    minSyncInterval: secondsIn(data.SIMULATOR_MIN_SYNC_INTERVAL),
    apis: APIS[data.SIMULATOR_APIS],
    logLevel: data.LOG_LEVEL,
  };
};
