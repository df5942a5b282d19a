import type { RequestHandler } from 'express';
import { onceOver } from '../concurrency/caller';
import { inTrace, readTraceId, readTraceparent } from '../tracing/context';
import { newTrace } from '../tracing/tracing';
import type { Tracing } from '../tracing/tracing';
import { pathOf } from './routes';

const OTHER = 'other';
/** Of the contract; a method of somebody's invention is in no name of a span. */
const METHODS = ['GET', 'POST', 'DELETE'];

const errorOf = (status: number | undefined) => {
  if (status === undefined) return { type: 'left' };
  return status >= 500 ? { type: String(status) } : undefined;
};

/**
 * Does each request in the trace of its caller, as `traceparent` names it (W3C Trace Context), or else
 * a header `traceId`. Without either it is in one of its own, unless it only reads: who polls would
 * begin one each time.
 */
export const traced =
  (tracing: Tracing): RequestHandler =>
  (req, res, next) => {
    const caller = readTraceparent(req.get('traceparent')) ?? readTraceId(req.get('traceId'));
    if (!caller && (!tracing.isOn || req.method === 'GET')) {
      next();
      return;
    }
    const trace = tracing.below(caller ?? newTrace());
    const start = Date.now();
    onceOver(res, () => {
      const method = METHODS.includes(req.method) ? req.method : OTHER;
      const route = pathOf(res)?.replaceAll(/:(\w+)/g, '{$1}') ?? OTHER;
      const status = res.writableFinished ? res.statusCode : undefined;
      tracing.record(trace, {
        type: 'request',
        name: `${method} ${route}`,
        parentSpanId: caller?.spanId,
        start,
        end: Date.now(),
        attributes: {
          'http.request.method': method,
          'http.route': route,
          'http.response.status_code': status,
        },
        error: errorOf(status),
      });
    });
    inTrace(trace, next);
  };
