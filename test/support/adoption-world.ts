import { DEFAULT_WORKSPACE_ID } from '../../simulator/simulator';
import { CANARY } from './harness';
import type { Entities, Harness } from './harness';

/* Pipelines that are in Airbyte before the provisioner: a person's, and the existing provisioner's. */

const POSTGRES = 'decd338e-5647-4c0b-adf4-da0e75f5a750';
const SNOWFLAKE = '424892c4-daac-4491-b35d-c6688ba547ba';
const FILE = '778daa7c-feaf-4db6-96f3-70fd645acc77';

/** What a person has typed into Airbyte; a descriptor has it by reference. */
export const BY_HAND = `${CANARY}-by-hand`;
export const REFERRED = `${CANARY}-referred`;
export const SECRETS = { SECRETS_ALLOWED: 'ORDERS_PASSWORD', ORDERS_PASSWORD: REFERRED };

const POSTGRES_BY_HAND = {
  host: 'db.example.invalid',
  port: 5432,
  database: 'orders',
  schemas: ['public'],
  username: 'reader',
  password: BY_HAND,
  ssl_mode: { mode: 'prefer' },
  replication_method: { method: 'Standard' },
  tunnel_method: { tunnel_method: 'NO_TUNNEL' },
};

const SNOWFLAKE_BY_HAND = {
  host: 'tests.snowflakecomputing.com',
  role: 'LOADER',
  warehouse: 'LOADING',
  username: 'airbyte',
  database: 'FINANCE',
  schema: 'CASHFLOW_0',
  credentials: { auth_type: 'Username and Password', password: BY_HAND },
};

const STREAM = { name: 'orders', namespace: 'public', syncMode: 'full_refresh_append' };

/** The descriptor that wants the pipeline as a person has made it, secrets aside. */
export const AS_MADE = {
  source: {
    connector: 'postgres',
    name: 'Orders',
    connectionConfiguration: {
      host: 'db.example.invalid',
      database: 'orders',
      username: 'reader',
      password: { secretRef: 'ORDERS_PASSWORD' },
    },
  },
  destination: { name: 'Warehouse', connectionConfiguration: {} },
  connection: { name: 'Orders to warehouse', streams: [STREAM] },
};

const idIn = (made: unknown, kind: 'source' | 'destination' | 'connection') =>
  String(Reflect.get(Object(made), `${kind}Id`));

export const makeActor = async (
  harness: Harness,
  kind: 'source' | 'destination',
  actor: { name: string; definitionId?: string; configuration?: object },
) => {
  const defaults =
    kind === 'source'
      ? { definitionId: POSTGRES, configuration: POSTGRES_BY_HAND }
      : { definitionId: SNOWFLAKE, configuration: SNOWFLAKE_BY_HAND };
  const body = { workspaceId: DEFAULT_WORKSPACE_ID, ...defaults, ...actor };
  return idIn(await harness.airbyte('POST', `/${kind}s`, body), kind);
};

interface Made {
  sourceId: string;
  destinationId: string;
  connectionId: string;
}

export const connect = async (
  harness: Harness,
  ends: Omit<Made, 'connectionId'>,
  connection: object = {},
): Promise<Made> => {
  const made = await harness.airbyte('POST', '/connections', {
    name: AS_MADE.connection.name,
    schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ?' },
    prefix: 'o_',
    configurations: { streams: [STREAM] },
    ...ends,
    ...connection,
  });
  return { ...ends, connectionId: idIn(made, 'connection') };
};

/** As somebody makes one in Airbyte's user interface. */
export const makeByHand = async (harness: Harness, connection: object = {}) =>
  connect(
    harness,
    {
      sourceId: await makeActor(harness, 'source', { name: 'Orders of old' }),
      destinationId: await makeActor(harness, 'destination', { name: 'Warehouse of old' }),
    },
    connection,
  );

/** An operation of Airbyte's Config API. */
const config = async (
  harness: Pick<Harness, 'simulator'>,
  at: string,
  body: object,
): Promise<unknown> => {
  const json = { 'content-type': 'application/json' };
  const granted = await fetch(`${harness.simulator.url}/api/public/v1/applications/token`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ client_id: 'simulator', client_secret: 'simulator-secret' }),
  });
  const token: unknown = Reflect.get(Object(await granted.json()), 'access_token');
  const response = await fetch(`${harness.simulator.url}/api/v1${at}`, {
    method: 'POST',
    headers: { ...json, authorization: `Bearer ${String(token)}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${at}: ${await response.text()}`);
  return response.json();
};

/** What the existing provisioner sets, so that a literal NA survives. */
const NA_VALUES = '"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"';

interface Scala {
  prefix?: string;
  given?: string;
  dataset?: string;
}

/**
 * The calls of the existing provisioner (agile-lab-dev/witboost-airbyte-specific-provisioner 1.0.0):
 * plain names, the first stream alone and overwritten, no schedule, a loading method of old.
 */
export const makeAsScala = async (
  harness: Pick<Harness, 'simulator'>,
  given: Scala = {},
): Promise<Made> => {
  const { prefix = 'finance.cashflow.0', given: name = 'payments', dataset = 'payments' } = given;
  const workspaceId = DEFAULT_WORKSPACE_ID;
  const source = await config(harness, '/sources/create', {
    name: `${prefix}.${name}`,
    workspaceId,
    sourceDefinitionId: FILE,
    connectionConfiguration: {
      url: 'https://files.example.invalid/payments.csv',
      format: 'csv',
      provider: { storage: 'HTTPS', user_agent: false },
      dataset_name: dataset,
      reader_options: `{"keep_default_na":false,"na_values":[${NA_VALUES}]}`,
    },
  });
  const destination = await config(harness, '/destinations/create', {
    name: `${prefix}.${name}`,
    workspaceId,
    destinationDefinitionId: SNOWFLAKE,
    connectionConfiguration: {
      ...SNOWFLAKE_BY_HAND,
      loading_method: { method: 'Internal Staging' },
    },
  });
  const sourceId = idIn(source, 'source');
  const destinationId = idIn(destination, 'destination');
  const discovered = await config(harness, '/sources/discover_schema', {
    sourceId,
    disable_cache: false,
  });
  const catalog: unknown = Reflect.get(Object(discovered), 'catalog');
  const streams: unknown = Reflect.get(Object(catalog), 'streams');
  const first: unknown = Array.isArray(streams) ? streams[0] : undefined;
  const stream: unknown = Reflect.get(Object(first), 'stream');
  const made = await config(harness, '/connections/create', {
    name: `${prefix}.${name}`,
    sourceId,
    destinationId,
    operationIds: ['a1b2c3d4-0000-4000-8000-000000000001'],
    scheduleType: 'manual',
    status: 'active',
    syncCatalog: {
      streams: [
        {
          stream,
          config: {
            selected: true,
            syncMode: 'full_refresh',
            destinationSyncMode: 'overwrite',
            aliasName: dataset,
          },
        },
      ],
    },
  });
  return { sourceId, destinationId, connectionId: idIn(made, 'connection') };
};

/** The ids of all there is. */
export const idsOf = ({ sources, destinations, connections }: Entities) => ({
  sources: sources.map(({ sourceId }) => sourceId).sort(),
  destinations: destinations.map(({ destinationId }) => destinationId).sort(),
  connections: connections.map(({ connectionId }) => connectionId).sort(),
});

export const onlyThese = (...made: Made[]) => ({
  sources: made.map(({ sourceId }) => sourceId).sort(),
  destinations: made.map(({ destinationId }) => destinationId).sort(),
  connections: made.map(({ connectionId }) => connectionId).sort(),
});

/** All that there is, secrets included, in an order of its own. */
export const world = async (harness: Harness) => {
  const { sources, destinations, connections } = await harness.entities('?secrets=true');
  const by = <One extends Record<string, unknown>>(key: string, all: One[]) =>
    all.toSorted((a, b) => String(a[key]).localeCompare(String(b[key])));
  return {
    sources: by('sourceId', sources),
    destinations: by('destinationId', destinations),
    connections: by('connectionId', connections),
  };
};
