import type { OutOfTime } from '../../workflows/protocol/failure-details';
import { Refusal } from './problems';

/**
 * Why a call failed: it was `refused`, however often it is repeated; `connector` is a source or destination
 * that does not work, which Airbyte reports as its own 500; `again` may pass.
 */
export type FailureKind = 'refused' | 'connector' | 'again';

/** A call to something outside that did not end as was hoped. */
export class CallError extends Error {
  override name = 'CallError';
  readonly kind: FailureKind;
  /** The HTTP status; absent when no answer came. */
  readonly status: number | undefined;
  /** Milliseconds it was asked to wait (Retry-After). */
  readonly retryAfter: number | undefined;
  readonly solution: string;
  /** Whether a write may have taken effect, or may yet: nobody can tell from this answer. */
  readonly unclear: boolean;
  /** The step's own time was up; absent where it was not that. */
  readonly outOfTime: OutOfTime | undefined;
  /** Our credentials are not taken, or they may not do this. */
  readonly notLetIn: boolean;

  constructor(
    message: string,
    given: {
      kind: FailureKind;
      solution: string;
      status?: number | undefined;
      retryAfter?: number | undefined;
      unclear?: boolean;
      outOfTime?: OutOfTime | undefined;
      notLetIn?: boolean;
      cause?: unknown;
    },
  ) {
    super(message, { cause: given.cause });
    this.kind = given.kind;
    this.status = given.status;
    this.retryAfter = given.retryAfter;
    this.solution = given.solution;
    this.unclear = given.unclear ?? false;
    this.outOfTime = given.outOfTime;
    this.notLetIn = given.notLetIn ?? false;
  }
}

/** By us or by whom was called: trying again would not help. */
export const isRefused = (err: unknown): err is Refusal | CallError =>
  err instanceof Refusal || (err instanceof CallError && err.kind === 'refused');

/** A call, as its errors name it. */
export interface CallName {
  method: string;
  path: string;
}

/** With whether it changes anything, if it is done. */
export interface Asked extends CallName {
  writes: boolean;
  /** What it is about, for people, as far as the call tells. */
  about?: string | undefined;
}
