import { TemporalFailure, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { runMetrics } from './run/metrics';
import type { RunEnd } from './run/metrics';

/* What is done around every workflow; its name is known to scripts/build.mjs. */

const ended = (end: RunEnd) => {
  runMetrics.ended(end, (Date.now() - workflowInfo().runStartTime.getTime()) / 1000);
};

export const interceptors = (): WorkflowInterceptors => ({
  inbound: [
    {
      async execute(input, next) {
        try {
          const result = await next(input);
          ended('completed');
          return result;
        } catch (err) {
          // Anything else ends no workflow: it starts anew, or its task is done again.
          if (err instanceof TemporalFailure) ended(isCancellation(err) ? 'cancelled' : 'failed');
          throw err;
        }
      },
    },
  ],
});
