import { z } from 'zod';
import { CallError } from '../../contract/call-error';
import { Refusal } from '../../contract/problems';
import type { CallInterest } from '../../concurrency/call-interest';
import { LASTING } from '../../concurrency/interest';
import { shortened } from '../../../workflows/protocol/lengths';
import { inOneLine } from '../../../workflows/protocol/one-line';
import type { Language, Table } from '../fabric';
import type { Client } from './client';
import { notUnderstood } from './errors';
import { toEnd, watched } from './waiting';

/* Commands of a cluster (Command Execution API 1.2, in camel case), followed to their end. */

const BASE = '/api/1.2';
const CLUSTERS = '/api/2.1/clusters';
const MAX_SAID = 1000;

const Id = z.object({ id: z.string().min(1) });
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

const STATUS = `${BASE}/commands/status`;

const notResults = () => notUnderstood({ method: 'GET', operation: STATUS, writes: false });

/** What was printed; of an image what there is in its place. */
const linesOf = (data: unknown) => {
  const text = z
    .union([z.string(), z.array(z.string()).transform((all) => all.join('\n'))])
    .nullish()
    .safeParse(data);
  if (!text.success) throw notResults();
  return text.data ? text.data.replace(/\n$/, '').split('\n') : [];
};

const tableOf = (results: z.output<typeof Results>, maxRows: number): Table => {
  const { resultType, data, schema, truncated } = results;
  if (resultType !== 'table') {
    const lines = linesOf(data);
    return {
      columns: ['output'],
      rows: lines.slice(0, maxRows).map((line) => [line]),
      isCut: lines.length > maxRows || truncated === true,
    };
  }
  const rows = z.array(z.array(Cell)).safeParse(data);
  if (!rows.success) throw notResults();
  return {
    columns: (schema ?? []).map(({ name }) => name),
    rows: rows.data.slice(0, maxRows).map((row) => row.map(shown)),
    isCut: rows.data.length > maxRows || truncated === true,
  };
};

/** Finished with an error is a failure, as an end that is none is; finished with nothing is no answer. */
const resultOf = (
  { status, results }: Command,
  maxRows: number,
  redact: (text: string) => string,
) => {
  if (status === 'Finished' && !results?.resultType) throw notResults();
  if (status === 'Finished' && results && results.resultType !== 'error')
    return tableOf(results, maxRows);
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

const createPost =
  ({ demand }: Client, clusterId: string) =>
  <Answer extends z.ZodType>(
    path: string,
    {
      answer,
      interest,
      ...body
    }: { answer: Answer; interest: CallInterest; [key: string]: unknown },
  ) =>
    demand({
      method: 'POST',
      path: `${BASE}/${path}`,
      operation: `${BASE}/${path}`,
      body: { clusterId, ...body },
      answer,
      writes: true,
      about: `the cluster ${clusterId}`,
      interest,
    });
type Post = ReturnType<typeof createPost>;

/** Again while it may pass: nothing else ends a context but the cluster's own end. */
const destroy = async (post: Post, contextId: string) => {
  const interest = toEnd();
  const isDone = async () => {
    try {
      await post('contexts/destroy', { contextId, answer: z.unknown(), interest });
      return true;
    } catch (err) {
      const mayPass = err instanceof CallError && err.kind === 'again';
      return mayPass && !interest.timeUp.aborted ? undefined : true;
    }
  };
  await watched(isDone, interest).catch(() => undefined);
};

const mustBeReady = async ({ demand }: Client, given: Given, contextId: string) => {
  const { cluster: clusterId, interest } = given;
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
  if ((await watched(isReady, interest)) === 'Running') return;
  throw new CallError(`The cluster ${clusterId} made no context for a command.`, {
    kind: 'again',
    solution: 'Try again; Databricks shows the log of the cluster’s driver.',
  });
};

/** Cancelled when nobody waits for it any more. */
const executed = async (
  client: Client,
  { post, given, contextId }: { post: Post; given: Given; contextId: string },
): Promise<Command> => {
  const { cluster: clusterId, language, command, interest } = given;
  const { id: commandId } = await post('commands/execute', {
    contextId,
    language,
    command,
    answer: Id,
    interest,
  });
  const isOver = async () => {
    const found = await client.demand({
      method: 'GET',
      path: STATUS,
      operation: STATUS,
      query: { clusterId, contextId, commandId },
      answer: Command,
      interest,
    });
    return ['Cancelled', 'Finished', 'Error'].includes(found.status) ? found : undefined;
  };
  try {
    return await watched(isOver, interest);
  } catch (err) {
    const isUnwanted = interest.cancelled.aborted || interest.timeUp.aborted;
    const ending = { contextId, commandId, answer: z.unknown(), interest: toEnd() };
    if (isUnwanted) await post('commands/cancel', ending).catch(() => undefined);
    throw err;
  }
};

/** In a context of its own, which is destroyed whatever becomes of it. */
export const runCommand = async (client: Client, given: Given): Promise<Table> => {
  const { cluster, language, maxRows, interest, redact } = given;
  const post = createPost(client, cluster);
  await mustRun(client, given);
  interest.timeUp.throwIfAborted();
  // Followed to its answer, as one whose id was not heard could not be destroyed.
  const lasting = { ...interest, timeUp: LASTING.timeUp };
  const { id } = await post('contexts/create', { language, answer: Id, interest: lasting });
  try {
    await mustBeReady(client, given, id);
    const ended = await executed(client, { post, given, contextId: id });
    return resultOf(ended, maxRows, redact);
  } finally {
    await destroy(post, id);
  }
};
