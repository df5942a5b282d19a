import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import { MANAGER } from './fabric-check';
import { CATALOG, DOMAIN, ENVIRONMENT, LAKEHOUSE } from './requests';
import {
  AIRBYTE_SECRET,
  FABRIC_HOST,
  LAKE_LOADER,
  LAKE_LOADER_SECRET,
  LAKE_MANAGER,
  LAKE_MANAGER_SECRET,
  LOADER_PASSWORD,
  MANAGER_KEY,
  SECRET_NAMES,
} from './secrets';

const FABRIC = 'warehouse';
const TEAM = 'finance';

/** One environment, and a team with two fabrics that make schemas and grant the data. */
const settingsOf = ({
  airbyteUrl,
  fabricUrl,
  lakehouseUrl,
}: {
  airbyteUrl: string;
  fabricUrl: string;
  lakehouseUrl: string;
}) => ({
  gateway: { auth: { mode: 'none' } },
  environments: {
    [ENVIRONMENT]: {
      airbyte: {
        url: airbyteUrl,
        workspaceId: DEFAULT_WORKSPACE_ID,
        auth: { clientId: 'simulator', clientSecret: { secretRef: AIRBYTE_SECRET } },
      },
      workspaceAccess: 'none',
    },
  },
  teams: {
    [TEAM]: {
      domains: [DOMAIN],
      environments: [ENVIRONMENT],
      secrets: SECRET_NAMES,
      defaultFabric: { [ENVIRONMENT]: FABRIC },
    },
  },
  fabrics: {
    [FABRIC]: {
      type: 'snowflake',
      team: TEAM,
      host: FABRIC_HOST,
      apiUrl: fabricUrl,
      warehouse: 'PROVISIONING',
      user: 'AIRBYTE',
      role: 'AIRBYTE',
      credentials: { password: { secretRef: LOADER_PASSWORD } },
      manage: {
        schema: true,
        access: true,
        by: { user: MANAGER, role: MANAGER, privateKey: { secretRef: MANAGER_KEY } },
      },
      principals: { strategy: 'template', user: '{MAIL}' },
    },
    [LAKEHOUSE]: {
      type: 'databricks',
      team: TEAM,
      host: lakehouseUrl,
      warehouseId: '0123456789abcdef',
      catalog: CATALOG,
      auth: {
        oauth: { clientId: LAKE_MANAGER, clientSecret: { secretRef: LAKE_MANAGER_SECRET } },
      },
      airbyteAuth: {
        oauth: { clientId: LAKE_LOADER, clientSecret: { secretRef: LAKE_LOADER_SECRET } },
      },
      manage: { schema: true, access: true, catalogUse: true },
      principals: { strategy: 'identity' },
    },
  },
});

/** Where the configuration file is. */
export const writeSettings = (folder: string, urls: Parameters<typeof settingsOf>[0]): string => {
  const file = path.join(folder, 'provisioner.yaml');
  writeFileSync(file, stringify(settingsOf(urls)));
  return file;
};
