import { setImmediate as afterPending } from 'node:timers/promises';
import type { Logger } from 'pino';
import { codeOf, rootOf } from '../../workflows/protocol/causes';
import type { CallInterest } from '../concurrency/call-interest';
import { CallError } from '../contract/call-error';
import type { Asked } from '../contract/call-error';
import { inWords } from '../contract/durations';
import { withoutUndefined } from '../contract/json';

/* One call to a warehouse or engine over HTTP; what its answer means is for each type to say. */

export interface FabricCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The root of the host that it goes to, and credentials with it. */
  root: string;
  /** With its query. */
  path: string;
  /** The path without what is each call's own, for errors, logs and metrics: `/api/v2/statements/{handle}`. */
  operation: string;
  headers: Record<string, string>;
  body?: string;
  /** Whether it changes anything that a look does not clear up. */
  writes: boolean;
  /** What it is about, for people. */
  about?: string | undefined;
  interest: CallInterest;
}

export interface FabricAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** What became of a call. */
export interface FabricCalled {
  /** As people call it: Snowflake. */
  system: string;
  /** The method, and the path without what is each call's own. */
  operation: string;
  /** Its status, or why there was none. */
  outcome: number | 'timeout' | 'cancelled' | 'unreachable' | 'out_of_time';
  seconds: number;
}
export type ObserveCall = (called: FabricCalled) => void;

interface FabricHttpOptions {
  /** As people call it: Snowflake. */
  system: string;
  /** Milliseconds one call may take, the reading of its answer included. */
  requestTimeout: number;
  log: Logger;
  observe?: ObserveCall | undefined;
}

/** Bytes of an answer, its compression undone: a part of a result has 25 MiB at most in either system. */
const MAX_ANSWER = 32 * 1024 * 1024;

/** An answer that does not end, or not in time to be of use. */
class AnswerTooLarge extends Error {
  override name = 'AnswerTooLarge';
}

/** Whether it is the size of an answer that a call failed of: one that asks for less may be answered. */
export const isTooLarge = (err: unknown) =>
  err instanceof CallError && err.cause instanceof AnswerTooLarge;

/** What is beyond the bound is not received. */
const textOf = async ({ body }: Response): Promise<string> => {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const stream: AsyncIterable<Uint8Array> | never[] = body ?? [];
  for await (const piece of stream) {
    length += piece.length;
    if (length > MAX_ANSWER) throw new AnswerTooLarge();
    pieces.push(piece);
  }
  return new TextDecoder().decode(Buffer.concat(pieces));
};

/** No connection came about, so nothing was asked. */
const UNREACHED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];

const described = ({ method, path, about }: Asked) =>
  `${method} ${path}${about === undefined ? '' : ` for ${about}`}`;

const describeCause = (err: unknown) => {
  const cause = rootOf(err);
  return codeOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
};

const again = (system: string) =>
  `Try again when ${system} answers; the platform operator can see why it does not.`;

/** It would be as large at the next attempt. */
const tooLarge = (
  system: string,
  asked: Asked,
  { status, cause }: { status: number | undefined; cause: AnswerTooLarge },
) =>
  new CallError(
    `${system} answers ${described(asked)} with more than ${String(MAX_ANSWER / 1024 / 1024)} MiB.`,
    {
      kind: 'refused',
      status,
      unclear: asked.writes,
      cause,
      solution: `Ask for less; if nothing asks for much, ask the platform operator whether something else answers in the place of ${system}.`,
    },
  );

/** What an error of the platform's would tell is the value itself, which may be a secret. */
const headersOf = (system: string, { headers: given }: FabricCall): Headers => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(withoutUndefined(given)))
    try {
      headers.set(name, value);
    } catch {
      throw new CallError(
        `The header ${name} for ${system} cannot be sent: it has a line break, or another character that no header has.`,
        {
          kind: 'refused',
          solution: `Ask the platform operator to look at the fabric's credentials: a token is one line, and a key pair is given as privateKey.`,
        },
      );
    }
  return headers;
};

/**
 * Calls that answer whatever the status, and throw a CallError where no answer came: `unclear` where a write
 * may have taken effect all the same.
 */
export const createFabricHttp = ({ system, requestTimeout, log, observe }: FabricHttpOptions) => {
  const askedBy = ({ method, operation, writes, about }: FabricCall): Asked => ({
    method,
    path: operation,
    writes,
    about,
  });

  return async (call: FabricCall): Promise<FabricAnswer> => {
    const asked = askedBy(call);
    const { operation, writes } = call;
    const { cancelled, timeUp } = call.interest;
    const sent = headersOf(system, call);
    call.interest.hear?.(asked);
    // Connections that were closed during long computing are noticed before one is used.
    await afterPending();
    await afterPending();
    const started = Date.now();
    const deadline = AbortSignal.timeout(requestTimeout);
    const ends = writes ? [timeUp, deadline] : [cancelled, timeUp, deadline];
    const over = (outcome: FabricCalled['outcome']) =>
      observe?.({
        system,
        operation: `${call.method} ${operation}`,
        outcome,
        seconds: (Date.now() - started) / 1000,
      });
    let answered: number | undefined;
    if (writes) call.interest.writes?.();
    try {
      const response = await fetch(`${call.root}${call.path}`, {
        method: call.method,
        headers: sent,
        ...(call.body !== undefined && { body: call.body }),
        redirect: 'manual',
        signal: AbortSignal.any(ends),
      });
      const { status, headers } = response;
      answered = status;
      const text = await textOf(response);
      over(status);
      log.debug(
        { call: `${call.method} ${operation}`, status, ms: Date.now() - started },
        `${system} answered`,
      );
      return { status, headers, text };
    } catch (cause) {
      if (cause instanceof AnswerTooLarge) {
        over(answered ?? 'unreachable');
        throw tooLarge(system, asked, { status: answered, cause });
      }
      const waited = inWords(Date.now() - started);
      if (timeUp.aborted) {
        over('out_of_time');
        throw new CallError(
          `${system} had given no answer to ${described(asked)} after ${waited}, when the time for this step was up.`,
          { kind: 'again', solution: again(system), unclear: writes, outOfTime: 'calling' },
        );
      }
      if (!writes && cancelled.aborted) over('cancelled');
      if (!writes) cancelled.throwIfAborted();
      over(deadline.aborted ? 'timeout' : 'unreachable');
      const what = deadline.aborted
        ? `gave no answer to ${described(asked)} within ${inWords(requestTimeout)}`
        : `could not be reached or hung up (${describeCause(cause)}) at ${described(asked)}`;
      throw new CallError(`${system} ${what}.`, {
        kind: 'again',
        solution: again(system),
        unclear: writes && !UNREACHED.includes(codeOf(rootOf(cause)) ?? ''),
        cause,
      });
    }
  };
};
export type FabricHttp = ReturnType<typeof createFabricHttp>;
