import ms from 'ms';
import { z } from 'zod';
import { SettingsError } from '../config';
import { wordsFor } from '../wording';
import { DEFAULTS } from './simulator';

const DURATION = /^\d*\.?\d+ *(ms|s|m|h|d)$/;
const isDuration = (text: unknown): text is ms.StringValue =>
  typeof text === 'string' && DURATION.test(text);

const usual = (description: string) => ({ group: 'usual', description });
const rare = (description: string) => ({ group: 'rare', description });
const namesOf = (text: string) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** `group` says who sets a variable; docs/configuration.md is made of these. */
export const Variables = z.object({
  HOST: z
    .string()
    .default('127.0.0.1')
    .meta(usual('The address to listen on. `0.0.0.0` in a container')),
  DATABRICKS_SIMULATOR_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65535)
    .default(8098)
    .meta(usual('Where it listens')),
  DATABRICKS_SIMULATOR_WAREHOUSE: z
    .string()
    .regex(/^[0-9a-f]{16}$/, 'must be 16 hexadecimal digits')
    .default(DEFAULTS.warehouseId)
    .meta(usual('The id of its SQL warehouse')),
  DATABRICKS_SIMULATOR_CATALOG: z
    .string()
    .regex(/^[^./\s]{1,255}$/, 'must be a name without dot, slash and space')
    .default(DEFAULTS.catalog)
    .meta(usual('Its catalog, in which the service principal may make schemas')),
  DATABRICKS_SIMULATOR_CLIENT_ID: z
    .string()
    .default(DEFAULTS.clientId)
    .meta(usual('Of the service principal, for OAuth and for Entra ID')),
  DATABRICKS_SIMULATOR_CLIENT_SECRET: z
    .string()
    .default(DEFAULTS.clientSecret)
    .meta(usual('Its secret, made up and good for nothing else')),
  DATABRICKS_SIMULATOR_TOKEN: z
    .string()
    .regex(/^dapi/, 'must begin with dapi')
    .default(DEFAULTS.personalToken)
    .meta(usual('The service principal’s personal access token')),
  DATABRICKS_SIMULATOR_TENANT: z
    .string()
    .default(DEFAULTS.tenantId)
    .meta(rare('The tenant of Entra ID, which is the first part of the path of its tokens')),
  DATABRICKS_SIMULATOR_CLUSTER: z
    .string()
    .default(DEFAULTS.clusterId)
    .meta(rare('The id of its cluster')),
  DATABRICKS_SIMULATOR_USERS: z
    .string()
    .default(DEFAULTS.users.join(','))
    .meta(usual('E-mails of its users, with commas between them')),
  DATABRICKS_SIMULATOR_GROUPS: z
    .string()
    .default(DEFAULTS.groups.join(','))
    .meta(usual('Names of its groups, with commas between them')),
  DATABRICKS_SIMULATOR_SERVICE_PRINCIPALS: z
    .string()
    .default(DEFAULTS.servicePrincipals.join(','))
    .meta(rare('Application ids of more service principals, with commas between them')),
  DATABRICKS_SIMULATOR_TOKEN_LIFETIME: z
    .custom<ms.StringValue>(isDuration, 'must be a duration with its unit, for example 30s or 1h')
    .default('1h')
    .meta(rare('How long a token of OAuth or Entra ID lives')),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .meta(usual('What is logged')),
});

/** What the variables of the environment say; an empty one counts as absent. */
export const databricksConfig = (env: Record<string, string | undefined> = process.env) => {
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
    port: data.DATABRICKS_SIMULATOR_PORT,
    warehouseId: data.DATABRICKS_SIMULATOR_WAREHOUSE,
    catalog: data.DATABRICKS_SIMULATOR_CATALOG,
    clientId: data.DATABRICKS_SIMULATOR_CLIENT_ID,
    clientSecret: data.DATABRICKS_SIMULATOR_CLIENT_SECRET,
    personalToken: data.DATABRICKS_SIMULATOR_TOKEN,
    tenantId: data.DATABRICKS_SIMULATOR_TENANT,
    clusterId: data.DATABRICKS_SIMULATOR_CLUSTER,
    users: namesOf(data.DATABRICKS_SIMULATOR_USERS),
    groups: namesOf(data.DATABRICKS_SIMULATOR_GROUPS),
    servicePrincipals: namesOf(data.DATABRICKS_SIMULATOR_SERVICE_PRINCIPALS),
    /** Seconds. */
    tokenLifetime: ms(data.DATABRICKS_SIMULATOR_TOKEN_LIFETIME) / 1000,
    logLevel: data.LOG_LEVEL,
  };
};
