import { z } from 'zod';
import { CallError } from '../../contract/call-error';
import { Refusal } from '../../contract/problems';
import type { CallInterest } from '../../concurrency/call-interest';
import { shortened } from '../../../workflows/protocol/lengths';
import { inOneLine } from '../../../workflows/protocol/one-line';
import type { Language, Table } from '../fabric';
import type { Client } from './client';
import { toEnd, watched } from './waiting';

/* Commands of a cluster (Command Execution API 1.2, in camel case), followed to their end. */

const BASE = '/api/1.2';
const CLUSTERS = '/api/2.1/clusters';
const MAX_SAID = 1000;

const Id = z.object({ id: z.string() });
const Cell = z.union([z.string(), z.number(), z.boolean(), z.null(), z.unknown()]);
const Results = z.object({
  resultType: z.enum(['text', 'table', 'error', 'image', 'images']).nullish(),
  data: z.unknown().optional(),
  summary: z.string().nullish(),
  schema: z.array(z.looseObject({ name: z.string() })).nullish(),
  truncated: z.boolean().nullish(),
});
const Command = z.object({
  status: z.enum(['Queued', 'Running', 'Cancelling', 'Cancelled', 'Finished', 'Error']),
  results: Results.nullish(),
});
type Command = z.output<typeof Command>;

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

const notRunning = (cluster: string, state: string, solution: string) =>
  new Refusal(`The cluster ${cluster} is ${state}.`, solution);

/** Waits until it runs, and starts it where that is allowed. */
const mustRun = async (
  client: Client,
  { cluster, mayStart, interest }: { cluster: string; mayStart: boolean; interest: CallInterest },
) => {
  const state = await clusterState(client, cluster, interest);
  if (state === 'RUNNING' || state === 'RESIZING') return;
  if (!STARTS.includes(state)) {
    if (!mayStart || state !== 'TERMINATED')
      throw notRunning(
        cluster,
        state,
        'Start it in Databricks, or let the fabric do so (startCluster in the configuration file).',
      );
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
  const ended = await watched(settled, interest);
  if (ended !== 'RUNNING')
    throw notRunning(cluster, ended, 'See in Databricks why it does not start.');
};

const shown = (cell: unknown): string | null => {
  if (cell === null || cell === undefined) return null;
  return typeof cell === 'string' ? cell : JSON.stringify(cell);
};

const tableOf = (results: z.output<typeof Results>, maxRows: number): Table => {
  const { resultType, data, schema, truncated } = results;
  if (resultType !== 'table') {
    const text = typeof data === 'string' ? data : '';
    const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
    return {
      columns: ['output'],
      rows: lines.slice(0, maxRows).map((line) => [line]),
      isCut: lines.length > maxRows || truncated === true,
    };
  }
  const rows = z.array(z.array(Cell)).safeParse(data).data ?? [];
  return {
    columns: (schema ?? []).map(({ name }) => name),
    rows: rows.slice(0, maxRows).map((row) => row.map(shown)),
    isCut: rows.length > maxRows || truncated === true,
  };
};

/** Finished with an error is a failure, as an end that is none is. */
const resultOf = (
  { status, results }: Command,
  maxRows: number,
  redact: (text: string) => string,
) => {
  if (status === 'Finished' && results?.resultType !== 'error')
    return tableOf(results ?? {}, maxRows);
  const summary = redact(results?.summary ?? '').replace(/<[^>]*>/g, '');
  const said = shortened(inOneLine(summary), MAX_SAID).replace(/\.$/, '');
  const what = status === 'Cancelled' || status === 'Cancelling' ? 'was cancelled' : 'failed';
  throw new CallError(`The command ${what}${said === '' ? '' : `: ${said}`}.`, {
    kind: 'refused',
    solution: 'Correct the command; Databricks shows the log of the cluster’s driver.',
  });
};

interface Given {
  cluster: string;
  mayStart: boolean;
  language: Language;
  command: string;
  maxRows: number;
  interest: CallInterest;
  redact: (text: string) => string;
}

/** In a context of its own, which is destroyed whatever becomes of it. */
export const runCommand = async (client: Client, given: Given): Promise<Table> => {
  const { demand } = client;
  const { cluster: clusterId, language, command, maxRows, interest, redact } = given;
  const post = (path: string, body: object, with_: CallInterest = interest) =>
    demand({
      method: 'POST',
      path: `${BASE}/${path}`,
      operation: `${BASE}/${path}`,
      body,
      answer: z.unknown(),
      writes: true,
      about: `the cluster ${clusterId}`,
      interest: with_,
    });
  await mustRun(client, given);
  const { id: contextId } = Id.parse(await post('contexts/create', { clusterId, language }));
  let commandId: string | undefined;
  try {
    const isReady = async () => {
      const { status } = await demand({
        method: 'GET',
        path: `${BASE}/contexts/status`,
        operation: `${BASE}/contexts/status`,
        query: { clusterId, contextId },
        answer: z.object({ status: z.enum(['Pending', 'Running', 'Error']) }),
        interest,
      });
      return status === 'Pending' ? undefined : status;
    };
    if ((await watched(isReady, interest)) === 'Error')
      throw new CallError(`The cluster ${clusterId} made no context for a command.`, {
        kind: 'again',
        solution: 'Try again; Databricks shows the log of the cluster’s driver.',
      });
    ({ id: commandId } = Id.parse(
      await post('commands/execute', { clusterId, contextId, language, command }),
    ));
    const query = { clusterId, contextId, commandId };
    const isOver = async () => {
      const found = await demand({
        method: 'GET',
        path: `${BASE}/commands/status`,
        operation: `${BASE}/commands/status`,
        query,
        answer: Command,
        interest,
      });
      return ['Cancelled', 'Finished', 'Error'].includes(found.status) ? found : undefined;
    };
    return resultOf(await watched(isOver, interest), maxRows, redact);
  } catch (err) {
    const isUnwanted = interest.cancelled.aborted || interest.timeUp.aborted;
    if (isUnwanted && commandId !== undefined)
      await post('commands/cancel', { clusterId, contextId, commandId }, toEnd()).catch(
        () => undefined,
      );
    throw err;
  } finally {
    await post('contexts/destroy', { clusterId, contextId }, toEnd()).catch(() => undefined);
  }
};
