import type { Request } from 'express';
import { type ApiName, type Operation } from './operation';
import type { SentSecret } from './secret-log';
import { changesSomething, type Requests as AnyRequests } from './steering/requests';

/** What is told of a call of either API. */
export interface ReceivedCall {
  /** Null when no operation has this method and path. */
  operation: string | null;
  api: ApiName;
  /** Whether the operation writes: creations, updates, deletions and the start of jobs. */
  changes: boolean;
  method: string;
  path: string;
  /** Of a write of a source or destination: the secrets it carries, without their values. */
  secrets?: SentSecret[];
}
export type Requests = AnyRequests<ReceivedCall>;

export const calledFor = (
  api: ApiName,
  operation: Operation | null,
  { method, path }: Request,
): ReceivedCall => ({
  operation: operation?.id ?? null,
  api,
  changes: operation ? changesSomething(operation) : false,
  method,
  path,
});
