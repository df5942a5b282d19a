import { randomUUID } from 'node:crypto';
import { WorkflowFailedError, isGrpcDeadlineError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { adopt } from '../../workflows';
import { AdoptionReport } from '../contract/adoption';
import type { AdoptionQuery } from '../contract/adoption';
import { deploymentOf } from '../contract/ids';
import { SystemProblem } from '../contract/problems';
import { FailureDetails } from '../runs/history';

/** Milliseconds Temporal has for a single answer. */
const DEADLINE = 5000;
/** Milliseconds in which a worker that is there has begun. */
const WORKER_DEADLINE = 15_000;
/** Milliseconds for all of it: 5,000 pipelines take minutes, against an Airbyte that is slow longer. */
const PATIENCE = 6 * 3_600_000;

const WAITING = 'Waiting for a worker';

const unreachable = (cause: unknown) =>
  new SystemProblem('Temporal could not be asked to take over what is in Airbyte.', {
    solutions: ['Check that Temporal answers at TEMPORAL_ADDRESS, then try again.'],
    cause,
  });

const noWorker = (taskQueue: string) =>
  new SystemProblem(`No worker takes this from the task queue ${taskQueue}.`, {
    solutions: [
      'Start a worker, of this version or a later one; what was asked for then runs.',
      'Check that TEMPORAL_TASK_QUEUE and TEMPORAL_NAMESPACE are those of the workers.',
    ],
  });

const tooLong = () =>
  new SystemProblem('It still goes on.', {
    solutions: ['Look at the run in the Temporal UI. To start it again is harmless.'],
  });

const failed = (err: WorkflowFailedError) => {
  const details = err.cause instanceof ApplicationFailure ? err.cause.details?.[0] : undefined;
  const told = FailureDetails.safeParse(details).data;
  return new SystemProblem(told?.problem ?? 'It was cancelled or terminated.', {
    solutions: [
      told?.solution ?? 'Start it again.',
      'What was taken over stays so; to start it again is harmless.',
    ],
    cause: err,
  });
};

export interface AdoptionRequest {
  query: AdoptionQuery;
  /** Whether to do what is planned; else it is only told. */
  perform: boolean;
  /** Of the plan, how many are told, and those after which component. */
  limit: number;
  after?: string | undefined;
}

export type Adoption = ReturnType<typeof createAdoption>;

/** Has a worker plan, or do, what `provisioner adopt` is for. */
export const createAdoption = ({ client, taskQueue }: { client: Client; taskQueue: string }) => {
  const deployment = deploymentOf(taskQueue);
  const within = <Result>(ms: number, call: () => Promise<Result>) =>
    client.withDeadline(Date.now() + ms, call);

  const reportWithin = async (ms: number, handle: WorkflowHandle<typeof adopt>) => {
    try {
      return AdoptionReport.parse(await within(ms, () => handle.result()));
    } catch (err) {
      if (isGrpcDeadlineError(err)) return undefined;
      throw err instanceof WorkflowFailedError ? failed(err) : unreachable(err);
    }
  };

  /** One at a time does what is planned: who asks for the same meanwhile joins it. */
  const idOf = (perform: boolean) =>
    perform ? `adopt.${taskQueue}` : `adopt.${taskQueue}.plan.${randomUUID()}`;

  return async ({ after, ...request }: AdoptionRequest): Promise<AdoptionReport> => {
    const start = () =>
      client.workflow.start<typeof adopt>('adopt', {
        workflowId: idOf(request.perform),
        taskQueue,
        args: [{ ...request, ...(after !== undefined && { after }), deployment }],
        workflowIdConflictPolicy: 'FAIL',
        memo: { phase: WAITING },
        staticSummary: request.perform ? 'Take over what is in Airbyte' : 'Plan a take-over',
      });
    const handle = await within(DEADLINE, start).catch((err: unknown) => {
      if (err instanceof Error && err.name === 'WorkflowExecutionAlreadyStartedError')
        throw new SystemProblem('Somebody else is taking over what is in Airbyte just now.', {
          solutions: [`Wait for the run adopt.${taskQueue} to end, then start this again.`],
        });
      throw unreachable(err);
    });
    const soon = await reportWithin(WORKER_DEADLINE, handle);
    if (soon) return soon;
    const { memo } = await within(DEADLINE, () => handle.describe());
    if (memo?.phase === WAITING) throw noWorker(taskQueue);
    const late = await reportWithin(PATIENCE, handle);
    if (late) return late;
    throw tooLong();
  };
};
