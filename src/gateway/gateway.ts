import express from 'express';
import type { ErrorRequestHandler, Express, Request } from 'express';
import { shortened } from '../../workflows/protocol/lengths';
import { contractRoutes } from './coordinator-routes';
import type { ContractDeps } from './coordinator-routes';
import { docsRoutes } from './docs-page';
import { CallerLeft, RequestError, SystemProblem } from '../contract/problems';
import type { RefusalReason } from '../contract/problems';
import { openApi } from '../openapi/document';
import { CONTRACT } from '../openapi/coordinator';
import { OPERATOR, PROBES } from '../openapi/operator';
import { PLANNING } from '../openapi/planning';
import type { Operations } from '../operator/operations';
import { measured } from './measured';
import { operationsRoutes } from './operator-routes';
import { parserError, unknownPath } from './request-errors';
import { MAX_OPEN, openAtMost } from './reception';
import { recognized, served } from './routes';
import { forAnswers, forPages } from './security-headers';
import { traced } from './traced';
import type { Authentication } from '../identity/authenticate';
import { auditable, audited, note } from './audit';
import type { AuditLog } from './audit-log';
import { BEARER, authenticated } from './callers';
import type { ClientCertificates } from './client-certificates';
import { fewHeaders, fromAllowed, guessesLimited, requestsLimited } from './door';
import type { Door } from './door';
import { currentTrace } from '../tracing/context';
import type { Tracing } from '../tracing/tracing';

export interface GatewayDeps extends ContractDeps {
  operations: Operations;
  /** Whether the operator's routes are served now. */
  servesOperations: () => boolean;
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
  /** Undefined where the listener has no TLS. */
  certificates?: ClientCertificates | undefined;
}

const USER_MESSAGE: Record<number, string> = {
  401: 'The request does not tell who asks.',
  403: 'The caller may not do this.',
  400: 'The request or its descriptor is not valid: each problem is listed with its path.',
  409: 'The run was not replayed: the problem says what stands in the way.',
  429: 'The caller has sent too many requests in this minute.',
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
    const reason = reasonOf(refused ?? err);
    metrics.refused(reason);
    note(res, { reason, ...(refused?.about !== undefined && { key: refused.about }) });
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
      if (refused.retryAfter !== undefined) res.set('Retry-After', String(refused.retryAfter));
      res.status(refused.status).json(refused.toBody(message));
      return;
    }
    log.error({ err, ...asked }, 'request failed');
    const problem = err instanceof SystemProblem ? err : DEFECT;
    res.status(problem.status).json(problem.toBody());
  };

const DEFECT = new SystemProblem('The provisioner made a mistake of its own.', {
  solutions: ['Ask the platform operator to look at the gateway log.'],
});

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

/** The operations that are told by their names, whoever asks for them, and what comes of it. */
const recognizes = ({ servesOperations }: Pick<GatewayDeps, 'servesOperations'>) =>
  recognized(
    { ...CONTRACT, ...PLANNING, ...OPERATOR },
    {
      isServed: (name) => !(name in OPERATOR) || servesOperations(),
      hears: (res, token) => {
        note(res, { token });
      },
    },
  );

/** The document of now: what is served to operators depends on whether callers are asked who they are. */
const documents = ({ basePath, servesOperations }: GatewayDeps) => {
  const whole = openApi({ basePath, operations: true });
  const without = openApi({ basePath, operations: false });
  return () => (servesOperations() ? whole : without);
};

/** The Coordinator's contract over HTTP. It holds no state and never waits for Airbyte or a worker. */
export const createGateway = (deps: GatewayDeps): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // How many entries of X-Forwarded-For are of proxies that are ours; asked at each request.
  app.set('trust proxy', (_address: string, hop: number) => hop < (deps.door()?.trustProxies ?? 0));
  const { basePath, operations, audit, certificates, servesOperations } = deps;
  const isSecure = certificates !== undefined;
  app.use(forAnswers(isSecure));
  // Whatever else is asked of callers: a kubelet has neither a certificate nor a token.
  app.use(probes(deps));
  app.use(traced(deps.tracing));
  app.use(measured(deps.metrics));
  app.use(basePath || '/', recognizes(deps));
  if (audit) app.use(audited(audit, deps.metrics.refused));
  app.use(openAtMost(MAX_OPEN, deps.metrics.open));
  app.use(fewHeaders);
  if (certificates) app.use(certificates.required);
  app.use(fromAllowed(deps.door));
  const router = express.Router();
  // The document says nothing of anybody's.
  router.use(docsRoutes(documents(deps), forPages(isSecure)));
  if (audit) router.use(auditable(audit));
  router.use(guessesLimited(deps.door));
  router.use(authenticated(deps.authenticate, deps.log));
  router.use(requestsLimited(deps.door));
  router.use(contractRoutes(deps));
  router.use(
    operationsRoutes(operations, {
      authorization: deps.authorization,
      isServed: servesOperations,
    }),
  );
  app.use(basePath || '/', router);
  app.use(unknownPath);
  app.use(answerError(deps));
  return app;
};
