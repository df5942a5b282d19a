import type { Logger } from 'pino';
import type { TracingConfig } from '../config/tracing';
import { newSpanId, newTraceId } from './context';
import type { Trace } from './context';
import type { Exporter } from './exporter';
import { SPANS } from './spans';
import type { Span } from './spans';

export interface Tracing {
  isOn: boolean;
  /** What goes on below another, or begins a trace; while tracing is off others' is handed on as it is. */
  below: (parent: Trace) => Trace;
  /** Keeps it, if its trace is sampled. */
  record: (trace: Trace, span: Span) => void;
  stop: () => Promise<void>;
}

/** Hands on what others have begun. */
export const NO_TRACING: Tracing = {
  isOn: false,
  below: (parent) => parent,
  record: () => undefined,
  stop: () => Promise.resolve(),
};

/** As a random id is distributed, and those of runs at their end: all who decide by it decide the same. */
const isWithin = (ratio: number, traceId: string) =>
  Number.parseInt(traceId.slice(-13), 16) < ratio * 16 ** 13;

/** Whether the spans of a trace are kept. */
export const samples = (
  { followsParent, ratio }: TracingConfig['sampler'],
  { traceId, sampled }: Trace,
) => (followsParent && sampled !== undefined ? sampled : isWithin(ratio, traceId));

const tracingTo = (exporter: Exporter, sampler: TracingConfig['sampler']): Tracing => ({
  isOn: true,
  below: ({ traceId, sampled }) => {
    const trace = { traceId, spanId: newSpanId(), sampled };
    return { ...trace, sampled: samples(sampler, trace) };
  },
  record: ({ traceId, spanId, sampled }, { type, ...span }) => {
    if (!sampled || !spanId) return;
    exporter.add({ ...span, traceId, spanId, kind: SPANS[type].kind });
  },
  stop: exporter.stop,
});

/** Of a request that is in no trace. */
export const newTrace = (): Trace => ({ traceId: newTraceId() });

/** What exports is loaded only where there is somebody to export to. */
export const createTracing = async (
  config: TracingConfig | undefined,
  { program, log }: { program: 'gateway' | 'worker'; log: Logger },
): Promise<Tracing> => {
  if (!config) return NO_TRACING;
  // eslint-disable-next-line no-restricted-syntax -- at the top it would take 16 MiB of who exports nothing
  const { createExporter } = await import('./exporter.js');
  return tracingTo(createExporter(config, { program, log }), config.sampler);
};
