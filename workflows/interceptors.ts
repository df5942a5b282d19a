import { TemporalFailure, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { failureCauseOf } from './run/failure';
import { tellMetrics } from './run/metrics';
import type { RunEnd } from './run/metrics';

/* What is done around every workflow; its name is known to scripts/build.mjs. */

const ended = (end: RunEnd) => {
  const seconds = (Date.now() - workflowInfo().runStartTime.getTime()) / 1000;
  tellMetrics((metrics) => metrics.ended(end, seconds));
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
          if (!(err instanceof TemporalFailure)) throw err;
          if (isCancellation(err)) {
            ended('cancelled');
            throw err;
          }
          ended('failed');
          tellMetrics((metrics) => metrics.failed(failureCauseOf(err)));
          throw err;
        }
      },
    },
  ],
});
