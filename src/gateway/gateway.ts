import express from 'express';
import type { ErrorRequestHandler, Express, Request } from 'express';
import { shortened } from '../../workflows/protocol/lengths';
import type { SystemError } from '../contract/coordinator';
import { contractRoutes } from './coordinator-routes';
import type { ContractDeps } from './coordinator-routes';
import { docsRoutes } from './docs-page';
import { CallerLeft, RequestError, SystemProblem } from '../contract/problems';
import type { RefusalReason } from '../contract/problems';
import { openApi } from '../openapi/document';
import { PROBES } from '../openapi/operator';
import type { Operations } from '../operator/operations';
import { measured } from './measured';
import { operationsRoutes } from './operator-routes';
import { parserError, unknownPath } from './request-errors';
import { MAX_OPEN, openAtMost } from './reception';
import { served } from './routes';
import { traced } from './traced';
import type { Authentication } from '../identity/authenticate';
import { audited } from './audit';
import type { AuditLog } from './audit';
import { BEARER, authenticated } from './callers';
import { fromAllowed, guessesLimited, requestsLimited } from './door';
import type { Door } from './door';
import { currentTrace } from '../tracing/context';
import type { Tracing } from '../tracing/tracing';

export interface GatewayDeps extends ContractDeps {
  /** Undefined: the operator's routes are not served. */
  operations?: Operations | undefined;
  /** Why no more requests should come here, for /readyz. */
  problem: () => Promise<string | undefined>;
  /** What somebody should mend although requests are welcome, for /readyz too. */
  warning?: (() => string | undefined) | undefined;
  basePath: string;
  tracing: Tracing;
  authenticate: Authentication;
  /** The settings of the gateway's own door; undefined where there is no configuration file. */
  door: Door;
  /** Where each request is written down; undefined: nowhere. */
  audit?: AuditLog | undefined;
}

const USER_MESSAGE: Record<number, string> = {
  401: 'The request does not tell who asks.',
  403: 'The caller may not do this.',
  400: 'The request or its descriptor is not valid: each problem is listed with its path.',
  409: 'The run was not replayed: the problem says what stands in the way.',
};

const reasonOf = (err: unknown): RefusalReason => {
  if (err instanceof CallerLeft) return 'caller_left';
  return err instanceof RequestError || err instanceof SystemProblem ? err.reason : 'defect';
};

/** RFC 6750, 3.1: who is known and may not is told that more is needed. */
const challengeOf = ({ challenge, reason }: RequestError) =>
  reason === 'forbidden' ? `${BEARER}, error="insufficient_scope"` : challenge;

/** Characters of what a caller chose that a line of the log has. */
const MAX_SHOWN = 500;

const traceIdIn = (req: Request) => {
  const given = req.get('traceId');
  return given === undefined ? undefined : shortened(given, MAX_SHOWN);
};

const loggedOf = (req: Request) => ({
  traceId: currentTrace()?.traceId ?? traceIdIn(req),
  path: shortened(req.path, MAX_SHOWN),
});

const answerError =
  ({ log, metrics }: Pick<GatewayDeps, 'log' | 'metrics'>): ErrorRequestHandler =>
  (err: unknown, req, res, next) => {
    if (res.headersSent) {
      next(err);
      return;
    }
    const refused = err instanceof RequestError ? err : parserError(err);
    metrics.refused(reasonOf(refused ?? err));
    const asked = loggedOf(req);
    if (err instanceof CallerLeft) {
      log.info(asked, 'caller left before the answer');
      return;
    }
    if (refused) {
      log.info({ ...asked, problems: refused.problems }, 'request refused');
      const message = USER_MESSAGE[refused.status] ?? 'The request was not understood.';
      const challenge = challengeOf(refused);
      if (challenge !== undefined) res.set('WWW-Authenticate', challenge);
      res.status(refused.status).json(refused.toBody(message));
      return;
    }
    log.error({ err, ...asked }, 'request failed');
    res.status(err instanceof SystemProblem ? err.status : 500).json(systemError(err));
  };

const systemError = (err: unknown): SystemError => {
  const known = err instanceof SystemProblem ? err : undefined;
  const error = known?.message ?? 'The provisioner made a mistake of its own.';
  const solutions = known?.solutions ?? ['Ask the platform operator to look at the gateway log.'];
  return { error, userMessage: error, moreInfo: { problems: [error], solutions } };
};

/** Probes and metrics, which are served at the root, whatever the base path. */
const probes = ({
  problem,
  warning,
  metrics,
}: Pick<GatewayDeps, 'problem' | 'warning' | 'metrics'>) =>
  served(PROBES, {
    getLiveness: (_req, res) => {
      res.json({ alive: true });
    },
    getReadiness: async (_req, res) => {
      const reason = await problem();
      res.status(reason ? 503 : 200).json({
        ready: reason === undefined,
        problem: reason,
        warning: warning?.(),
      });
    },
    getMetrics: async (_req, res) => {
      res.type(metrics.exposition.type).send(await metrics.exposition.text());
    },
  });

/** The Coordinator's contract over HTTP. It holds no state and never waits for Airbyte or a worker. */
export const createGateway = (deps: GatewayDeps): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // How many entries of X-Forwarded-For are of proxies that are ours; asked at each request.
  app.set('trust proxy', (_address: string, hop: number) => hop < (deps.door()?.trustProxies ?? 0));
  app.use(probes(deps));
  app.use(traced(deps.tracing));
  app.use(measured(deps.metrics));
  app.use(openAtMost(MAX_OPEN, deps.metrics.open));
  app.use(fromAllowed(deps.door));
  const router = express.Router();
  const { basePath, operations } = deps;
  const document = openApi({ basePath, operations: operations !== undefined });
  // The document says nothing of anybody's.
  router.use(docsRoutes(document));
  if (deps.audit) router.use(audited(deps.audit));
  router.use(guessesLimited(deps.door));
  router.use(authenticated(deps.authenticate, deps.log));
  router.use(requestsLimited(deps.door));
  router.use(contractRoutes(deps));
  if (operations) router.use(operationsRoutes(operations, deps.authorization));
  app.use(basePath || '/', router);
  app.use(unknownPath);
  app.use(answerError(deps));
  return app;
};
