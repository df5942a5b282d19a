import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import type { QueryDefinition, UpdateDefinition } from '@temporalio/common';
import { WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { FailureDetails } from '../../workflows/protocol/failure-details';
import { withoutStop } from '../../workflows/protocol/one-line';

/*
 * How the workflows that remember are asked. Changes go by Update-with-Start; each may be repeated, as
 * what a workflow keeps decides what an update does.
 */

/** Milliseconds a workflow that remembers may take to answer. */
const PATIENCE = 10_000;
const failure = (details: FailureDetails, { isFinal }: { isFinal: boolean }) =>
  ApplicationFailure.create({
    message: details.problem,
    // In the histories of runs, as are 'Full' and 'Held'.
    type: 'AccessMemory',
    nonRetryable: isFinal,
    details: [details],
  });

export const silent = (workflowId: string, cause: unknown) =>
  failure(
    {
      problem: `The workflow ${workflowId}, which remembers who was granted what, does not answer: ${withoutStop(cause instanceof Error ? cause.message : String(cause))}.`,
      solution: 'Ask the platform operator to look at that workflow, then send the request again.',
    },
    { isFinal: false },
  );

const full = (workflowId: string, why: string) =>
  failure(
    {
      problem: `The workflow ${workflowId} ${why}. Nobody else is affected.`,
      solution: 'Give access to groups instead of many people, then send the request again.',
    },
    { isFinal: true },
  );

/** What the workflow failed an update with; undefined where it has not answered. */
const failureIn = (err: unknown) => {
  const cause = err instanceof WorkflowUpdateFailedError ? err.cause : undefined;
  return cause instanceof ApplicationFailure ? cause : undefined;
};

/** One that is started where it is not there. */
export interface Remembering {
  workflowId: string;
  taskQueue: string;
  type: 'componentGrants' | 'grantees';
  nothing: unknown[] | object;
  summary: string;
}

export const createAsking = ({ client }: { client: Client }) => {
  const inTime = <Result>(ask: () => Promise<Result>) =>
    client.withDeadline(Date.now() + PATIENCE, ask);

  const update = async <Result, Args extends [unknown]>(
    { workflowId, taskQueue, type, nothing, summary }: Remembering,
    asked: UpdateDefinition<Result, Args>,
    args: Args,
  ): Promise<Result> => {
    const startWorkflowOperation = new WithStartWorkflowOperation(type, {
      workflowId,
      taskQueue,
      args: [nothing],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: summary,
    });
    // Told by the update as well.
    startWorkflowOperation.workflowHandle().catch(() => undefined);
    try {
      return await inTime(() =>
        client.workflow.executeUpdateWithStart(asked, { args, startWorkflowOperation }),
      );
    } catch (err) {
      const failed = failureIn(err);
      if (failed?.type === 'Full') throw full(workflowId, failed.message);
      if (failed) throw failed;
      throw silent(workflowId, err);
    }
  };

  /** Undefined where there is no such workflow, or none that still remembers. */
  const query = async <Result, Args extends unknown[]>(
    workflowId: string,
    asked: QueryDefinition<Result, Args>,
    ...args: Args
  ): Promise<Result | undefined> => {
    try {
      return await inTime(() => client.workflow.getHandle(workflowId).query(asked, ...args));
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return undefined;
      throw silent(workflowId, err);
    }
  };

  const isRunning = async (workflowId: string) => {
    try {
      const { status } = await inTime(() => client.workflow.getHandle(workflowId).describe());
      return status.name === 'RUNNING';
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return false;
      throw silent(workflowId, err);
    }
  };

  const terminate = (workflowId: string, why: string) =>
    inTime(() => client.workflow.getHandle(workflowId).terminate(why));

  return { update, query, isRunning, terminate };
};
