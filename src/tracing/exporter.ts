import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import type { TracingConfig } from '../config/tracing';
import { MAX_TEXT } from './spans';
import type { Recorded } from './spans';

/* Spans on their way to a collector: in batches, and forgotten where nobody takes them. */

/** Spans that wait to be sent, beside a batch under way; newer ones are forgotten. */
export const MAX_QUEUED = 2048;
/** Spans that are sent together. */
export const MAX_BATCH = 512;
/** Milliseconds that a program which ends takes for what is still to be sent. */
const LONGEST_FLUSH = 3000;

export interface Exporter {
  add: (span: Recorded) => void;
  /** Sends what is still to be sent, for so long as it may take; never fails. */
  stop: () => Promise<void>;
}

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
};

const hrTime = (ms: number): [number, number] => {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
};

const cut = (text: string) => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text);

const statusOf = ({ error }: Recorded) => {
  if (!error) return { code: SpanStatusCode.UNSET };
  const { cause } = error;
  return { code: SpanStatusCode.ERROR, ...(cause && { message: cut(cause) }) };
};

const attributesOf = ({ attributes, error }: Recorded) =>
  Object.fromEntries(
    Object.entries({ ...attributes, 'error.type': error?.type }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, typeof value === 'string' ? cut(value) : value]],
    ),
  );

type Common = Pick<ReadableSpan, 'resource' | 'instrumentationScope'>;

const readable = (span: Recorded, common: Common): ReadableSpan => {
  const { traceId, spanId, parentSpanId, name, kind } = span;
  const contextOf = (id: string): SpanContext => ({
    traceId,
    spanId: id,
    traceFlags: TraceFlags.SAMPLED,
  });
  return {
    name,
    kind: KINDS[kind],
    spanContext: () => contextOf(spanId),
    ...(parentSpanId && { parentSpanContext: contextOf(parentSpanId) }),
    startTime: hrTime(span.start),
    endTime: hrTime(Math.max(span.start, span.end)),
    duration: hrTime(Math.max(0, span.end - span.start)),
    status: statusOf(span),
    attributes: attributesOf(span),
    links: [],
    events: [],
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...common,
  };
};

/** Tells of failures once until there is a success, and of that. */
const telling = (
  inner: SpanExporter,
  { host, log }: { host: string; log: Logger },
): SpanExporter => {
  let isLost = false;
  return {
    export: (spans, done) => {
      inner.export(spans, (result) => {
        const { error: err } = result;
        if (err && !isLost)
          log.warn({ problem: err.message, host }, 'traces are not taken, and lost until they are');
        if (!err && isLost) log.info({ host }, 'traces are taken again');
        isLost = err !== undefined;
        done(result);
      });
    },
    shutdown: () => inner.shutdown(),
  };
};

export const createExporter = (
  config: TracingConfig,
  { program, log }: { program: 'gateway' | 'worker'; log: Logger },
): Exporter => {
  const { url, headers, timeout, delay, serviceName, attributes } = config;
  const resource = defaultResource().merge(
    resourceFromAttributes({
      'service.instance.id': randomUUID(),
      'service.name': `airbyte-provisioner-${program}`,
      ...attributes,
      ...(serviceName && { 'service.name': serviceName }),
    }),
  );
  const otlp = new OTLPTraceExporter({
    url,
    headers,
    timeoutMillis: timeout,
    concurrencyLimit: 1 + Math.ceil(MAX_QUEUED / MAX_BATCH),
  });
  const processor = new BatchSpanProcessor({
    exporter: telling(otlp, { host: new URL(url).host, log }),
    maxQueueSize: MAX_QUEUED,
    maxExportBatchSize: MAX_BATCH,
    scheduledDelayMillis: delay,
    exportTimeoutMillis: timeout,
  });
  const common = { resource, instrumentationScope: { name: 'airbyte-specific-provisioner' } };
  return {
    add: (span) => {
      processor.onEnd(readable(span, common));
    },
    stop: async () => {
      const isOver = new AbortController();
      const late = pause(LONGEST_FLUSH, undefined, { signal: isOver.signal });
      await Promise.race([processor.shutdown(), late]).catch(() => undefined);
      late.catch(() => undefined);
      isOver.abort();
    },
  };
};
