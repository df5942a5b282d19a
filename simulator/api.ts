import express, { type Request, type RequestHandler, Router } from 'express';
import type { Logger } from 'pino';
import type { Auth } from './auth';
import { type Answer, noContent, send } from './steering/answers';
import { befall, pause } from './steering/effects';
import { logAnswers, queryOf } from './steering/requests';
import type { Later } from './steering/timers';
import type { Faults } from './faults';
import { type ApiName, type ApiRequest, type Operation, problemAnswer } from './operation';
import { ApiProblem, frameworkProblem, unexpected, usualBody as usualProblem } from './problems';
import { calledFor, type Requests } from './requests';
import type { SentSecret } from './secret-log';
import { type createShifts, isFirstPage } from './shifts';

/** What tells one of Airbyte's APIs from the other, besides its operations. */
export interface Dialect {
  api: ApiName;
  /** An answer instead of the asked one. */
  answer: (problem: ApiProblem) => Answer;
  /** The body that usually comes with a status, for an injected error. */
  usualBody: (status: number) => unknown;
  invalidJson: (message: string, path: string) => ApiProblem;
}

export const publicDialect: Dialect = {
  api: 'public',
  answer: problemAnswer,
  usualBody: usualProblem,
  invalidJson: (message, path) =>
    frameworkProblem(400, 'Bad Request', `Invalid JSON: ${message}`, path),
};

/** Where Airbyte's APIs live on a self-managed server. */
export const apiBases: Record<ApiName, string> = { public: '/api/public/v1', config: '/api/v1' };

interface ApiDependencies {
  dialect: Dialect;
  operations: Operation[];
  auth: Auth;
  faults: Faults;
  requests: Requests;
  later: Later;
  secretsSent: (operation: Operation, request: ApiRequest) => SentSecret[];
  shift: ReturnType<typeof createShifts>;
  /** Milliseconds added to every call. */
  latency: number;
  log: Logger | undefined;
}

const parseBody = (req: Request, { invalidJson }: Dialect): unknown => {
  const text: unknown = req.body;
  if (typeof text !== 'string' || text === '') return undefined;
  if (req.is('application/x-www-form-urlencoded'))
    return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text);
  } catch (err) {
    throw invalidJson(String(err), req.path);
  }
};

const readRequest = (req: Request, dialect: Dialect): ApiRequest => ({
  params: Object.fromEntries(
    Object.entries(req.params).map(([name, value]) => [name, String(value)]),
  ),
  query: queryOf(req),
  body: parseBody(req, dialect),
});

/** The operation's answer; never rejects, as a fault may run it when nobody waits for it. */
const perform = async (
  operation: Operation,
  req: Request,
  { dialect, log }: ApiDependencies,
): Promise<Answer> => {
  try {
    return await operation.run(readRequest(req, dialect));
  } catch (err) {
    if (err instanceof ApiProblem) return dialect.answer(err);
    log?.error({ err, operation: operation.id }, 'the simulator failed');
    return dialect.answer(unexpected(String(err)));
  }
};

/** As the call carries them now, before anything befalls it; a body that is no JSON has none. */
const secretsOf = (operation: Operation, req: Request, deps: ApiDependencies) => {
  try {
    return deps.secretsSent(operation, readRequest(req, deps.dialect));
  } catch {
    return [];
  }
};

const serve =
  (operation: Operation, deps: ApiDependencies): RequestHandler =>
  async (req, res) => {
    const { api, usualBody } = deps.dialect;
    const record = deps.requests.record(calledFor(api, operation, req), res);
    const secrets = secretsOf(operation, req, deps);
    if (secrets.length > 0) record.secrets = secrets;
    if (deps.latency > 0) await pause(deps.latency);
    const denial = operation.anonymous ? undefined : deps.auth.refuse(req.headers.authorization);
    if (denial) {
      send(res, denial);
      return;
    }
    // After the token check: a stale token must not use up a fault meant for the operation.
    const first = isFirstPage(queryOf(req), req.body);
    const fault = deps.faults.take({ names: [operation.id], api, isFirstPage: first });
    const commit = async () => {
      if (fault?.lie) return noContent;
      const answer = await perform(operation, req, deps);
      if (fault?.shift) deps.shift(operation, fault.shift, answer);
      return answer;
    };
    if (fault) await befall(fault, { res, commit, later: deps.later, usualBody });
    else send(res, await commit());
  };

const unknown =
  (status: number, reason: string, { dialect, requests }: ApiDependencies): RequestHandler =>
  (req, res) => {
    requests.record(calledFor(dialect.api, null, req), res);
    const message = status === 405 ? `Method [${req.method}] not allowed` : 'Page Not Found';
    send(res, problemAnswer(frameworkProblem(status, reason, message, req.originalUrl)));
  };

/** One of Airbyte's APIs, below its base path. */
export const createApi = (deps: ApiDependencies): Router => {
  const router = Router();
  router.use(express.text({ type: () => true, limit: '64mb' }), logAnswers(deps.log));
  for (const operation of deps.operations)
    router[operation.method](operation.path, serve(operation, deps));
  const paths = new Set(deps.operations.map(({ path }) => path));
  router.all([...paths], unknown(405, 'Method Not Allowed', deps));
  router.use(unknown(404, 'Not Found', deps));
  return router;
};
