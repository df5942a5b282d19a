import express, { type ErrorRequestHandler, type Request, type Response, Router } from 'express';
import type { Logger } from 'pino';
import { type Answer, send } from '../../steering/answers';
import { befall, pause } from '../../steering/effects';
import { queryOf } from '../../steering/requests';
import type { Later } from '../../steering/timers';
import type { Account } from '../account/account';
import {
  cancelAnswer,
  invalidRequest,
  stateOf,
  submitted,
  unknownHandle,
  usualBody,
} from './answers';
import type { Auth } from './auth';
import type { Faults, OperationName, SnowflakeFault } from './faults';
import { readStatement } from '../sql/grammar';
import { injected, type SqlProblem, wrongCount } from '../sql/problems';
import type { Requests } from './requests';
import type { Run, Runs } from './runs';
import { Body, countOf, sessionOf, timeoutOf } from './submission';
import { CancelQuery, checkHeaders, GetQuery, readQuery, SubmitQuery } from './protocol';

/** Bytes of a body: a statement has a megabyte at most in Snowflake. */
const MAX_BODY = 2 * 1024 * 1024;

export interface Timing {
  /** Milliseconds that a statement runs which is to run on its own. */
  running: number;
  /** Milliseconds that Snowflake's second has here: for timeouts, and the cut-over. */
  second: number;
  /** Rows of a partition of a result. */
  partitionRows: number;
}

interface ApiDependencies {
  account: () => Account;
  auth: Auth;
  runs: Runs;
  faults: Faults;
  requests: Requests;
  timing: Timing;
  later: Later;
  log: Logger | undefined;
}

/** Seconds that a submission waits for its statement. */
const CUT_OVER = 45;

interface Call {
  operation: OperationName;
  req: Request;
  handle: string;
  body: unknown;
  fault: SnowflakeFault | undefined;
}

const bodyOf = ({ body }: Request): unknown => {
  if (!Buffer.isBuffer(body)) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
};

const textOf = (body: unknown, name: string) => {
  const value: unknown =
    typeof body === 'object' && body !== null
      ? Object.entries(body).find(([key]) => key === name)?.[1]
      : undefined;
  return typeof value === 'string' ? value : null;
};

/** What a statement does; `unreadable` for one that the simulator does not know. */
const kindOf = (text: string | null) => {
  if (text === null) return null;
  try {
    return readStatement(text).kind;
  } catch {
    return 'unreadable';
  }
};

const failureOf = (fault: SnowflakeFault | undefined, count: number): SqlProblem | undefined => {
  if (fault?.code !== undefined) return injected(fault.code, fault.message);
  return count > 1 ? wrongCount(1, count) : undefined;
};

const createOperations = ({ account, runs, timing }: ApiDependencies) => {
  const size = timing.partitionRows;
  const answerOf = async (run: Run): Promise<Answer> => {
    if (run.isAsync) return submitted(run);
    await Promise.race([run.ended, pause(CUT_OVER * timing.second)]);
    return stateOf(run, { partition: 0, size });
  };
  const submit = async ({ req, body, fault }: Call, user: string): Promise<Answer> => {
    const query = readQuery(req, SubmitQuery);
    if ('problem' in query) return invalidRequest(query.problem);
    if (req.is('application/json') === false)
      return { status: 415, body: { code: '390142', message: 'Unsupported content type.' } };
    const read = Body.safeParse(body);
    if (!read.success) return invalidRequest('Incoming request does not contain a valid payload.');
    const session = sessionOf(account(), user, read.data);
    if ('status' in session) return session;
    const run = runs.submit({
      text: read.data.statement,
      session,
      bindings: read.data.bindings,
      requestId: query.requestId,
      isRetry: query.retry,
      isAsync: query.async,
      isNullable: query.nullable,
      duration: fault?.runs ?? (query.async ? timing.running : 0),
      timeout: timeoutOf(read.data) * timing.second,
      failure: failureOf(fault, countOf(read.data)),
    });
    return answerOf(run);
  };
  const get = ({ req, handle }: Call, user: string): Answer => {
    const query = readQuery(req, GetQuery);
    if ('problem' in query) return invalidRequest(query.problem);
    const run = runs.find(handle, user);
    return run ? stateOf(run, { partition: query.partition, size }) : unknownHandle(handle);
  };
  const cancel = ({ req, handle }: Call, user: string): Answer => {
    const query = readQuery(req, CancelQuery);
    if ('problem' in query) return invalidRequest(query.problem);
    const run = runs.find(handle, user);
    return run ? cancelAnswer(run, runs.cancel(run)) : unknownHandle(handle);
  };
  return { submitStatement: submit, getStatement: get, cancelStatement: cancel };
};

const suspend = (account: Account, warehouse: string | null) => {
  for (const each of account.warehouses.values())
    if (warehouse === null || each.name === warehouse) {
      each.state = 'SUSPENDED';
      each.autoResume = false;
    }
};

const handleIn = ({ body }: Answer) => textOf(body, 'statementHandle');

/** The SQL API v2, below `/api/v2/statements`. */
export const createApi = (deps: ApiDependencies): Router => {
  const { account, auth, runs, faults, requests, later, log } = deps;
  const operations = createOperations(deps);
  const answer = async (call: Call): Promise<Answer> => {
    const { req, operation } = call;
    const wrong = checkHeaders(req);
    if (wrong) return wrong;
    const who = auth.who(req.get('authorization'), req.get('x-snowflake-authorization-token-type'));
    return 'status' in who ? who : operations[operation](call, who.user);
  };
  const recorded = (req: Request, res: Response, operation: OperationName | null) => {
    const body = bodyOf(req);
    const statement = operation === 'submitStatement' ? textOf(body, 'statement') : null;
    const query = queryOf(req);
    const record = requests.record(
      {
        operation,
        kind: kindOf(statement),
        statement,
        role: textOf(body, 'role'),
        requestId: query.get('requestId'),
        retry: query.get('retry') === 'true',
        method: req.method,
        path: req.path,
        handle: typeof req.params.handle === 'string' ? req.params.handle : null,
        tokenType: req.get('x-snowflake-authorization-token-type') ?? null,
        token: auth.digest(req.get('authorization')),
      },
      res,
    );
    log?.debug({ operation, kind: record.kind, path: req.path }, 'call');
    return { body, record };
  };
  const handle = (operation: OperationName) => async (req: Request, res: Response) => {
    const { body, record } = recorded(req, res, operation);
    const fault = faults.take({
      names: [operation, ...(record.kind === null ? [] : [record.kind])],
      statement: record.statement ?? runs.textOf(record.handle ?? ''),
    });
    if (fault?.expire) auth.expireOf(req.get('authorization'));
    if (fault?.suspend) suspend(account(), textOf(body, 'warehouse'));
    const commit = async () => {
      const given = await answer({ operation, req, handle: record.handle ?? '', body, fault });
      record.handle ??= handleIn(given);
      return given;
    };
    if (fault) await befall(fault, { res, commit, usualBody, later });
    else send(res, await commit());
  };
  const notAllowed = (req: Request, res: Response) => {
    recorded(req, res, null);
    send(res, { status: 405 });
  };
  const router = Router();
  router.use(express.raw({ type: () => true, limit: MAX_BODY }));
  router.post('/', handle('submitStatement')).all('/', notAllowed);
  router.get('/:handle', handle('getStatement')).all('/:handle', notAllowed);
  router.post('/:handle/cancel', handle('cancelStatement')).all('/:handle/cancel', notAllowed);
  router.use(answerError);
  return router;
};

// Express knows an error handler by its four arguments. Only a body that is too large comes here.
const answerError: ErrorRequestHandler = (err: unknown, _req, res, next) => {
  if (res.headersSent || !(err instanceof Error && 'type' in err)) next(err);
  else send(res, invalidRequest('Incoming request does not contain a valid payload.'));
};
