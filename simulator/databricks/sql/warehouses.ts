import { ok } from '../../steering/answers';
import type { Later } from '../../steering/timers';
import type { Operation } from '../operation';
import { doesNotExist, invalidValue, permissionDenied } from '../problems';
import type { Principal, Store, Warehouse } from '../store';

const BASE = '/api/2.0/sql/warehouses';
const ID = /^[0-9a-f]{16}$/;

interface Dependencies {
  store: Store;
  later: Later;
  /** Milliseconds that a start takes. */
  startDuration: number;
}

/** The warehouse: it stops when it is told to, and starts for the first statement. */
export const createWarehouse = ({ store, later, startDuration }: Dependencies) => {
  let waiting: (() => void)[] = [];
  const release = () => {
    for (const go of waiting) go();
    waiting = [];
  };
  const start = () => {
    const { warehouse } = store;
    if (warehouse.state !== 'STOPPED') return;
    warehouse.state = 'STARTING';
    later(startDuration, () => {
      // A restored or reset store has another.
      if (store.warehouse !== warehouse || warehouse.state !== 'STARTING') return;
      warehouse.state = warehouse.failsToStart ? 'STOPPED' : 'RUNNING';
      release();
    });
  };
  return {
    start,
    stop: () => {
      if (store.warehouse.state !== 'DELETED') store.warehouse.state = 'STOPPED';
      release();
    },
    /** Whoever waits looks again: something else has changed its state. */
    release,
    /** Whether it runs, after a start where it needs one. */
    whenRunning: async (): Promise<boolean> => {
      start();
      if (store.warehouse.state === 'STARTING')
        await new Promise<void>((resolve) => waiting.push(resolve));
      return store.warehouse.state === 'RUNNING';
    },
  };
};
export type RunningWarehouse = ReturnType<typeof createWarehouse>;

/** The warehouse of an id, for one who may use it. */
export const warehouseFor = (store: Store, caller: Principal, id: string): Warehouse => {
  if (!ID.test(id)) throw invalidValue(`${id} is not a valid endpoint id.`);
  const { warehouse } = store;
  if (warehouse.id !== id || !caller.canUse)
    throw permissionDenied(
      'You do not have permission to use the SQL Warehouse. Please contact your administrator.',
    );
  if (warehouse.state === 'DELETED') throw doesNotExist(`SQL warehouse ${id} does not exist.`);
  return warehouse;
};

const describe = ({ id, name, state }: Warehouse, host: string) => {
  const hostname = host.replace(/:\d+$/, '');
  const path = `/sql/1.0/warehouses/${id}`;
  return {
    id,
    name,
    cluster_size: '2X-Small',
    min_num_clusters: 1,
    max_num_clusters: 1,
    num_clusters: state === 'RUNNING' ? 1 : 0,
    auto_stop_mins: 10,
    auto_resume: true,
    enable_photon: true,
    enable_serverless_compute: true,
    warehouse_type: 'PRO',
    state,
    jdbc_url: `jdbc:spark://${hostname}:443/default;transportMode=http;ssl=1;AuthMech=3;httpPath=${path};`,
    odbc_params: { hostname, path, protocol: 'https', port: 443 },
  };
};

export const warehouseOperations = (store: Store, running: RunningWarehouse): Operation[] => [
  {
    id: 'listWarehouses',
    method: 'get',
    paths: [BASE],
    run: ({ caller, host }) => {
      const isSeen = caller.canUse && store.warehouse.state !== 'DELETED';
      return ok(isSeen ? { warehouses: [describe(store.warehouse, host)] } : {});
    },
  },
  {
    id: 'getWarehouse',
    method: 'get',
    paths: [`${BASE}/:id`],
    run: ({ caller, params, host }) =>
      ok(describe(warehouseFor(store, caller, params.id ?? ''), host)),
  },
  {
    id: 'startWarehouse',
    method: 'post',
    paths: [`${BASE}/:id/start`],
    run: ({ caller, params }) => {
      warehouseFor(store, caller, params.id ?? '');
      running.start();
      return ok({});
    },
  },
  {
    id: 'stopWarehouse',
    method: 'post',
    paths: [`${BASE}/:id/stop`],
    run: ({ caller, params }) => {
      warehouseFor(store, caller, params.id ?? '');
      running.stop();
      return ok({});
    },
  },
];
