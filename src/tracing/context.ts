import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

/** Where something belongs: in which trace and, if that is known, below which span. */
export interface Trace {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId?: string | undefined;
  /** Whether its spans are kept; undefined: nobody has decided yet. */
  sampled?: boolean | undefined;
  /** Of the step that does it. */
  attempt?: number | undefined;
}

const storage = new AsyncLocalStorage<Trace>();

/** Where that belongs which is done now. */
export const currentTrace = () => storage.getStore();
export const inTrace = <Result>(trace: Trace, work: () => Result): Result =>
  storage.run(trace, work);

/** For every line of a log. */
export const traceFields = () => {
  const trace = currentTrace();
  return trace ? { traceId: trace.traceId } : {};
};

export const newTraceId = () => randomBytes(16).toString('hex');
export const newSpanId = () => randomBytes(8).toString('hex');

/** W3C Trace Context. Versions to come may add something, this one may not. */
const TRACEPARENT =
  /^(?:00|(?!ff)[0-9a-f]{2}(?=.{53}(?:-|$)))-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

export const readTraceparent = (text: string | undefined): Trace | undefined => {
  const [, traceId, spanId, flags = '', more] = TRACEPARENT.exec(text ?? '') ?? [];
  if (!traceId || !spanId || (more !== undefined && text?.startsWith('00'))) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
};

/** Undefined where there is no span to be below. */
export const traceparentOf = ({ traceId, spanId, sampled }: Trace) =>
  spanId && `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;

const TRACE_ID = /^(?!0+$)([0-9a-f]{16}|[0-9a-f]{32})$/;

/** An id that a caller has for itself, if it can be that of a trace: 64 or 128 bits, or a UUID. */
export const readTraceId = (text: string | undefined): Trace | undefined => {
  const [, id] = TRACE_ID.exec((text ?? '').toLowerCase().replaceAll('-', '')) ?? [];
  return id ? { traceId: id.padStart(32, '0') } : undefined;
};
