import { setImmediate as afterPending } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { PUBLIC_API, timed } from './apis';
import type { Called, NoAnswer } from './apis';
import { subjectOf } from './call';
import { failedAnswer, unexpectedAnswer, unreadableAnswer } from './answer';
import type { Answer } from './answer';
import { noAnswer, notSent, outOfTime } from './errors';
import type { Asked } from '../contract/call-error';
import { TokenAnswer, createSession } from './session';
import type { AirbyteAuth } from './session';
import { overBy } from '../concurrency/call-interest';
import type { CallInterest } from '../concurrency/call-interest';
import { LASTING, whileWanted } from '../concurrency/interest';
import type { Limit } from '../concurrency/limit';
import { parseJson, withoutUndefined } from '../contract/json';
import type { Redactor } from '../secrets/masking';

interface Call<Schema extends z.ZodType> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Else the API's own. */
  base?: string;
  /** Below the base. */
  path: string;
  /** Whether it changes anything in Airbyte; else told by the method: all but GET do. */
  writes?: boolean;
  query?: Record<string, string | number | boolean | undefined>;
  body?: object;
  /** Whom it is about, for people, where the call does not tell itself. */
  about?: string;
  answer: Schema;
  interest: CallInterest;
}

export interface AirbyteHttpOptions {
  /** The host's root. */
  url: string;
  /** Which of the APIs is meant; the public one unless given. */
  base?: string;
  /** As they are now; throws a Refusal where they cannot be had. */
  credentials: () => Promise<AirbyteAuth>;
  /** Milliseconds one call may take, the reading of its answer included. */
  requestTimeout: number;
  /** Calls at once, to all that Airbyte has; its public API runs on five threads (PUBLIC_API_EXECUTOR_THREADS). */
  limit: Limit;
  redactor: Redactor;
  log: Logger;
  /** Hears of each call that has ended. */
  observe?: (called: Called) => void;
}

export type AirbyteHttp = ReturnType<typeof createAirbyteHttp>;

/**
 * After long computing: connections that Airbyte has closed meanwhile are noticed before one is used.
 * The loop looks at them between the ends of two turns.
 */
const noticeClosed = async () => {
  await afterPending();
  await afterPending();
};

const queryOf = (query: Call<z.ZodType>['query'] = {}) => {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined) params.set(key, String(value));
  return params.size === 0 ? '' : `?${params.toString()}`;
};

const isWrite = ({ method, writes = method !== 'GET' }: Call<z.ZodType>) => writes;

const initOf = (call: Call<z.ZodType>, authorization: string | undefined) => ({
  method: call.method,
  headers: withoutUndefined({
    accept: 'application/json',
    'content-type': call.body && 'application/json',
    authorization,
  }),
  ...(call.body && { body: JSON.stringify(call.body) }),
});

const askedBy = (call: Call<z.ZodType>): Asked => ({
  method: call.method,
  path: call.path,
  writes: isWrite(call),
  about: call.about ?? subjectOf(call),
});

/**
 * Calls to one of Airbyte's APIs: as many at once as `limit` lets, answers checked, every failure an
 * AirbyteError whose text holds no known secret. Only a 401 is repeated, once, with a new token.
 */
export const createAirbyteHttp = (options: AirbyteHttpOptions) => {
  const { credentials, requestTimeout, limit, redactor, log, base: ownBase = PUBLIC_API } = options;
  const { observe } = options;

  const send = async (call: Call<z.ZodType>, authorization?: string): Promise<Answer> => {
    await noticeClosed();
    const started = Date.now();
    const deadline = AbortSignal.timeout(requestTimeout);
    const { cancelled, timeUp } = call.interest;
    const asked = askedBy(call);
    const { writes } = asked;
    const ends = writes ? [timeUp, deadline] : [cancelled, timeUp, deadline];
    const { base = ownBase } = call;
    const path = `${base}${call.path}`;
    const over = timed({ method: call.method, path }, observe);
    const unanswered = (): NoAnswer => {
      if (timeUp.aborted) return 'out_of_time';
      if (!writes && cancelled.aborted) return 'cancelled';
      return deadline.aborted ? 'timeout' : 'unreachable';
    };
    if (writes) call.interest.writes?.();
    try {
      const response = await fetch(`${options.url}${path}${queryOf(call.query)}`, {
        ...initOf(call, authorization),
        redirect: 'manual',
        signal: AbortSignal.any(ends),
      });
      const { status, headers } = response;
      const text = await response.text();
      over(status);
      log.debug(
        { call: `${call.method} ${call.path}`, status, ms: Date.now() - started },
        'Airbyte answered',
      );
      return { status, headers, text };
    } catch (cause) {
      over(unanswered());
      if (timeUp.aborted) throw outOfTime(asked, Date.now() - started);
      if (!writes) cancelled.throwIfAborted();
      throw noAnswer(asked, cause, deadline.aborted ? requestTimeout : undefined);
    }
  };

  const read = <Schema extends z.ZodType>(call: Call<Schema>, answer: Answer) => {
    const { status, text } = answer;
    const asked = askedBy(call);
    if (status < 200 || status > 299) throw failedAnswer(asked, answer, redactor.redact);
    const json = text === '' ? undefined : parseJson(text);
    if (json === undefined && text !== '') throw unreadableAnswer(asked, answer);
    const parsed = call.answer.safeParse(json);
    if (parsed.success) return parsed.data;
    throw unexpectedAnswer(asked, status, parsed.error);
  };

  const session = createSession(credentials, async ({ clientId, clientSecret }) => {
    const call = {
      method: 'POST' as const,
      path: '/applications/token',
      // A token asked for in vain leaves nothing behind.
      writes: false,
      body: {
        client_id: clientId,
        client_secret: clientSecret,
        grant_type: 'client_credentials',
      },
      answer: TokenAnswer,
      // Many may wait for the one token: no single caller's cancellation ends it.
      interest: LASTING,
    };
    return read(call, await send(call));
  });

  const perform = async (call: Call<z.ZodType>, over: () => Error): Promise<Answer> => {
    const header = () => whileWanted(call.interest, session.header(), over);
    const authorization = await header();
    const answer = await send(call, authorization);
    if (answer.status !== 401 || !(await session.renew(authorization))) return answer;
    return send(call, await header());
  };

  return <Schema extends z.ZodType>(call: Call<Schema>): Promise<z.output<Schema>> => {
    const asked = askedBy(call);
    call.interest.hear?.(asked);
    const over = overBy(call.interest, () => notSent(asked));
    const work = async () => read(call, await perform(call, over));
    return limit(work, { interest: call.interest, over });
  };
};
