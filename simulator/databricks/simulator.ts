import express from 'express';
import type { Logger } from 'pino';
import { CONTROL_BASE } from '../steering/control';
import { listen, type Place } from '../steering/listener';
import { createRequests } from '../steering/requests';
import { createTimers } from '../steering/timers';
import { createApi } from './api';
import { clusterOperations } from './clusters/clusters';
import { createCommands } from './clusters/commands';
import { createControl } from './control';
import { createFaults } from './faults';
import { principalOperations } from './principals';
import type { ReceivedCall } from './requests';
import { freshStore, type SeedSettings } from './seed';
import { createStatements } from './sql/statements';
import { createWarehouse, warehouseOperations } from './sql/warehouses';
import { copyStore } from './store';
import { type TokenSettings, tokenOperations } from './tokens';
import { grantOperations } from './unity/grants';
import { schemaOperations } from './unity/schemas';

export interface DatabricksOptions extends Partial<SeedSettings>, Partial<TokenSettings> {
  /** Milliseconds until a warehouse, and a cluster, runs. */
  startDuration?: number;
  /** Milliseconds until a context runs. */
  contextDuration?: number;
  /** Milliseconds that a statement or a command runs. */
  duration?: number;
  /** Rows in a chunk of a result. */
  chunkRows?: number;
  log?: Logger;
}

/** What a client needs to know of a simulator that is started without more. */
export const DEFAULTS = {
  warehouseId: '0123456789abcdef',
  clusterId: '0123-456789-abcdefgh',
  catalog: 'main',
  clientId: '5f1a2b3c-4d5e-4f60-8a7b-9c0d1e2f3a4b',
  clientSecret: 'simulator-secret',
  personalToken: 'dapi-simulator',
  tenantId: '7c0ffee0-1234-4abc-9def-0123456789ab',
  users: ['alice@example.com', 'bob@example.com'],
  groups: ['analysts', 'data-engineers'],
  servicePrincipals: ['9d8c7b6a-5f4e-4d3c-8b2a-1f0e9d8c7b6a'],
};

const defaults = {
  ...DEFAULTS,
  workspaceId: '1234567890123456',
  resourceId: undefined,
  tokenLifetime: 3600,
  startDuration: 300,
  contextDuration: 100,
  duration: 0,
  chunkRows: 1000,
};

/** A workspace in memory, and the routes that steer it. */
const createSimulator = (options: DatabricksOptions) => {
  const settings = { ...defaults, ...options };
  const { catalog, startDuration, duration, contextDuration, workspaceId, chunkRows, log } =
    settings;
  const { resourceId } = settings;
  const store = freshStore(settings);
  const [faults, timers] = [createFaults(), createTimers()];
  const requests = createRequests<ReceivedCall>();
  const { later } = timers;
  const warehouse = createWarehouse({ store, later, startDuration });
  const statements = createStatements({
    store,
    warehouse,
    defaultCatalog: catalog,
    duration,
    chunkRows,
  });
  const commands = createCommands({ store, later, catalog, contextDuration, duration });
  const operations = [
    ...tokenOperations(store, settings),
    ...principalOperations(store),
    ...warehouseOperations(store, warehouse),
    ...statements.operations,
    ...schemaOperations(store),
    ...grantOperations(store),
    ...clusterOperations({ store, later, startDuration }),
    ...commands.operations,
  ];
  const become = (next: typeof store) => {
    statements.clear();
    commands.clear();
    timers.clear();
    faults.clear();
    requests.clear();
    Object.assign(store, next);
    warehouse.release();
  };
  const reset = () => become(freshStore(settings));
  let saved = copyStore(store);
  const app = express().disable('x-powered-by').disable('etag');
  app.use(
    CONTROL_BASE,
    createControl({
      store,
      faults,
      requests,
      operations: operations.map(({ id }) => id),
      warehouse,
      late: timers.pending,
      reset,
      save: () => {
        saved = copyStore(store);
      },
      restore: () => become(copyStore(saved)),
    }),
  );
  app.use(
    createApi({
      store,
      operations,
      faults,
      requests,
      warehouse,
      later,
      workspaceId,
      resourceId,
      log,
    }),
  );
  return { app, reset };
};

/** Its URL is the workspace's, and Entra ID's below the tenant's id. */
export const startDatabricksSimulator = ({
  port,
  host,
  ...options
}: DatabricksOptions & Place = {}) => listen(createSimulator(options), { port, host });
export type DatabricksSimulator = Awaited<ReturnType<typeof startDatabricksSimulator>>;
