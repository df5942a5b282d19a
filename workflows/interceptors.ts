import {
  TemporalFailure,
  defaultPayloadConverter,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import type { Headers, Payload, WorkflowInterceptors } from '@temporalio/workflow';
import { TRACE_HEADER } from './protocol/tracing';
import type { TraceHeader } from './protocol/tracing';
import { failureCauseOf } from './run/failure';
import { tellMetrics } from './run/metrics';
import type { RunEnd } from './run/metrics';
import { tellTraces } from './run/traces';

/* What is done around every workflow; its name is known to scripts/build.mjs. */

/** Without a trace of its start a run hands on whose trace it is; that of a step is known by its run. */
const ownHeader = () =>
  defaultPayloadConverter.toPayload({ run: workflowInfo().runId } satisfies TraceHeader);

export const interceptors = (): WorkflowInterceptors => {
  let header: Payload | undefined;

  const ended = (end: RunEnd, err?: unknown) => {
    const seconds = (Date.now() - workflowInfo().runStartTime.getTime()) / 1000;
    tellMetrics((metrics) => metrics.ended(end, seconds));
    tellTraces(header, { end, err });
  };
  const handedOn = <Input extends { headers: Headers }>(input: Input, trace = header): Input =>
    trace ? { ...input, headers: { ...input.headers, [TRACE_HEADER]: trace } } : input;

  return {
    inbound: [
      {
        async execute(input, next) {
          header = input.headers[TRACE_HEADER];
          try {
            const result = await next(input);
            ended('completed');
            return result;
          } catch (err) {
            // Anything else ends no workflow: it starts anew, or its task is done again.
            if (!(err instanceof TemporalFailure)) throw err;
            ended(isCancellation(err) ? 'cancelled' : 'failed', err);
            if (!isCancellation(err)) tellMetrics((metrics) => metrics.failed(failureCauseOf(err)));
            throw err;
          }
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(handedOn(input)),
        startChildWorkflowExecution: (input, next) => next(handedOn(input, header ?? ownHeader())),
        continueAsNew: (input, next) => next(handedOn(input)),
      },
    ],
  };
};
