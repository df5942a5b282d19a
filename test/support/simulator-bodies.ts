import { DEFAULT_WORKSPACE_ID as workspaceId } from '../../simulator/simulator';

/** Bodies of the Config API, for tests of the simulator. */

export const FILE = '778daa7c-feaf-4db6-96f3-70fd645acc77';
export const POSTGRES = 'decd338e-5647-4c0b-adf4-da0e75f5a750';
export const SNOWFLAKE = '424892c4-daac-4491-b35d-c6688ba547ba';

export const postgres = {
  name: 'shop',
  workspaceId,
  sourceDefinitionId: POSTGRES,
  connectionConfiguration: {
    host: 'db.example.com',
    port: 5432,
    database: 'shop',
    username: 'reader',
    password: 'hush',
  },
};

export const fileSource = (url: string) => ({
  name: 'orders',
  workspaceId,
  sourceDefinitionId: FILE,
  connectionConfiguration: {
    dataset_name: 'orders',
    format: 'csv',
    url,
    provider: { storage: 'HTTPS' },
  },
});

export const snowflake = {
  name: 'warehouse',
  workspaceId,
  destinationDefinitionId: SNOWFLAKE,
  connectionConfiguration: {
    host: 'acme.snowflakecomputing.com',
    role: 'LOADER',
    warehouse: 'WH',
    database: 'DB',
    schema: 'PUBLIC',
    username: 'AIRBYTE',
    credentials: { auth_type: 'Username and Password', password: 'hush' },
  },
};

/** One stream of the Postgres source, deduplicated and with some of its fields. */
export const customers = {
  stream: {
    name: 'customers',
    namespace: 'public',
    jsonSchema: {
      type: 'object',
      properties: { id: {}, name: {}, email: {}, updated_at: {} },
    },
    supportedSyncModes: ['full_refresh', 'incremental'],
    sourceDefinedPrimaryKey: [['id']],
  },
  config: {
    syncMode: 'incremental',
    destinationSyncMode: 'append_dedup',
    cursorField: ['updated_at'],
    primaryKey: [['id']],
    selected: true,
    fieldSelectionEnabled: true,
    selectedFields: [{ fieldPath: ['id'] }, { fieldPath: ['name'] }, { fieldPath: ['updated_at'] }],
  },
};
