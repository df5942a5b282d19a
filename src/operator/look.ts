import { WorkflowFailedError, isGrpcDeadlineError } from '@temporalio/client';
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { Entity, Run } from '../contract/operator';
import { createRunHistory } from '../runs/history';
import type { PendingStep } from '../runs/history';
import { TO_READ, repeatedly } from '../temporal/calls';
import { idOn } from '../temporal/queues';
import type { Queues } from '../temporal/queues';
import { notAnswered } from './unanswered';
import type { look } from '../../workflows';

/** Milliseconds an operator waits for a look at Airbyte. */
const PATIENCE = 5000;

/** What is there, or why nobody could look. */
export type Looked = { entities: Entity[] } | { problem: string };

/** What a look that has not ended in time waits for, by its step; without one nobody has taken it. */
const whatFor = (step: PendingStep | undefined) => {
  if (!step) return 'No worker answered in time.';
  if (step.lastError !== undefined) return step.lastError;
  return step.attempts > 0
    ? 'Airbyte has not answered the worker in time.'
    : 'A worker is there, but had no room for the look in time.';
};

/** Who looks at the same time gets the same answer. */
export const lookId = (taskQueue: string, of: Pick<Run, 'environment' | 'component'>) =>
  idOn(taskQueue, 'look', of.environment, of.component);

/** Has a worker look at what of a run's component is in Airbyte now. */
export const createLook = ({ client, queues }: { client: Client; queues: Queues }) => {
  const history = createRunHistory({ client });

  const start = ({ environment, component }: Pick<Run, 'environment' | 'component'>) => {
    const taskQueue = queues.of(environment);
    return client.workflow.start<typeof look>('look', {
      workflowId: lookId(taskQueue, { environment, component }),
      taskQueue,
      args: [{ key: `${environment}/${component}` }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowExecutionTimeout: '1m',
      staticSummary: 'An operator looks at what is in Airbyte',
    });
  };

  /** Only the run of the look knows whether a worker is missing, or Airbyte. */
  const unended = async (
    handle: WorkflowHandleWithFirstExecutionRunId<typeof look>,
  ): Promise<Looked> => {
    const run = await repeatedly(client, TO_READ, () => handle.describe());
    if (run.status.name !== 'RUNNING')
      return { entities: await repeatedly(client, TO_READ, () => handle.result()) };
    const [step] = await history.pendingIn(run);
    return { problem: whatFor(step) };
  };

  return async (of: Pick<Run, 'environment' | 'component'>): Promise<Looked> => {
    const end = Date.now() + PATIENCE;
    try {
      const handle = await client.withDeadline(end, () => start(of));
      const entities = client.withDeadline(end, () => handle.result());
      return await entities
        .then((found) => ({ entities: found }))
        .catch((err: unknown) => {
          if (isGrpcDeadlineError(err)) return unended(handle);
          throw err;
        });
    } catch (err) {
      if (err instanceof WorkflowFailedError && err.cause) return { problem: err.cause.message };
      return { problem: notAnswered(err).message };
    }
  };
};
