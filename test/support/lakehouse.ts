import { z } from 'zod';
import { DEFAULTS, startDatabricksSimulator } from '../../simulator/databricks/simulator';
import type { DatabricksOptions } from '../../simulator/databricks/simulator';
import { control } from './environments';

/* A Databricks over HTTP, and the fabric of a configuration file that has it; Airbyte writes as somebody else. */

export const { catalog, clientId, clientSecret, warehouseId, personalToken } = DEFAULTS;
/** Whom Airbyte writes as. */
export const [loader = ''] = DEFAULTS.servicePrincipals;
export const LOADER_TOKEN = 'dapi-canary-of-the-loader';

const Grants = z.record(z.string(), z.array(z.string()));
const Schema = z.looseObject({
  name: z.string(),
  owner: z.string(),
  comment: z.string().optional(),
  fullName: z.string(),
  properties: z.record(z.string(), z.string()),
  grants: Grants,
});
/** What the stand-in has, but for the tokens that it has given out. */
const Workspace = z.object({
  catalogs: z.array(z.looseObject({ name: z.string(), grants: Grants })),
  schemas: z.array(Schema),
  tables: z.array(z.looseObject({ name: z.string(), schemaId: z.string() })),
  principals: z.array(z.looseObject({ name: z.string() })),
});

const Call = z.looseObject({
  operation: z.string().nullable(),
  changes: z.boolean(),
  secretSha256: z.string().nullable(),
});

export const startLakehouse = async (options: DatabricksOptions = {}) => {
  const simulator = await startDatabricksSimulator({ startDuration: 20, ...options });
  const steer = (at: string, body?: object, method = 'POST') =>
    control(simulator, { at, method, ...(body && { body }) });
  await steer('/tokens', { principal: loader, token: LOADER_TOKEN });
  return {
    url: simulator.url,
    close: simulator.close,
    fabric: {
      type: 'databricks',
      team: 'finance',
      host: simulator.url,
      warehouseId,
      catalog,
      auth: { oauth: { clientId, clientSecret: { secretRef: 'LAKEHOUSE' } } },
      airbyteAuth: { pat: { secretRef: 'LAKEHOUSE_LOADER' } },
      manage: { schema: true, access: true },
    },
    secrets: { LAKEHOUSE: options.clientSecret ?? clientSecret, LAKEHOUSE_LOADER: LOADER_TOKEN },
    control: steer,
    state: async () =>
      Workspace.parse(await (await fetch(`${simulator.url}/_simulator/entities`)).json()),
    requests: async () =>
      z
        .object({ requests: z.array(Call) })
        .parse(await (await fetch(`${simulator.url}/_simulator/requests`)).json()).requests,
  };
};
export type Lakehouse = Awaited<ReturnType<typeof startLakehouse>>;
