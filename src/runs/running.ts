import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';

/** Milliseconds Temporal has for one look. */
const DEADLINE = 5000;

/** Whether the newest run under a workflow id goes on, be it paused. */
export const createIsRunning =
  ({ client }: { client: Client }) =>
  async (workflowId: string): Promise<boolean> => {
    try {
      const { status } = await client.withDeadline(Date.now() + DEADLINE, () =>
        client.workflow.getHandle(workflowId).describe(),
      );
      return status.name === 'RUNNING' || status.name === 'PAUSED';
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return false;
      throw err;
    }
  };
