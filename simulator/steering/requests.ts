import { createHash } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';

/** What becomes of a call. */
interface Course {
  /** Null when no answer was sent (yet). */
  status: number | null;
  /** Epoch milliseconds. */
  startedAt: number;
  /** Milliseconds; null while it is in flight. */
  duration: number | null;
}

/** The oldest are forgotten, for a simulator that runs for days. */
const KEPT = 20_000;

/** Hex: what a record has of a secret. */
export const digestOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

export const queryOf = ({ originalUrl }: Pick<Request, 'originalUrl'>) =>
  new URL(originalUrl, 'http://simulator').searchParams;

/** Whether an operation writes: unless it says so itself, everything but a GET does. */
export const changesSomething = ({ changes, method }: { changes?: boolean; method: string }) =>
  changes ?? method !== 'get';

/** The calls of an API in the order of arrival, with what is told of each. */
export const createRequests = <Call extends object>() => {
  let records: (Call & Course)[] = [];
  let inFlight = 0;
  let maxInFlight = 0;
  return {
    /** Counts the call as in flight until its connection is done with it. */
    record: (call: Call, res: Response) => {
      const startedAt = Date.now();
      const record: Call & Course = { ...call, status: null, startedAt, duration: null };
      records.push(record);
      if (records.length > KEPT) records = records.slice(-KEPT / 2);
      inFlight += 1;
      maxInFlight = Math.max(maxInFlight, inFlight);
      res.once('close', () => {
        inFlight -= 1;
        record.status = res.headersSent ? res.statusCode : null;
        record.duration = Date.now() - startedAt;
      });
      return record;
    },
    show: () => ({ requests: records, maxInFlight }),
    clear: () => {
      records = [];
      maxInFlight = inFlight;
    },
  };
};
export type Requests<Call extends object> = ReturnType<typeof createRequests<Call>>;

export const logAnswers =
  (log?: Logger): RequestHandler =>
  (req, res, next) => {
    const { method, originalUrl } = req;
    res.once('close', () =>
      log?.debug({ method, url: originalUrl, status: res.statusCode }, 'call'),
    );
    next();
  };
