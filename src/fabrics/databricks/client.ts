import type { Limit } from '../../concurrency/limit';
import { overBy } from '../../concurrency/call-interest';
import type { CallInterest } from '../../concurrency/call-interest';
import { parseJson } from '../../contract/json';
import { MASK } from '../../secrets/masking';
import type { z } from 'zod';
import type { Opening } from '../fabric';
import { createFabricHttp } from '../http';
import type { FabricAnswer, FabricCall } from '../http';
import { errorOf, isTokenRefused, notSent, notUnderstood, problemIn } from './errors';
import { AZURE_SCOPE, DATABRICKS_SCOPE, createTokens } from './tokens';
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

/** What lets a call in: a token of the workspace, and where the caller is no user of it one of Azure's. */
interface Credentials {
  token: string;
  azure?: string | undefined;
}

/** The workspace for one identity. `limit` is shared by all that call it. */
export const createClient = (
  { host }: Pick<DatabricksSettings, 'host'>,
  auth: Auth,
  {
    opening: { name: fabric, requestTimeout, log, observe, secretOf, redactor },
    limit,
  }: { opening: Opening; limit: Limit },
) => {
  const http = createFabricHttp({ system: 'Databricks', requestTimeout, log, observe });
  const given = { fabric, http, root: host, auth, secretOf };
  const tokens = createTokens({ ...given, scope: DATABRICKS_SCOPE });
  const resourceId = auth.entra?.workspaceResourceId;
  const azure =
    resourceId === undefined ? undefined : createTokens({ ...given, scope: AZURE_SCOPE });
  const next = async (interest: CallInterest): Promise<Credentials> => ({
    token: await tokens.next(interest),
    azure: await azure?.next(interest),
  });
  const forget = (refused: Credentials) => {
    tokens.forget(refused.token);
    if (refused.azure !== undefined) azure?.forget(refused.azure);
  };
  /** For principals that are no users of the workspace (Databricks' documents on Entra ID tokens). */
  const headersOf = ({ token, azure: ofAzure }: Credentials) => ({
    Authorization: `Bearer ${token}`,
    ...(resourceId !== undefined &&
      ofAzure !== undefined && {
        'X-Databricks-Azure-SP-Management-Token': ofAzure,
        'X-Databricks-Azure-Workspace-Resource-Id': resourceId,
      }),
  });

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
    credentials: Credentials,
  ): Promise<FabricAnswer> => {
    const work = () =>
      http({
        method,
        root: host,
        path: urlOf(path, query),
        operation,
        headers: {
          Accept: 'application/json',
          ...headersOf(credentials),
          ...(body && { 'Content-Type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        writes,
        about,
        interest,
      });
    const over = overBy(interest, () => notSent({ method, operation }));
    return limit(work, { interest, over });
  };

  /** The answer of its API, or undefined where what is asked for is not there. Throws a CallError. */
  const ask = async <Answer extends z.ZodType>(
    call: DatabricksCall<Answer>,
  ): Promise<z.output<Answer> | undefined> => {
    let credentials = await next(call.interest);
    let answer = await send(call, credentials);
    if (isTokenRefused(answer)) {
      forget(credentials);
      const renewed = await next(call.interest);
      // A personal one is the same, unless it was replaced meanwhile.
      if (renewed.token !== credentials.token) answer = await send(call, (credentials = renewed));
    }
    const purpose = { ...call, fabric, writes: call.writes ?? false };
    const shown = [credentials.token, credentials.azure].filter((each) => each !== undefined);
    const hide = (text: string) =>
      shown.reduce((told, secret) => told.replaceAll(secret, MASK), redactor.redact(text));
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
