import { createHash } from 'node:crypto';
import type { InjectedSinks } from '@temporalio/worker';
import type { InnerName, InnerSpan } from '../../workflows/protocol/tracing';
import type { TraceSinks } from '../../workflows/run/traces';
import { RUNS } from '../runs/open-runs';
import type { Trace } from './context';
import { runSpanId, startOf } from './header';
import type { SpanType } from './spans';
import type { Tracing } from './tracing';

const operations = new Set<string>(RUNS);

/** Whether a run has a trace although its start was in none; others serve those. */
export const isTraced = (workflowType: string) => operations.has(workflowType);

const INNER: Record<InnerName, SpanType> = {
  WaitForLease: 'lease',
  WaitForComponents: 'components',
  WaitForAirbyte: 'settling',
  WaitForFabric: 'settlingFabric',
  Compensate: 'compensation',
};

/** The same for the same span, which a worker may tell of twice. */
const innerSpanId = (runId: string, { name, since }: InnerSpan, index: number) =>
  createHash('sha256')
    .update(`${runId} ${name} ${String(since)} ${String(index)}`)
    .digest('hex')
    .slice(-16);

/** Hears what runs tell when they end. */
export const traceSinks = (tracing: Tracing): InjectedSinks<TraceSinks> => ({
  runTraces: {
    ended: {
      fn: ({ workflowType, workflowId, runId, parent, runStartTime }, header, run) => {
        if (!tracing.isOn || !(header || isTraced(workflowType))) return;
        const start = startOf(header, runId);
        const trace: Trace = { ...tracing.below(start), spanId: runSpanId(runId) };
        tracing.record(trace, {
          type: 'run',
          name: `RunWorkflow:${workflowType}`,
          parentSpanId: parent ? runSpanId(parent.runId) : start.spanId,
          start: runStartTime.getTime(),
          end: run.until,
          attributes: {
            'temporal.workflow.type': workflowType,
            'temporal.workflow.id': workflowId,
            'temporal.run.id': runId,
            'provisioner.outcome': run.end,
            'provisioner.spans_left_out': run.leftOut || undefined,
          },
          error: run.error,
        });
        for (const [index, inner] of run.inner.entries())
          tracing.record(
            { ...trace, spanId: innerSpanId(runId, inner, index) },
            {
              type: INNER[inner.name],
              name: inner.name,
              parentSpanId: trace.spanId,
              start: inner.since,
              end: inner.until,
              attributes: inner.attributes,
              error: inner.error === undefined ? undefined : { type: inner.error },
            },
          );
      },
    },
  },
});
