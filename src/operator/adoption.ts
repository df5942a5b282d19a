import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { adopt } from '../../workflows';
import { AdoptionReport, adoptionEnvironment } from '../contract/adoption';
import type { AdoptionQuery } from '../contract/adoption';
import { deploymentOf } from '../contract/ids';
import type { Queues } from '../temporal/queues';
import { SystemProblem } from '../contract/problems';
import { WAITING } from '../../workflows/protocol/run-names';
import { createReports } from './reports';

/** Milliseconds for all of it: 5,000 pipelines take minutes, against an Airbyte that is slow longer. */
const PATIENCE = 6 * 3_600_000;

const another = (taskQueue: string) =>
  new SystemProblem('Somebody else is taking over what is in Airbyte just now.', {
    solutions: [`Wait for the run adopt.${taskQueue} to end, then start this again.`],
  });

interface AdoptionRequest {
  query: AdoptionQuery;
  /** Whether to do what is planned; else it is only told. */
  perform: boolean;
  /** Of the plan, how many are told, and those after which component. */
  limit: number;
  after?: string | undefined;
}

interface AdoptionDeps {
  client: Client;
  queues: Queues;
  /** What an operator is told who waits. */
  say?: (text: string) => void;
}

export type Adoption = ReturnType<typeof createAdoption>;

/** Has a worker plan, or do, what `provisioner adopt` is for. */
export const createAdoption = ({ client, queues, say }: AdoptionDeps) => {
  const reportsOf = (taskQueue: string) =>
    createReports({
      client,
      say,
      schema: AdoptionReport,
      patience: PATIENCE,
      problems: {
        unreachable: 'Temporal could not be asked to take over what is in Airbyte.',
        noWorker: {
          problem: `No worker takes this from the task queue ${taskQueue}.`,
          solutions: [
            'Start a worker, of this version or a later one; what was asked for then runs.',
          ],
        },
        tooLong: {
          problem: 'It still goes on.',
          solutions: ['Look at the run in the Temporal UI. To start it again is harmless.'],
        },
        failed: (details) => ({
          problem: details?.problem ?? 'It was cancelled or terminated.',
          solutions: [
            details?.solution ?? 'Start it again.',
            'What was taken over stays so; to start it again is harmless.',
          ],
        }),
      },
    });

  /** One at a time does what is planned: who asks for the same meanwhile joins it. */
  const idOf = (taskQueue: string, perform: boolean) =>
    perform ? `adopt.${taskQueue}` : `adopt.${taskQueue}.plan.${randomUUID()}`;

  return ({ after, ...request }: AdoptionRequest): Promise<AdoptionReport> => {
    const environment = adoptionEnvironment(request.query);
    const taskQueue = queues.of(environment);
    const input = { ...request, environment, deployment: deploymentOf(taskQueue) };
    return reportsOf(taskQueue).of(() =>
      client.workflow
        .start<typeof adopt>('adopt', {
          workflowId: idOf(taskQueue, request.perform),
          taskQueue,
          args: [{ ...input, ...(after !== undefined && { after }) }],
          workflowIdConflictPolicy: 'FAIL',
          memo: { phase: WAITING },
          staticSummary: request.perform ? 'Take over what is in Airbyte' : 'Plan a take-over',
        })
        .catch((err: unknown) => {
          throw err instanceof WorkflowExecutionAlreadyStartedError ? another(taskQueue) : err;
        }),
    );
  };
};
