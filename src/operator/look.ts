import { WorkflowFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { deploymentOf } from '../contract/ids';
import { idIn } from '../../workflows/words/ids';
import type { Entity, Run } from '../contract/operator';
import type { look } from '../../workflows';

/** Milliseconds an operator waits for a look at Airbyte. */
const PATIENCE = 5000;

/** What is there, or why nobody could look. */
export type Looked = { entities: Entity[] } | { problem: string };

const problemOf = (err: unknown) => {
  if (err instanceof WorkflowFailedError && err.cause) return err.cause.message;
  return 'No worker answered in time.';
};

/** Who looks at the same time gets the same answer. */
export const lookId = (taskQueue: string, of: Pick<Run, 'environment' | 'component'>) =>
  idIn(deploymentOf(taskQueue), 'look', of.environment, of.component);

/** Has a worker look at what of a run's component is in Airbyte now. */
export const createLook =
  ({ client, taskQueue }: { client: Client; taskQueue: string }) =>
  async ({ environment, component }: Pick<Run, 'environment' | 'component'>): Promise<Looked> => {
    try {
      const entities = await client.withDeadline(Date.now() + PATIENCE, () =>
        client.workflow.execute<typeof look>('look', {
          workflowId: lookId(taskQueue, { environment, component }),
          taskQueue,
          args: [{ key: `${environment}/${component}` }],
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowExecutionTimeout: '1m',
          staticSummary: 'An operator looks at what is in Airbyte',
        }),
      );
      return { entities };
    } catch (err) {
      return { problem: problemOf(err) };
    }
  };
