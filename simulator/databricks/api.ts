import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Logger } from 'pino';
import { type Answer, send } from '../steering/answers';
import { befall } from '../steering/effects';
import { logAnswers, queryOf } from '../steering/requests';
import type { Later } from '../steering/timers';
import type { Fault, Faults } from './faults';
import type { ApiRequest, Operation } from './operation';
import {
  addressBlocked,
  DatabricksProblem,
  endpointNotFound,
  malformed,
  problemAnswer,
  unexpected,
  usualBody,
} from './problems';
import { calledFor, type Requests } from './requests';
import type { RunningWarehouse } from './sql/warehouses';
import type { Principal, Store } from './store';
import { AZURE_HEADERS, callerOf, expireToken } from './tokens';
import type { Shown } from './tokens';

interface ApiDependencies {
  store: Store;
  operations: Operation[];
  faults: Faults;
  requests: Requests;
  warehouse: RunningWarehouse;
  later: Later;
  workspaceId: string;
  /** Of a workspace in Azure that Entra ID's principal is no user of. */
  resourceId: string | undefined;
  log: Logger | undefined;
}

interface Serving {
  operation: Operation;
  req: Request;
  deps: ApiDependencies;
}

/** JSON, whatever its type says, but for the token endpoints, which take a form. */
const bodyOf = (req: Request, isForm = false): unknown => {
  const text: unknown = req.body;
  if (typeof text !== 'string' || text === '') return undefined;
  if (isForm) return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('Invalid JSON given in the body of the request - failed to parse given JSON');
  }
};

const requestOf = ({ req, operation }: Serving, fault: Fault | undefined): ApiRequest => ({
  params: Object.fromEntries(
    Object.entries(req.params).map(([name, value]) => [name, String(value)]),
  ),
  query: queryOf(req),
  body: bodyOf(req, operation.anonymous),
  authorization: req.headers.authorization ?? '',
  host: req.headers.host ?? 'localhost',
  statementError: fault?.statementError,
});

/** What came, for the record; a body that cannot be read says nothing. */
const told = (req: Request, isForm = false): unknown => {
  try {
    return bodyOf(req, isForm);
  } catch {
    return undefined;
  }
};

const answerTo = (err: unknown, { operation, deps }: Serving): Answer => {
  if (err instanceof DatabricksProblem) return problemAnswer(err);
  deps.log?.error({ err, operation: operation.id }, 'the simulator failed');
  return problemAnswer(unexpected(String(err)));
};

/** The operation's answer; never rejects, as a fault may run it when nobody waits for it. */
const perform = async (
  serving: Serving,
  caller: Principal | undefined,
  fault: Fault | undefined,
): Promise<Answer> => {
  const { operation } = serving;
  try {
    const request = requestOf(serving, fault);
    if (operation.anonymous) return await operation.run(request);
    if (!caller) throw new Error(`${operation.id} has no caller`);
    return await operation.run({ ...request, caller });
  } catch (err) {
    return answerTo(err, serving);
  }
};

const addressOf = (req: Request) => (req.socket.remoteAddress ?? '').replace(/^::ffff:/, '');

const headerOf = (req: Request, name: string) => {
  const value = req.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
};

const shownBy = (req: Request): Shown => ({
  authorization: req.headers.authorization ?? '',
  azureToken: headerOf(req, AZURE_HEADERS.token),
  resourceId: headerOf(req, AZURE_HEADERS.resourceId),
});

/** Whose call it is; Entra ID, which has no access list of ours, lets everybody ask. */
const admit = ({ operation, req, deps }: Serving): Principal | undefined => {
  const { store, workspaceId, resourceId } = deps;
  const address = addressOf(req);
  if (store.blocked.has(address) && operation.id !== 'issueEntraToken')
    throw addressBlocked(address, workspaceId);
  return operation.anonymous ? undefined : callerOf(store, shownBy(req), resourceId);
};

/** What a fault changes before the call goes on. */
const prepare = (fault: Fault, { req, deps }: Serving) => {
  if (fault.expireToken) expireToken(deps.store, req.headers.authorization ?? '');
  if (fault.stopWarehouse) deps.warehouse.stop();
};

const answer = async (serving: Serving, res: Response, know: (caller: Principal) => void) => {
  const { operation, req, deps } = serving;
  let caller = admit(serving);
  if (caller) know(caller);
  // After the token check: a stale token must not use up a fault meant for the operation.
  const fault = deps.faults.take({ names: [operation.id] });
  if (!fault) {
    send(res, await perform(serving, caller, undefined));
    return;
  }
  prepare(fault, serving);
  if (fault.expireToken && caller) caller = callerOf(deps.store, shownBy(req), deps.resourceId);
  const { later } = deps;
  await befall(fault, {
    res,
    commit: () => perform(serving, caller, fault),
    later,
    usualBody: (status) => usualBody(status, fault.errorCode),
  });
};

const serve =
  (operation: Operation, deps: ApiDependencies): RequestHandler =>
  async (req, res) => {
    const record = deps.requests.record(
      calledFor(operation, req, told(req, operation.anonymous)),
      res,
    );
    const serving = { operation, req, deps };
    try {
      await answer(serving, res, ({ name }) => {
        record.principal = name;
      });
    } catch (err) {
      send(res, answerTo(err, serving));
    }
  };

/** The workspace's APIs; what they lack, a method or a path, is no endpoint. */
export const createApi = (deps: ApiDependencies): Router => {
  const router = Router({ strict: true, caseSensitive: true });
  router.use(express.text({ type: () => true, limit: '64mb' }), logAnswers(deps.log));
  for (const operation of deps.operations)
    for (const path of operation.paths) router[operation.method](path, serve(operation, deps));
  router.use((req, res) => {
    deps.requests.record(calledFor(null, req, told(req)), res);
    send(res, problemAnswer(endpointNotFound(req.method, req.path)));
  });
  return router;
};
