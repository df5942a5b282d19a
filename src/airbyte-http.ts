import pLimit from 'p-limit';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { failedAnswer, noAnswer, unexpectedAnswer, unreadableAnswer } from './airbyte-error';
import type { Answer } from './airbyte-error';
import { TokenAnswer, createSession } from './airbyte-session';
import type { AirbyteAuth } from './config';
import { parseJson } from './json';
import type { Redactor } from './secrets';

export interface Call<Schema extends z.ZodType> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/public/v1`. */
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: object;
  answer: Schema;
  /** Ends the call when nobody waits for it any more. */
  signal: AbortSignal;
}

export interface AirbyteHttpOptions {
  /** The host's root; `/api/public/v1` is added. */
  url: string;
  auth: AirbyteAuth;
  /** Milliseconds one call may take, the reading of its answer included. */
  requestTimeout: number;
  /** Calls at once; Airbyte's public API runs on five threads (PUBLIC_API_EXECUTOR_THREADS). */
  maxInFlight: number;
  redactor: Redactor;
  log: Logger;
}

export type AirbyteHttp = ReturnType<typeof createAirbyteHttp>;

const queryOf = (query: Call<z.ZodType>['query'] = {}) => {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined) params.set(key, String(value));
  return params.size === 0 ? '' : `?${params.toString()}`;
};

const initOf = (call: Call<z.ZodType>, authorization: string | undefined) => ({
  method: call.method,
  headers: {
    accept: 'application/json',
    ...(call.body && { 'content-type': 'application/json' }),
    ...(authorization && { authorization }),
  },
  ...(call.body && { body: JSON.stringify(call.body) }),
});

/**
 * Calls to Airbyte's public API: at most `maxInFlight` at once, answers checked, every failure an
 * AirbyteError whose text holds no known secret. Only a 401 is repeated, once, with a new token.
 */
export const createAirbyteHttp = (options: AirbyteHttpOptions) => {
  const { auth, requestTimeout, redactor, log } = options;
  const limit = pLimit(options.maxInFlight);
  const nameOf = ({ method, path }: Call<z.ZodType>) => `${method} ${path}`;

  const send = async (call: Call<z.ZodType>, authorization?: string): Promise<Answer> => {
    const started = Date.now();
    const deadline = AbortSignal.timeout(requestTimeout);
    try {
      const response = await fetch(
        `${options.url}/api/public/v1${call.path}${queryOf(call.query)}`,
        {
          ...initOf(call, authorization),
          redirect: 'manual',
          signal: AbortSignal.any([call.signal, deadline]),
        },
      );
      const { status, headers } = response;
      const text = await response.text();
      log.debug({ call: nameOf(call), status, ms: Date.now() - started }, 'Airbyte answered');
      return { status, headers, text };
    } catch (cause) {
      call.signal.throwIfAborted();
      throw noAnswer(nameOf(call), cause, deadline.aborted ? requestTimeout : undefined);
    }
  };

  const read = <Schema extends z.ZodType>(call: Call<Schema>, answer: Answer) => {
    const { status, text } = answer;
    if (status < 200 || status > 299) throw failedAnswer(nameOf(call), answer, redactor.redact);
    const json = text === '' ? undefined : parseJson(text);
    if (json === undefined && text !== '') throw unreadableAnswer(nameOf(call), answer);
    const parsed = call.answer.safeParse(json);
    if (parsed.success) return parsed.data;
    throw unexpectedAnswer(nameOf(call), status, parsed.error);
  };

  const session = createSession(auth, async ({ clientId, clientSecret }) => {
    const call = {
      method: 'POST' as const,
      path: '/applications/token',
      body: {
        client_id: clientId,
        client_secret: clientSecret,
        grant_type: 'client_credentials',
      },
      answer: TokenAnswer,
      // Many may wait for the one token: no single caller's cancellation ends it.
      signal: new AbortController().signal,
    };
    return read(call, await send(call));
  });

  const perform = async (call: Call<z.ZodType>): Promise<Answer> => {
    call.signal.throwIfAborted();
    const authorization = await session.header();
    const answer = await send(call, authorization);
    if (answer.status !== 401 || !(await session.renew(authorization))) return answer;
    return send(call, await session.header());
  };

  return <Schema extends z.ZodType>(call: Call<Schema>): Promise<z.output<Schema>> =>
    limit(async () => read(call, await perform(call)));
};
