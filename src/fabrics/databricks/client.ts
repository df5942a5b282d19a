import type { Limit } from '../../concurrency/limit';
import { overBy } from '../../concurrency/call-interest';
import type { CallInterest } from '../../concurrency/call-interest';
import { parseJson } from '../../contract/json';
import { MASK } from '../../secrets/masking';
import type { z } from 'zod';
import type { Opening } from '../fabric';
import { createFabricHttp } from '../http';
import type { FabricAnswer, FabricCall } from '../http';
import { errorOf, isTokenRefused, notUnderstood, problemIn } from './errors';
import { createTokens } from './tokens';
import type { Auth, DatabricksSettings } from './settings';

type Query = Record<string, string | number | boolean | undefined>;

interface DatabricksCall<Answer extends z.ZodType> {
  method: FabricCall['method'];
  /** Below the host, encoded, without its query. */
  path: string;
  operation: string;
  query?: Query;
  body?: object;
  answer: Answer;
  writes?: boolean;
  about?: string | undefined;
  /** What to run where a privilege is missing, as SQL to copy. */
  needs?: string | undefined;
  interest: CallInterest;
  /** Error codes that mean it is not there: then undefined is the answer. */
  absent?: readonly string[];
}

const urlOf = (path: string, query: Query = {}) => {
  const given = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
  );
  return given.length > 0 ? `${path}?${given.join('&')}` : path;
};

/** The workspace for one identity. `limit` is shared by all that call it. */
export const createClient = (
  { host }: Pick<DatabricksSettings, 'host'>,
  auth: Auth,
  {
    opening: { requestTimeout, log, observe, secretOf, redactor },
    limit,
  }: { opening: Opening; limit: Limit },
) => {
  const http = createFabricHttp({ system: 'Databricks', requestTimeout, log, observe });
  const tokens = createTokens({ http, root: host, auth, secretOf });

  const send = async <Answer extends z.ZodType>(
    {
      method,
      path,
      operation,
      query,
      body,
      writes = false,
      about,
      interest,
    }: DatabricksCall<Answer>,
    token: string,
  ): Promise<FabricAnswer> => {
    const work = () =>
      http({
        method,
        root: host,
        path: urlOf(path, query),
        operation,
        headers: {
          Accept: 'application/json',
          Authorization: `Bearer ${token}`,
          ...(body && { 'Content-Type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        writes,
        about,
        interest,
      });
    return limit(work, { interest, over: overBy(interest) });
  };

  /** The answer of its API, or undefined where what is asked for is not there. Throws a CallError. */
  const ask = async <Answer extends z.ZodType>(
    call: DatabricksCall<Answer>,
  ): Promise<z.output<Answer> | undefined> => {
    let token = await tokens.next(call.interest);
    let answer = await send(call, token);
    if (isTokenRefused(answer)) {
      tokens.forget(token);
      const renewed = await tokens.next(call.interest);
      // A personal one is the same, unless it was replaced meanwhile.
      if (renewed !== token) answer = await send(call, (token = renewed));
    }
    const purpose = { ...call, writes: call.writes ?? false };
    const hide = (text: string) => redactor.redact(text).replaceAll(token, MASK);
    if (answer.status >= 300) {
      const { code } = problemIn(answer);
      if (code !== undefined && call.absent?.includes(code)) return undefined;
      throw errorOf(answer, purpose, hide);
    }
    const read = call.answer.safeParse(answer.text === '' ? {} : parseJson(answer.text));
    if (!read.success) throw notUnderstood(purpose);
    return read.data;
  };

  return {
    ask,
    /** The same for what is there, or for what is made. */
    demand: async <Answer extends z.ZodType>(
      call: Omit<DatabricksCall<Answer>, 'absent'>,
    ): Promise<z.output<Answer>> => {
      const found = await ask(call);
      if (found === undefined) throw new Error(`${call.operation} has no answer.`);
      return found;
    },
  };
};
export type Client = ReturnType<typeof createClient>;
