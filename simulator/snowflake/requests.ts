import type { Response } from 'express';

/** One call of the API, in the order of arrival. */
export interface RequestRecord {
  /** Null when no operation has this method and path. */
  operation: string | null;
  /** Of a submission: what it does; `unreadable` where the simulator does not know the statement. */
  kind: string | null;
  /** Of a submission; values that are bound to it are not told. */
  statement: string | null;
  role: string | null;
  requestId: string | null;
  retry: boolean;
  method: string;
  path: string;
  /** Of the handle that was asked for or given. */
  handle: string | null;
  tokenType: string | null;
  /** SHA-256 of the token: hex. */
  token: string | null;
  /** Null when no answer was sent (yet). */
  status: number | null;
  /** Epoch milliseconds. */
  startedAt: number;
  /** Milliseconds; null while it is in flight. */
  duration: number | null;
}

/** The oldest are forgotten, for a simulator that runs for days. */
const KEPT = 20_000;

export const createRequests = () => {
  let records: RequestRecord[] = [];
  let inFlight = 0;
  let maxInFlight = 0;
  return {
    /** Counts the call as in flight until its connection is done with it. */
    record: (call: Omit<RequestRecord, 'status' | 'startedAt' | 'duration'>, res: Response) => {
      const startedAt = Date.now();
      const record: RequestRecord = { ...call, status: null, startedAt, duration: null };
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
