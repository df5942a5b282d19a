import { z } from 'zod';
import { ok } from '../../steering/answers';
import type { Later } from '../../steering/timers';
import { type Operation, readBody, readQuery } from '../operation';
import { invalidState, invalidValue, permissionDenied } from '../problems';
import type { Cluster, Principal, Store } from '../store';

const Query = z.strictObject({ cluster_id: z.string().min(1) });

export const clusterNamed = (store: Store, caller: Principal, id: string): Cluster => {
  const { cluster } = store;
  if (cluster.id !== id) throw invalidValue(`Cluster ${id} does not exist`);
  if (caller.canUse) return cluster;
  throw permissionDenied(`${caller.name} does not have Attach permissions on ${id}.`);
};

const MESSAGES: Record<Cluster['state'], string> = {
  RUNNING: '',
  PENDING: 'Finding instances for new nodes, acquiring more instances if necessary',
  TERMINATED: 'Inactive cluster terminated (inactive for 10 minutes).',
  ERROR: 'The cluster is in an error state.',
};

const describe = ({ id, name, state }: Cluster) => ({
  cluster_id: id,
  cluster_name: name,
  state,
  state_message: MESSAGES[state],
  spark_version: '15.4.x-scala2.12',
  node_type_id: 'i3.xlarge',
  num_workers: 1,
  autotermination_minutes: 10,
  cluster_source: 'UI',
});

const title = (state: string) => `${state.charAt(0)}${state.slice(1).toLowerCase()}`;

interface Dependencies {
  store: Store;
  later: Later;
  /** Milliseconds that a start takes. */
  startDuration: number;
}

const start = ({ store, later, startDuration }: Dependencies, cluster: Cluster) => {
  if (cluster.state === 'RUNNING' || cluster.state === 'PENDING')
    throw invalidState(`Cluster ${cluster.id} is in unexpected state ${title(cluster.state)}.`);
  cluster.state = 'PENDING';
  later(startDuration, () => {
    // A restored or reset store has another.
    if (store.cluster !== cluster || cluster.state !== 'PENDING') return;
    cluster.state = cluster.failsToStart ? 'ERROR' : 'RUNNING';
  });
};

/** One cluster: it is asked about and started; it stops by the control's route. */
export const clusterOperations = (deps: Dependencies): Operation[] => [
  {
    id: 'getCluster',
    method: 'get',
    paths: ['/api/2.1/clusters/get', '/api/2.0/clusters/get'],
    run: ({ caller, query }) =>
      ok(describe(clusterNamed(deps.store, caller, readQuery(Query, query).cluster_id))),
  },
  {
    id: 'startCluster',
    method: 'post',
    paths: ['/api/2.1/clusters/start', '/api/2.0/clusters/start'],
    run: ({ caller, body }) => {
      const { cluster_id: id } = readBody(Query, body);
      start(deps, clusterNamed(deps.store, caller, id));
      return ok({});
    },
  },
];
