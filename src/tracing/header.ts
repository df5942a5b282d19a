import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers, Payload } from '@temporalio/common';
import { z } from 'zod';
import { TRACE_HEADER } from '../../workflows/protocol/tracing';
import type { TraceHeader } from '../../workflows/protocol/tracing';
import { readTraceparent, traceparentOf } from './context';
import type { Trace } from './context';

/* The trace of a run, in the header of its start, and where its spans stand in it. */

/** None where there is no span to be below. */
export const headerOf = (trace: Trace): Headers => {
  const traceparent = traceparentOf(trace);
  if (!traceparent) return {};
  return {
    [TRACE_HEADER]: defaultPayloadConverter.toPayload({ traceparent } satisfies TraceHeader),
  };
};

const Header = z.object({ traceparent: z.string().optional(), run: z.guid().optional() });

const readHeader = (payload: Payload) => {
  try {
    return Header.parse(defaultPayloadConverter.fromPayload(payload));
  } catch {
    return {};
  }
};

const digitsOf = (uuid: string) => uuid.replaceAll('-', '');

/** The span of a run; told by its id, so that whoever has to do with the run knows it. */
export const runSpanId = (runId: string) => digitsOf(runId).slice(-16);

/**
 * What the start of a run was in. A run whose start was in no trace has one of its own, which has the
 * id of the run, and so have those that it starts.
 */
export const startOf = (payload: Payload | undefined, runId: string): Trace => {
  const { traceparent, run = runId } = payload ? readHeader(payload) : {};
  return readTraceparent(traceparent) ?? { traceId: digitsOf(run) };
};
