import {
  TemporalFailure,
  defaultPayloadConverter,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  Headers,
  Payload,
  WorkflowInterceptors,
  WorkflowInternalsInterceptor,
} from '@temporalio/workflow';
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

/**
 * A query that meets a run whose next workflow task is scheduled, and not begun, brings the events of
 * that task: sdk-core applies them, and would keep the run as it is then. The task would go on from
 * there, whereas a replay is given these events after the signals that came later, so that its history
 * could never be replayed. Such a query fails instead, which drops the run from the cache. Its events
 * are told by the time, which a task sets as it begins: they have come, and it is that of the last task.
 */
const failQueriesAhead = (): WorkflowInternalsInterceptor => {
  let last = { time: '', length: 0 };
  let isAhead = false;
  return {
    activate(input, next) {
      const { jobs, timestamp, historyLength, isReplaying } = input.activation;
      const isQuery = jobs?.some(({ queryWorkflow }) => queryWorkflow) === true;
      if (isQuery && isAhead)
        throw new Error(
          'Events of the run have had no workflow task yet: where it goes on, ask again in a moment.',
        );
      const now = {
        time: `${String(timestamp?.seconds)}.${String(timestamp?.nanos)}`,
        length: historyLength ?? 0,
      };
      // Of one task there may be several activations, which all are of the same events.
      if (!isQuery && now.length !== last.length) {
        isAhead = isReplaying !== true && now.time === last.time;
        last = now;
      }
      next(input);
    },
  };
};

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
    internals: [failQueriesAhead()],
  };
};
