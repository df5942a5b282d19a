/* How the trace that a run belongs to is handed to it, and on from it. Workflows hand on what they got. */

/** The header of starts, steps and children, as Temporal's own interceptors name it. */
export const TRACE_HEADER = '_tracer-data';

/** What is in it, as JSON. */
export interface TraceHeader {
  /** As W3C Trace Context has it. */
  traceparent?: string;
  /** Else the id of the run whose trace it is: its start was in none. */
  run?: string;
}

/** In the memo of a run: the id of the trace that its request belongs to. */
export const TRACE_MEMO = 'traceId';

export type InnerName =
  'WaitForLease' | 'WaitForComponents' | 'WaitForAirbyte' | 'WaitForFabric' | 'Compensate';

/** A part of what a run does that is none of its steps. Times are milliseconds since 1970. */
export interface InnerSpan {
  name: InnerName;
  since: number;
  until: number;
  attributes: Record<string, string | number>;
  /** Why it ended without what it was for. */
  error?: string;
}

/** A run that has ended, for its trace. */
export interface TracedRun {
  end: 'completed' | 'failed' | 'cancelled';
  until: number;
  inner: InnerSpan[];
  /** How many inner spans had no room. */
  leftOut: number;
  error?: { type: string; cause?: string };
}
