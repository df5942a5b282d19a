import express, { type ErrorRequestHandler, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { wordsFor } from '../wording';
import { type Account, newWarehouse } from './account';
import { type Auth, PublicKeys } from './auth';
import { showEntities } from './entities';
import { execute } from './execute';
import { Fault, type Faults, TARGETS } from './faults';
import { readStatement } from './grammar';
import { SqlProblem } from './problems';
import type { Requests } from './requests';
import { addObjects, addUser, Objects, Seed, seedAccount } from './seed';

/** Where tests and demos steer the simulator, off the API's paths. */
export const CONTROL_BASE = '/_simulator';

interface ControlDependencies {
  account: () => Account;
  auth: Auth;
  faults: Faults;
  requests: Requests;
  /** How many operations of `commitLater` are still to be done, and statements run. */
  late: () => number;
  running: () => number;
  reset: () => void;
  save: () => void;
  restore: () => void;
}

/** As GET /_simulator tells them, and the documents. */
export const SNOWFLAKE_ROUTES = {
  'GET /_simulator/entities':
    'databases with schemas, objects and grants; roles, members, users, warehouses; ?includeDropped=true',
  'GET /_simulator/requests':
    'every call of the API, in order, with statement, request id and status, and digests of the tokens; DELETE clears',
  'GET /_simulator/faults':
    'active faults, how many late operations are due, and statements run; POST adds one, DELETE clears, ?operation= those of one',
  'POST /_simulator/sql': 'does a statement at once, with any role: {statement, role}',
  'POST /_simulator/objects':
    'makes a table, a view, a stage or the like in a schema: {database, schema, name, kind, owner, columns, rows}',
  'POST /_simulator/seed': 'makes users, roles and schemas of somebody else: how many of each',
  'POST /_simulator/users': 'makes a user, or sets its default role and warehouse',
  'POST /_simulator/warehouses': 'makes a warehouse, or sets its state and autoResume',
  'POST /_simulator/keys': 'the only public keys of a user from now on: {user, publicKeys}',
  'POST /_simulator/tokens': 'gives a user a token: {user, token, type, lifetime}',
  'DELETE /_simulator/tokens': 'no token, and no JWT seen so far, is known any more',
  'POST /_simulator/tokens/expire': 'every token, and every JWT seen so far, is expired',
  'POST /_simulator/reset': 'back to the start',
  'POST /_simulator/save': 'keeps what exists, for restore',
  'POST /_simulator/restore': 'back to what was saved; faults, calls and statements are forgotten',
};

const name = z.string().min(1);
const Sql = z.strictObject({ statement: name, role: name.default('ACCOUNTADMIN') });
const UserBody = z.strictObject({
  name,
  defaultRole: name.default('PUBLIC'),
  defaultWarehouse: z.string().default(''),
});
const WarehouseBody = z.strictObject({
  name,
  state: z.enum(['STARTED', 'SUSPENDED']).default('STARTED'),
  autoResume: z.boolean().default(true),
});
const KeysBody = z.strictObject({ user: name, publicKeys: PublicKeys });
const TokenBody = z.strictObject({
  user: name,
  token: name,
  type: z.enum(['OAUTH', 'PROGRAMMATIC_ACCESS_TOKEN']),
  lifetime: z.number().min(0).optional(),
});

const describeIssue = ({ path, message }: z.core.$ZodIssue) =>
  `${path.map(String).join('.') || 'body'}: ${message}`;

/** Undefined where the action has nothing to act on: 404. */
const taking =
  <Given>(schema: z.ZodType<Given>, act: (given: Given) => unknown) =>
  (req: Request, res: Response) => {
    const read = schema.safeParse(req.body, { error: wordsFor });
    if (!read.success) {
      res.status(400).json({ errors: read.error.issues.map(describeIssue) });
      return;
    }
    const answer = act(read.data);
    if (answer === undefined) res.status(404).json({ errors: ['what it names is not there'] });
    else res.json(answer);
  };

const doSql = (account: Account, { statement, role }: z.output<typeof Sql>) => {
  try {
    const session = { user: '', role };
    const { rows } = execute(account, {
      statement: readStatement(statement),
      session,
      bindings: {},
    });
    return { rows };
  } catch (err) {
    if (err instanceof SqlProblem) return { code: err.code, message: err.message };
    throw err;
  }
};

const putWarehouse = (account: Account, given: z.output<typeof WarehouseBody>) => {
  const known = account.warehouses.get(given.name) ?? newWarehouse(given.name, 'SYSADMIN');
  account.warehouses.set(given.name, { ...known, ...given });
  return given;
};

// Express knows an error handler by its four arguments. The only error here is an unreadable body.
const answerError: ErrorRequestHandler = (err: unknown, _req, res, next) => {
  if (res.headersSent) next(err);
  else res.status(400).json({ errors: ['body: must be JSON, of 2 MB at most'] });
};

const credentials = (router: Router, { account, auth }: ControlDependencies) => {
  router.post(
    '/keys',
    taking(KeysBody, ({ user, publicKeys }) =>
      account().users.has(user) ? { fingerprints: auth.setKeys(user, publicKeys) } : undefined,
    ),
  );
  router.post(
    '/tokens',
    taking(TokenBody, ({ token, ...rest }) => {
      if (!account().users.has(rest.user)) return undefined;
      auth.addToken(token, rest);
      return { user: rest.user };
    }),
  );
  router.delete('/tokens', (_req, res) => {
    auth.revokeAll();
    res.json({ revoked: true });
  });
  router.post('/tokens/expire', (_req, res) => {
    auth.expireAll();
    res.json({ expired: true });
  });
};

const faultRoutes = (router: Router, { faults, late, running }: ControlDependencies) => {
  router.get('/faults', (_req, res) =>
    res.json({ faults: faults.list(), late: late(), running: running() }),
  );
  router.post('/faults', (req, res) => {
    const read = Fault.safeParse(req.body, { error: wordsFor });
    if (!read.success) {
      const errors = read.error.issues.map(describeIssue);
      res.status(400).json({ errors, operations: ['*', ...TARGETS] });
      return;
    }
    faults.add(read.data);
    res.json({ faults: faults.list() });
  });
  router.delete('/faults', (req, res) => {
    const { operation } = req.query;
    faults.clear(typeof operation === 'string' ? operation : undefined);
    res.json({ faults: faults.list() });
  });
};

/** The simulator's own routes; each answers JSON. */
export const createControl = (deps: ControlDependencies): Router => {
  const { account, requests } = deps;
  const router = Router();
  router.use(express.json({ type: () => true, strict: false, limit: '2mb' }));
  router.get('/', (_req, res) => res.json({ routes: SNOWFLAKE_ROUTES }));
  router.get('/entities', (req, res) =>
    res.json(showEntities(account(), { dropped: req.query.includeDropped === 'true' })),
  );
  router.get('/requests', (_req, res) => res.json(requests.show()));
  router.delete('/requests', (_req, res) => {
    requests.clear();
    res.json(requests.show());
  });
  faultRoutes(router, deps);
  credentials(router, deps);
  router.post(
    '/sql',
    taking(Sql, (given) => (account().roles.has(given.role) ? doSql(account(), given) : undefined)),
  );
  router.post(
    '/objects',
    taking(Objects, (given) => (addObjects(account(), given) ? { made: given.name } : undefined)),
  );
  router.post(
    '/seed',
    taking(Seed, (given) => seedAccount(account(), given)),
  );
  router.post(
    '/users',
    taking(UserBody, (given) => {
      addUser(account(), given.name, given.defaultRole, given.defaultWarehouse);
      return given;
    }),
  );
  router.post(
    '/warehouses',
    taking(WarehouseBody, (given) => putWarehouse(account(), given)),
  );
  for (const action of ['reset', 'save', 'restore'] as const)
    router.post(`/${action}`, (_req, res) => {
      deps[action]();
      res.json({ [action]: true });
    });
  router.use((_req, res) =>
    res.status(404).json({ errors: ['unknown route'], routes: SNOWFLAKE_ROUTES }),
  );
  router.use(answerError);
  return router;
};
