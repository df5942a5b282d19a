import type { Requests as AnyRequests } from '../../steering/requests';

/** What is told of a call of the API. */
export interface ReceivedCall {
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
}
export type Requests = AnyRequests<ReceivedCall>;
