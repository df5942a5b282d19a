import type { Request, Response } from 'express';
import { type ApiName, changesSomething, type Operation } from './operation';
import type { SentSecret } from './secret-log';

/** One call of the API, in the order of arrival. */
interface RequestRecord {
  /** Null when no operation has this method and path. */
  operation: string | null;
  api: ApiName;
  /** Whether the operation writes: creations, updates, deletions and the start of jobs. */
  changes: boolean;
  method: string;
  path: string;
  /** Null when no answer was sent (yet). */
  status: number | null;
  /** Epoch milliseconds. */
  startedAt: number;
  /** Milliseconds; null while it is in flight. */
  duration: number | null;
  /** Of a write of a source or destination: the secrets it carries, without their values. */
  secrets?: SentSecret[];
}

/** The oldest are forgotten, for a simulator that runs for days. */
const KEPT = 20_000;

export const createRequests = () => {
  let records: RequestRecord[] = [];
  let inFlight = 0;
  let maxInFlight = 0;
  return {
    /** Counts the call as in flight until its connection is done with it. */
    record: (api: ApiName, operation: Operation | null, req: Request, res: Response) => {
      const startedAt = Date.now();
      const { method, path } = req;
      const record: RequestRecord = {
        operation: operation?.id ?? null,
        api,
        changes: operation ? changesSomething(operation) : false,
        method,
        path,
        status: null,
        startedAt,
        duration: null,
      };
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
export type Requests = ReturnType<typeof createRequests>;
