import { z } from 'zod';
import {
  duration,
  HOST,
  LOG_LEVEL,
  namesIn,
  portOf,
  rare,
  readVariables,
  secondsIn,
  usual,
} from '../steering/variables';
import { DEFAULTS } from './simulator';

/** docs/configuration.md is made of these. */
export const Variables = z.object({
  HOST,
  DATABRICKS_SIMULATOR_PORT: portOf(8098),
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
  DATABRICKS_SIMULATOR_RESOURCE_ID: z
    .string()
    .optional()
    .meta(
      rare(
        'The id of the workspace in Azure: with it the principal of Entra ID is no user of the workspace, and shows that Azure lets it in',
      ),
    ),
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
  DATABRICKS_SIMULATOR_TOKEN_LIFETIME: duration
    .default('1h')
    .meta(rare('How long a token of OAuth or Entra ID lives')),
  LOG_LEVEL,
});

/** What the variables of the environment say; an empty one counts as absent. */
export const databricksConfig = (env: Record<string, string | undefined> = process.env) => {
  const data = readVariables(Variables, env);
  return {
    host: data.HOST,
    port: data.DATABRICKS_SIMULATOR_PORT,
    warehouseId: data.DATABRICKS_SIMULATOR_WAREHOUSE,
    catalog: data.DATABRICKS_SIMULATOR_CATALOG,
    clientId: data.DATABRICKS_SIMULATOR_CLIENT_ID,
    clientSecret: data.DATABRICKS_SIMULATOR_CLIENT_SECRET,
    personalToken: data.DATABRICKS_SIMULATOR_TOKEN,
    tenantId: data.DATABRICKS_SIMULATOR_TENANT,
    resourceId: data.DATABRICKS_SIMULATOR_RESOURCE_ID,
    clusterId: data.DATABRICKS_SIMULATOR_CLUSTER,
    users: namesIn(data.DATABRICKS_SIMULATOR_USERS),
    groups: namesIn(data.DATABRICKS_SIMULATOR_GROUPS),
    servicePrincipals: namesIn(data.DATABRICKS_SIMULATOR_SERVICE_PRINCIPALS),
    /** Seconds. */
    tokenLifetime: secondsIn(data.DATABRICKS_SIMULATOR_TOKEN_LIFETIME),
    logLevel: data.LOG_LEVEL,
  };
};
