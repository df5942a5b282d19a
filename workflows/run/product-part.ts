import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { IN_PLACE } from '../phases';
import type { FailureDetails } from '../protocol/failure-details';
import type { Run } from './report';
import { isDelivered } from './signals';
import { beginSpan } from './traces';

/*
 * A data product's run starts the runs of its components as children. Each is an ordinary run, but
 * for this: once its pipeline is in place it tells its parent, and ends as that one then says.
 */

/** To the run of a data product: the component's pipeline is in place. */
export const readySignal = defineSignal<[token: string]>('ready');

/**
 * To the run of a component: to keep what it did or, with a reason, to stop and undo it. Its name on
 * the wire is in the histories of runs, and stays.
 */
export const decisionSignal = defineSignal<[reason?: FailureDetails]>('verdict');

const orphaned: FailureDetails = {
  problem: 'The run of the data product has ended without a word.',
  solution: 'Deploy the data product again, or this component alone.',
};

/** What a run does as part of a data product's; alone, which a replay of it is too, it is on its own. */
export const startPart = (run: Run) => {
  const { parent, workflowId } = workflowInfo();
  const root = CancellationScope.current();
  const scope = new CancellationScope();
  let isKept = false;

  setHandler(decisionSignal, (reason) => {
    if (!reason) {
      isKept = true;
      return;
    }
    // Whoever cancelled this run before is the reason for its end.
    if (!root.consideredCancelled) run.endFor(reason);
    scope.cancel();
  });

  return {
    /** Does the work until its end, or a cancellation when the data product's run says so. */
    within: <Result>(work: () => Promise<Result>) => scope.run(work),

    /** Waits until the data product's run says that what was done is to be kept. */
    async untilKept() {
      if (!parent) return;
      run.phase(IN_PLACE);
      const parentRun = getExternalWorkflowHandle(parent.workflowId, parent.runId);
      if (!(await isDelivered(parentRun.signal(readySignal, workflowId))))
        throw ApplicationFailure.create({
          message: orphaned.problem,
          nonRetryable: true,
          details: [orphaned],
        });
      const waited = beginSpan('WaitForComponents');
      try {
        await condition(() => isKept);
      } finally {
        waited({}, isKept ? undefined : 'cancelled');
      }
    },
  };
};
