import { setImmediate as nextTurn } from 'node:timers/promises';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { ProvisioningRequest } from './contract';
import type { ProvisioningStatus, SystemError, ValidationResult } from './contract';
import { readDescriptor, readIdentity } from './descriptor';
import { RequestError, SystemProblem } from './errors';
import type { Problem } from './errors';
import { openApi } from './openapi';
import type { Operations } from './operations';
import { operationsRoutes } from './operations-routes';
import type { Runs } from './runs';
import { isToken } from './token';

/** Bytes of a request's body. */
const MAX_BODY = 2 * 1024 * 1024;

export interface GatewayDeps {
  runs: Runs;
  statusOf: (token: string) => Promise<ProvisioningStatus>;
  /** Undefined: the operator's routes are not served. */
  operations?: Operations | undefined;
  /** Why no more requests should come here, for /readyz. */
  problem: () => Promise<string | undefined>;
  basePath: string;
  log: Logger;
}

/* What never reaches an operation. */

const refusal = (status: number, path: string, message: string, solution: string) =>
  new RequestError([{ path, message }], { status, solutions: [solution] });

const wrongType = refusal(
  415,
  'Content-Type',
  'must be application/json',
  'Send the request as JSON with the header Content-Type: application/json.',
);
const tooLarge = refusal(
  413,
  'body',
  'is over 2 MB',
  'Send the descriptor of one component and its data product only.',
);
const badPath = refusal(400, 'path', 'is not a valid URL path', 'Send the token as it was given.');
const malformed = refusal(400, 'body', 'is not valid JSON', 'Send a JSON object.');

/** The errors of Express' own parsers carry the status they stand for. */
const parserRefusal = (err: unknown) => {
  if (err instanceof URIError) return badPath;
  const status: unknown = Reflect.get(Object(err), 'status');
  if (status === 413) return tooLarge;
  if (status === 415) return wrongType;
  return typeof status === 'number' && status >= 400 && status < 500 ? malformed : undefined;
};

const wrongMethod =
  (method: string): RequestHandler =>
  (req, res) => {
    res.set('Allow', method);
    throw refusal(404, 'path', `has no ${req.method} operation`, `Use ${method} ${req.path}.`);
  };

const unknownPath: RequestHandler = (req) => {
  throw refusal(
    404,
    'path',
    `${req.path} is not part of the contract`,
    'Check the address the provisioner is registered with, its base path included.',
  );
};

/* The contract's operations. */

const readRequest = (body: unknown): ProvisioningRequest => {
  const parsed = ProvisioningRequest.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems: Problem[] = parsed.error.issues.map(({ path, message }) => ({
    path: path.join('.') || 'body',
    message,
  }));
  throw new RequestError(problems, {
    solutions: ['Send a ProvisioningRequest: descriptorKind, descriptor (YAML text), removeData.'],
  });
};

const validate = (body: unknown): ValidationResult => {
  try {
    readDescriptor(readRequest(body));
    return { valid: true };
  } catch (err) {
    if (!(err instanceof RequestError)) throw err;
    return { valid: false, error: { errors: err.toBody('').errors } };
  }
};

const unsupported = (what: string): RequestHandler => {
  return () => {
    throw new SystemProblem(`This provisioner does not support ${what} yet.`, {
      solutions: ['Validate with POST /v1/validate, provision with POST /v1/provision.'],
    });
  };
};

/** No such token was ever issued, so each is unknown. */
const noTokens =
  (what: string): RequestHandler =>
  () => {
    throw refusal(
      400,
      'token',
      'is unknown',
      `This provisioner does not support ${what} yet, and so has issued no token for it.`,
    );
  };

const oneByOne = pLimit(1);

/** Reading a descriptor takes milliseconds: probes and answers get through between those of a crowd. */
const letOthersThrough: RequestHandler = (_req, _res, next) => {
  void oneByOne(() => nextTurn()).then(() => next());
};

const json: RequestHandler[] = [
  (req, _res, next) => {
    if (!req.is('application/json')) throw wrongType;
    next();
  },
  express.json({ limit: MAX_BODY }),
  letOthersThrough,
];

const contractRoutes = ({ runs, statusOf, operations, basePath }: GatewayDeps) => {
  const answerToken = (res: Response, token: string) => {
    // The Coordinator takes the body verbatim: bare text, though one copy of the contract says JSON.
    res.status(202).type('text/plain').send(token);
  };
  const post = {
    '/v1/validate': [
      ...json,
      (req: Request, res: Response) => {
        res.json(validate(req.body));
      },
    ],
    '/v1/provision': [
      ...json,
      async (req: Request, res: Response) => {
        answerToken(res, await runs.provision(readDescriptor(readRequest(req.body))));
      },
    ],
    '/v1/unprovision': [
      ...json,
      async (req: Request, res: Response) => {
        const request = readRequest(req.body);
        const { component, known } = readIdentity(request);
        const removeData = request.removeData ?? false;
        answerToken(res, await runs.unprovision(component, { known, removeData }));
      },
    ],
    '/v1/updateacl': [unsupported('access control')],
    '/v2/validate': [unsupported('asynchronous validation')],
    '/v1/reverse-provisioning': [unsupported('reverse provisioning')],
  };
  const document = openApi({ basePath, operations: operations !== undefined });
  const get = {
    '/openapi.json': [(_req: Request, res: Response) => void res.json(document)],
    '/v1/provision/:token/status': [
      async (req: Request<{ token: string }>, res: Response) => {
        res.json(await statusOf(req.params.token));
      },
    ],
    '/v2/validate/:token/status': [noTokens('asynchronous validation')],
    '/v1/reverse-provisioning/:token/status': [noTokens('reverse provisioning')],
  };
  const remove = {
    '/v1/provision/:token': [
      async ({ params: { token } }: Request<{ token: string }>, res: Response) => {
        if (isToken(token) && (await runs.terminate(token))) res.status(202).end();
        else res.json(await statusOf(token));
      },
    ],
  };
  return { post, get, remove };
};

/* Answering. */

const USER_MESSAGE: Record<number, string> = {
  400: 'The request or its descriptor is not valid: each problem is listed with its path.',
  409: 'The run was not replayed: the problem says what stands in the way.',
};

const answerError =
  (log: Logger): ErrorRequestHandler =>
  (err: unknown, req, res, next) => {
    if (res.headersSent) {
      next(err);
      return;
    }
    const traceId = req.get('traceId');
    const refused = err instanceof RequestError ? err : parserRefusal(err);
    if (refused) {
      log.info({ traceId, path: req.path, problems: refused.problems }, 'request refused');
      const message = USER_MESSAGE[refused.status] ?? 'The request was not understood.';
      res.status(refused.status).json(refused.toBody(message));
      return;
    }
    log.error({ err, traceId, path: req.path }, 'request failed');
    res.status(500).json(systemError(err));
  };

const systemError = (err: unknown): SystemError => {
  const known = err instanceof SystemProblem ? err : undefined;
  const error = known?.message ?? 'The provisioner made a mistake of its own.';
  const solutions = known?.solutions ?? ['Ask the platform operator to look at the gateway log.'];
  return { error, userMessage: error, moreInfo: { problems: [error], solutions } };
};

/** The Coordinator's contract over HTTP. It holds no state and never waits for Airbyte or a worker. */
export const createGateway = (deps: GatewayDeps): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/livez', (_req, res) => {
    res.json({ alive: true });
  });
  app.get('/readyz', async (_req, res) => {
    const problem = await deps.problem();
    res.status(problem ? 503 : 200).json({ ready: problem === undefined, problem });
  });
  const router = express.Router();
  const { post, get, remove } = contractRoutes(deps);
  for (const [path, handlers] of Object.entries(post))
    router.route(path).post(handlers).all(wrongMethod('POST'));
  for (const [path, handlers] of Object.entries(get))
    router.route(path).get(handlers).all(wrongMethod('GET'));
  for (const [path, handlers] of Object.entries(remove))
    router.route(path).delete(handlers).all(wrongMethod('DELETE'));
  if (deps.operations) router.use(operationsRoutes(deps.operations, { json, only: wrongMethod }));
  app.use(deps.basePath || '/', router);
  app.use(unknownPath);
  app.use(answerError(deps.log));
  return app;
};
