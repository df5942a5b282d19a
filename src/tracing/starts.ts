import type { WorkflowClientInterceptor } from '@temporalio/client';
import { TRACE_MEMO } from '../../workflows/protocol/tracing';
import { currentTrace } from './context';
import { headerOf } from './header';
import type { Tracing } from './tracing';

/** Puts the trace of a request into the runs that it starts, where it is in one. */
export const tracedStarts = (tracing: Tracing): WorkflowClientInterceptor => ({
  async startWithDetails(input, next) {
    const request = currentTrace();
    if (!request) return next(input);
    const trace = tracing.below(request);
    const { workflowType, headers, options } = input;
    const start = Date.now();
    const ended = (runId?: string, err?: unknown) =>
      tracing.record(trace, {
        type: 'start',
        name: `StartWorkflow:${workflowType}`,
        parentSpanId: request.spanId,
        start,
        end: Date.now(),
        attributes: {
          'temporal.workflow.type': workflowType,
          'temporal.workflow.id': options.workflowId,
          'temporal.run.id': runId,
        },
        error: runId ? undefined : { type: err instanceof Error ? err.name : 'unknown' },
      });
    try {
      const started = await next({
        ...input,
        headers: { ...headers, ...headerOf(trace) },
        options: { ...options, memo: { ...options.memo, [TRACE_MEMO]: trace.traceId } },
      });
      ended(started.runId);
      return started;
    } catch (err) {
      ended(undefined, err);
      throw err;
    }
  },
});
