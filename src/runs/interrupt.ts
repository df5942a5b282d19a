import type { WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { INTERRUPT_SIGNAL } from '../../workflows/protocol/run-names';
import type { Interrupted } from '../../workflows/protocol/run-names';
import type { RunHistory } from './history';

/** Cancels a run. Before that it is told what its steps have met, which is lost when they are cancelled. */
export const createInterrupt =
  ({ history }: { history: Pick<RunHistory, 'pendingIn'> }) =>
  async (handle: WorkflowHandle, run: WorkflowExecutionDescription): Promise<void> => {
    const met = (await history.pendingIn(run)).flatMap(
      ({ activityId, attempts, lastError }): Interrupted[] =>
        lastError === undefined ? [] : [{ activityId, attempts, lastError }],
    );
    if (met.length > 0) await handle.signal(INTERRUPT_SIGNAL, met);
    await handle.cancel();
  };
