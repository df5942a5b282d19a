import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { TRACE_HEADER } from '../../workflows/protocol/tracing';
import { endOf } from '../metrics/steps';
import type { AttemptEnd } from '../metrics/labels';
import { inTrace } from './context';
import { runSpanId, startOf } from './header';
import { isTraced } from './runs';
import type { Span } from './spans';
import type { Tracing } from './tracing';

/** Ends of attempts that are as they should be. */
const WELL: AttemptEnd[] = ['completed', 'waiting', 'handed_back'];

/** Its type only: of its words some may be Airbyte's. */
const errorOf = (err: unknown, outcome: AttemptEnd): Span['error'] => {
  if (WELL.includes(outcome)) return undefined;
  if (outcome === 'cancelled') return { type: 'cancelled' };
  const type = err instanceof ApplicationFailure ? err.type : undefined;
  return { type: type ?? (err instanceof Error ? err.name : 'unknown') };
};

/** Does each attempt of a step in the trace of its run. */
export const tracedSteps =
  (tracing: Tracing): ActivityInterceptorsFactory =>
  ({ info }) => ({
    inbound: {
      async execute(input, next) {
        const { workflowType = '', workflowExecution, activityType, attempt } = info;
        const header = input.headers[TRACE_HEADER];
        if (!workflowExecution || !(header || (tracing.isOn && isTraced(workflowType))))
          return next(input);
        const { workflowId, runId } = workflowExecution;
        const trace = { ...tracing.below(startOf(header, runId)), attempt };
        const start = Date.now();
        const ended = (outcome: AttemptEnd, err?: unknown) =>
          tracing.record(trace, {
            type: 'step',
            name: `RunActivity:${activityType}`,
            parentSpanId: runSpanId(runId),
            start,
            end: Date.now(),
            attributes: {
              'temporal.workflow.type': workflowType,
              'temporal.workflow.id': workflowId,
              'temporal.run.id': runId,
              'temporal.activity.type': activityType,
              'temporal.attempt': attempt,
              'provisioner.outcome': outcome,
            },
            error: errorOf(err, outcome),
          });
        try {
          const result = await inTrace(trace, () => next(input));
          ended('completed');
          return result;
        } catch (err) {
          ended(endOf(err), err);
          throw err;
        }
      },
    },
  });
