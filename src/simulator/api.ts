import express, { type Request, type RequestHandler, Router } from 'express';
import type { Logger } from 'pino';
import type { Auth } from './auth';
import { befall, pause, send } from './effects';
import type { Faults } from './faults';
import { type Answer, type ApiRequest, type Operation, problemAnswer } from './operation';
import { ApiProblem, frameworkProblem, unexpected } from './problems';
import type { Requests } from './requests';

/** Where Airbyte's public API lives on a self-managed server. */
export const API_BASE = '/api/public/v1';

export interface ApiDependencies {
  operations: Operation[];
  auth: Auth;
  faults: Faults;
  requests: Requests;
  later: (delay: number, action: () => Promise<unknown>) => void;
  /** Milliseconds added to every call. */
  latency: number;
  log: Logger | undefined;
}

const parseBody = (req: Request): unknown => {
  const text: unknown = req.body;
  if (typeof text !== 'string' || text === '') return undefined;
  if (req.is('application/x-www-form-urlencoded'))
    return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text);
  } catch (err) {
    throw frameworkProblem(400, 'Bad Request', `Invalid JSON: ${String(err)}`, req.path);
  }
};

const readRequest = (req: Request): ApiRequest => ({
  params: Object.fromEntries(
    Object.entries(req.params).map(([name, value]) => [name, String(value)]),
  ),
  query: new URL(req.originalUrl, 'http://simulator').searchParams,
  body: parseBody(req),
});

/** The operation's answer; never rejects, as a fault may run it when nobody waits for it. */
const perform = async (operation: Operation, req: Request, log?: Logger): Promise<Answer> => {
  try {
    return await operation.run(readRequest(req));
  } catch (err) {
    if (err instanceof ApiProblem) return problemAnswer(err);
    log?.error({ err, operation: operation.id }, 'the simulator failed');
    return problemAnswer(unexpected(String(err)));
  }
};

const serve =
  (operation: Operation, deps: ApiDependencies): RequestHandler =>
  async (req, res) => {
    deps.requests.record(operation.id, req, res);
    if (deps.latency > 0) await pause(deps.latency);
    const refusal = operation.anonymous ? undefined : deps.auth.refuse(req.headers.authorization);
    if (refusal) {
      send(res, refusal);
      return;
    }
    const commit = () => perform(operation, req, deps.log);
    // After the token check: a stale token must not use up a fault meant for the operation.
    const fault = deps.faults.take(operation.id);
    if (fault) await befall(fault, { res, commit, later: deps.later });
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
  (status: number, reason: string, requests: Requests): RequestHandler =>
  (req, res) => {
    requests.record(null, req, res);
    const message = status === 405 ? `Method [${req.method}] not allowed` : 'Page Not Found';
    send(res, problemAnswer(frameworkProblem(status, reason, message, req.originalUrl)));
  };

/** Airbyte's public API, below its base path. */
export const createApi = (deps: ApiDependencies): Router => {
  const router = Router();
  router.use(express.text({ type: () => true, limit: '10mb' }), logAnswers(deps.log));
  for (const operation of deps.operations)
    router[operation.method](operation.path, serve(operation, deps));
  const paths = new Set(deps.operations.map(({ path }) => path));
  router.all([...paths], unknown(405, 'Method Not Allowed', deps.requests));
  router.use(unknown(404, 'Not Found', deps.requests));
  return router;
};
