import { z } from 'zod';
import { CallError } from '../../../contract/call-error';
import type { CallInterest } from '../../../concurrency/call-interest';
import { LASTING } from '../../../concurrency/interest';
import type { Language, Table } from '../../fabric';
import type { Client } from '../client';
import { mustRun } from './clusters';
import { COMMANDS, Command, STATUS, resultOf } from './results';
import { outOfTime, toEnd, watched } from './waiting';

/* Commands of a cluster (Command Execution API 1.2, in camel case), followed to their end. */

const Id = z.object({ id: z.string().min(1) });

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
      path: `${COMMANDS}/${path}`,
      operation: `${COMMANDS}/${path}`,
      body: { clusterId, ...body },
      answer,
      writes: true,
      about: `the cluster ${clusterId}`,
      interest,
    });
type Post = ReturnType<typeof createPost>;

/**
 * Again while it may pass: nothing else ends a context but the cluster's own end. Returns a sentence about what
 * is left where it cannot be destroyed.
 */
const destroy = async (
  post: Post,
  { cluster, contextId }: { cluster: string; contextId: string },
) => {
  const interest = toEnd();
  let problem: string | undefined;
  const isOver = async () => {
    try {
      await post('contexts/destroy', { contextId, answer: z.unknown(), interest });
      problem = undefined;
      return true;
    } catch (err) {
      problem = err instanceof Error ? err.message : String(err);
      const mayPass = err instanceof CallError && err.kind === 'again';
      return mayPass && !interest.timeUp.aborted ? undefined : true;
    }
  };
  await watched(isOver, { interest, until: 'the context was destroyed' }).catch(() => undefined);
  if (problem === undefined) return undefined;
  return `The context ${contextId} may be left on the cluster ${cluster}, as it could not be destroyed: ${problem} The end of the cluster ends it.`;
};

const saying = (err: CallError, more: string, solution = err.solution) => {
  const { kind, status, unclear, outOfTime } = err;
  const message = `${err.message} ${more}`;
  return new CallError(message, { kind, status, unclear, outOfTime, solution, cause: err });
};

const withLeft = (err: unknown, left: string) =>
  err instanceof CallError ? saying(err, left) : err;

const mustBeReady = async ({ demand }: Client, given: Given, contextId: string) => {
  const { cluster: clusterId, interest } = given;
  const isReady = async () => {
    const { status } = await demand({
      method: 'GET',
      path: `${COMMANDS}/contexts/status`,
      operation: `${COMMANDS}/contexts/status`,
      query: { clusterId, contextId },
      answer: z.object({ status: z.enum(['Pending', 'Running', 'Error']) }),
      interest,
    });
    return status === 'Pending' ? undefined : status;
  };
  const until = `the cluster ${clusterId} had made a context for the command`;
  if ((await watched(isReady, { interest, until })) === 'Running') return;
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
    return await watched(isOver, { interest, until: 'the command had ended' });
  } catch (err) {
    const isUnwanted = interest.cancelled.aborted || interest.timeUp.aborted;
    const ending = { contextId, commandId, answer: z.unknown(), interest: toEnd() };
    if (isUnwanted) await post('commands/cancel', ending).catch(() => undefined);
    throw err;
  }
};

/** Command API 1.2 lists no contexts: one whose id was not heard cannot be found again to be destroyed. */
const perhapsLeft = (err: CallError, cluster: string) =>
  saying(
    err,
    `A context may have been made on the cluster ${cluster} all the same, whose id was not heard; the end of the cluster ends it, and nothing runs in it.`,
    `${err.solution} Each try may leave one, so look first why the cluster does not answer.`,
  );

const contextFor = async (post: Post, { cluster, language, interest }: Given) => {
  if (interest.timeUp.aborted) throw outOfTime('the command had begun');
  // Followed to its answer, as one whose id was not heard could not be destroyed.
  const lasting = { ...interest, timeUp: LASTING.timeUp };
  try {
    return (await post('contexts/create', { language, answer: Id, interest: lasting })).id;
  } catch (err) {
    throw err instanceof CallError && err.unclear ? perhapsLeft(err, cluster) : err;
  }
};

/** In a context of its own, which is destroyed whatever becomes of it. */
export const runCommand = async (client: Client, given: Given): Promise<Table> => {
  const { cluster, maxRows, redact } = given;
  const post = createPost(client, cluster);
  await mustRun(client, given);
  const contextId = await contextFor(post, given);
  const work = async () => {
    await mustBeReady(client, given, contextId);
    return resultOf(await executed(client, { post, given, contextId }), maxRows, redact);
  };
  const [ended] = await Promise.allSettled([work()]);
  const left = await destroy(post, { cluster, contextId });
  if (ended.status === 'fulfilled') return { ...ended.value, ...(left !== undefined && { left }) };
  throw left === undefined ? ended.reason : withLeft(ended.reason, left);
};
