import { z } from 'zod';
import { Refusal } from '../../../contract/problems';
import type { CallInterest } from '../../../concurrency/call-interest';
import type { Client } from '../client';
import { watched } from './waiting';

/* The cluster that commands run on. */

const CLUSTERS = '/api/2.1/clusters';

/** `RUNNING`, `TERMINATED` and the like. */
export const clusterState = async ({ demand }: Client, cluster: string, interest: CallInterest) => {
  const { state } = await demand({
    method: 'GET',
    path: `${CLUSTERS}/get`,
    operation: `${CLUSTERS}/get`,
    query: { cluster_id: cluster },
    answer: z.object({ state: z.string() }),
    about: `the cluster ${cluster}`,
    interest,
  });
  return state;
};

const STARTS = ['PENDING', 'RESTARTING', 'RESIZING'];

export const toHaveItRun = (mayStart: boolean) =>
  mayStart
    ? 'See in Databricks why it does not run.'
    : 'Start it in Databricks, or let the fabric do so (startCluster in the configuration file).';

const notRunning = (cluster: string, state: string, solution: string) =>
  new Refusal(`The cluster ${cluster} is ${state}.`, solution);

/** Waits until it runs, and starts it where that is allowed. */
export const mustRun = async (
  client: Client,
  { cluster, mayStart, interest }: { cluster: string; mayStart: boolean; interest: CallInterest },
) => {
  const state = await clusterState(client, cluster, interest);
  if (state === 'RUNNING' || state === 'RESIZING') return;
  if (!STARTS.includes(state)) {
    if (!mayStart || state !== 'TERMINATED')
      throw notRunning(cluster, state, toHaveItRun(mayStart));
    await client.demand({
      method: 'POST',
      path: `${CLUSTERS}/start`,
      operation: `${CLUSTERS}/start`,
      body: { cluster_id: cluster },
      answer: z.unknown(),
      writes: true,
      about: `the cluster ${cluster}`,
      interest,
    });
  }
  const settled = async () => {
    const found = await clusterState(client, cluster, interest);
    return STARTS.includes(found) ? undefined : found;
  };
  const ended = await watched(settled, {
    interest,
    until: `the cluster ${cluster} had started`,
  });
  if (ended !== 'RUNNING')
    throw notRunning(cluster, ended, 'See in Databricks why it does not start.');
};
