import express, { type Request, type RequestHandler, Router } from 'express';
import type { Logger } from 'pino';
import type { Auth } from './auth';
import { befall, type Call, pause, send } from './effects';
import type { Faults } from './faults';
import {
  type Answer,
  type ApiName,
  type ApiRequest,
  type Operation,
  problemAnswer,
} from './operation';
import { ApiProblem, frameworkProblem, unexpected, usualBody as usualProblem } from './problems';
import type { Requests } from './requests';
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
  later: (delay: number, action: () => Promise<unknown>) => void;
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
  query: new URL(req.originalUrl, 'http://simulator').searchParams,
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
    const record = deps.requests.record(api, operation, req, res);
    const secrets = secretsOf(operation, req, deps);
    if (secrets.length > 0) record.secrets = secrets;
    if (deps.latency > 0) await pause(deps.latency);
    const denial = operation.anonymous ? undefined : deps.auth.refuse(req.headers.authorization);
    if (denial) {
      send(res, denial);
      return;
    }
    const commit = () => perform(operation, req, deps);
    // After the token check: a stale token must not use up a fault meant for the operation.
    const { searchParams } = new URL(req.originalUrl, 'http://simulator');
    const first = isFirstPage(searchParams, req.body);
    const fault = deps.faults.take({ operation: operation.id, api, isFirstPage: first });
    const shift: Call['shift'] = (given, answer) => deps.shift(operation, given, answer);
    if (fault) await befall(fault, { res, commit, later: deps.later, usualBody, shift });
    else send(res, await commit());
  };

const logAnswers =
  (log?: Logger): RequestHandler =>
  (req, res, next) => {
    const { method, originalUrl } = req;
    res.once('close', () =>
      log?.debug({ method, url: originalUrl, status: res.statusCode }, 'call'),
    );
    next();
  };

const unknown =
  (status: number, reason: string, { dialect, requests }: ApiDependencies): RequestHandler =>
  (req, res) => {
    requests.record(dialect.api, null, req, res);
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
