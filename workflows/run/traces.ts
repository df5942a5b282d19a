import {
  ActivityFailure,
  ApplicationFailure,
  TimeoutFailure,
  isCancellation,
  proxySinks,
  workflowInfo,
} from '@temporalio/workflow';
import type { Payload, Sinks } from '@temporalio/workflow';
import type { InnerName, InnerSpan, TracedRun } from '../protocol/tracing';
import { causesOf } from '../protocol/causes';

/* What runs tell the traces of their worker, when they end. It makes no commands. */

export interface TraceSinks extends Sinks {
  runTraces: {
    /** `header`: what the start of the run had; none: it was in no trace. */
    ended: (header: Payload | undefined, run: TracedRun) => void;
  };
}

const { runTraces } = proxySinks<TraceSinks>();

/** Waits of a run that are told; of more the first ones. */
const MAX_INNER = 50;

const inner: InnerSpan[] = [];
let leftOut = 0;

/** A part of the run begins; what comes back is told its end. */
export const beginSpan = (name: InnerName, attributes: InnerSpan['attributes'] = {}) => {
  const since = Date.now();
  return (more: InnerSpan['attributes'] = {}, error?: string) => {
    if (inner.length >= MAX_INNER) {
      leftOut += 1;
      return;
    }
    const until = Date.now();
    inner.push({
      name,
      since,
      until,
      attributes: { ...attributes, ...more },
      ...(error && { error }),
    });
  };
};

export const whyEnded = (err: unknown) => (isCancellation(err) ? 'cancelled' : 'failed');

const typeOf = (err: unknown) => {
  if (err instanceof TimeoutFailure) return err.timeoutType;
  return err instanceof ApplicationFailure ? (err.type ?? undefined) : undefined;
};

/** Which step it was, and the type of what it failed with: of words some may be Airbyte's. */
const causeOf = (err: unknown) => {
  const causes = causesOf(err);
  const step = causes.find((cause) => cause instanceof ActivityFailure)?.activityType;
  const type = causes.map(typeOf).findLast(Boolean);
  return step && type ? `${step}: ${type}` : type;
};

const errorOf = (err: unknown): TracedRun['error'] => {
  if (isCancellation(err)) return { type: 'cancelled' };
  const cause = causeOf(err);
  return { type: typeOf(err) ?? 'failed', ...(cause !== undefined && { cause }) };
};

/** Nothing is told while a history is replayed. */
export const tellTraces = (
  header: Payload | undefined,
  { end, err }: { end: TracedRun['end']; err?: unknown },
) => {
  if (workflowInfo().unsafe.isReplaying) return;
  const error = end === 'completed' ? undefined : errorOf(err);
  runTraces.ended(header, { end, until: Date.now(), inner, leftOut, ...(error && { error }) });
};
