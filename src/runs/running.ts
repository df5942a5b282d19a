import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';

/** Milliseconds Temporal has for one look. */
const DEADLINE = 5000;

/** Whether a run goes on, be it paused. */
export const isOpen = ({ status: { name } }: Pick<WorkflowExecutionInfo, 'status'>) =>
  name === 'RUNNING' || name === 'PAUSED';

/** Whether the newest run under a workflow id goes on. */
export const createIsRunning =
  ({ client }: { client: Client }) =>
  async (workflowId: string): Promise<boolean> => {
    try {
      const run = await client.withDeadline(Date.now() + DEADLINE, () =>
        client.workflow.getHandle(workflowId).describe(),
      );
      return isOpen(run);
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return false;
      throw err;
    }
  };
