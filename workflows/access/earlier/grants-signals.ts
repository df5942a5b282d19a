import {
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { FailureDetails } from '../../protocol/failure-details';
import { NOTHING, changeSignal, grants, recallSignal, recalledSignal, remember } from './grants';
import type { Change, Recalled } from './grants';
import { isDelivered } from '../../run/signals';

/** How long the workflow that remembers may take to answer; without a worker it takes longer. */
const PATIENCE = '5m';

const silent = (workflowId: string): never => {
  const details: FailureDetails = {
    problem: `The workflow ${workflowId}, which remembers who was granted what, does not answer.`,
    solution: 'Ask the platform operator to look at that workflow, then send the request again.',
  };
  const { problem: message } = details;
  throw ApplicationFailure.create({ message, nonRetryable: true, details: [details] });
};

/**
 * What this run knows from, and tells to, the workflow that remembers what was granted. The task
 * queue is an argument, as a replay has another one.
 */
export const grantsBySignals = (component: string, taskQueue: string) => {
  const workflowId = `grants.${taskQueue}`;
  const remembers = getExternalWorkflowHandle(workflowId);
  const sender = workflowInfo().workflowId;
  const answers: Recalled[] = [];
  setHandler(recalledSignal, (number, answer) => {
    answers[number] = answer;
  });
  let asked = 0;

  return {
    /** What is remembered of the component, and of these principals. */
    async recall(keys: string[] = []): Promise<Recalled> {
      const number = asked++;
      const question = { sender, number, component, keys };
      if (!(await isDelivered(remembers.signal(recallSignal, question))))
        return { wanted: [], grants: [] };
      await condition(() => answers[number] !== undefined, PATIENCE);
      return answers[number] ?? silent(workflowId);
    },

    /** Remembered for good when this resolves, even if the run is cancelled. */
    change: (given: Omit<Change, 'component'>): Promise<void> =>
      CancellationScope.nonCancellable(async () => {
        const change = { component, ...given };
        if (await isDelivered(remembers.signal(changeSignal, change))) return;
        await startChild(grants, {
          workflowId,
          args: [remember(NOTHING, change)],
          parentClosePolicy: 'ABANDON',
          staticSummary: 'Who was granted what',
        });
      }),
  };
};
