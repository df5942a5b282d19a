import type { Router } from 'express';
import { z } from 'zod';
import {
  ControlProblem,
  createControl as createAnyControl,
  taking as takingAny,
} from '../steering/control';
import { type Account, newWarehouse } from './account/account';
import { type Auth, PublicKeys } from './api/auth';
import { showEntities } from './account/entities';
import { execute } from './account/execute';
import { Fault, type Faults, TARGETS } from './api/faults';
import { readStatement } from './sql/grammar';
import { SqlProblem } from './sql/problems';
import type { Requests } from './api/requests';
import { addObjects, addUser, Objects, Seed, seedAccount } from './account/seed';

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
  'POST /_simulator/syncs':
    'does what a sync of Airbyte’s destination does, as a role: {database, schema, role, streams, internal, raw}: its internal schema, if it is missing, and a table for each stream',
  'POST /_simulator/seed':
    'makes users, roles and schemas of somebody else: how many of each; whose the roles are (owner), and which database they use (uses)',
  'POST /_simulator/users': 'makes a user, or sets its login name, default role and warehouse',
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
/** As airbyte/destination-snowflake writes: with `raw` also the tables in its internal schema. */
const SyncBody = z.strictObject({
  database: name,
  schema: name,
  role: name,
  streams: z.array(name).min(1).default(['ORDERS']),
  internal: name.default('AIRBYTE_INTERNAL'),
  raw: z.boolean().default(false),
});
const UserBody = z.strictObject({
  name,
  /** As its name, unless given. */
  loginName: name.optional(),
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

/** Undefined where the action has nothing to act on. */
const taking = <Form extends z.ZodType>(form: Form, act: (given: z.output<Form>) => unknown) =>
  takingAny(form, (given) => {
    const answer = act(given);
    if (answer === undefined) throw new ControlProblem(404, 'what it names is not there');
    return answer;
  });

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

const named = (...parts: string[]) =>
  parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('.');

const statementsOf = ({ database, schema, streams, internal, raw }: z.output<typeof SyncBody>) => {
  const table = (of: string, called: string) =>
    `CREATE TABLE IF NOT EXISTS ${named(database, of, called)} ("ID" TEXT)`;
  return [
    `CREATE SCHEMA IF NOT EXISTS ${named(database, internal)}`,
    ...streams.flatMap((stream) => [
      ...(raw ? [table(internal, `${schema}_RAW__STREAM_${stream}`)] : []),
      table(schema, stream),
    ]),
  ];
};

/** Up to the first that is refused: what the role may not, a sync may not. */
const doSync = (account: Account, given: z.output<typeof SyncBody>) => {
  for (const statement of statementsOf(given)) {
    const answer = doSql(account, { statement, role: given.role });
    if ('code' in answer) return answer;
  }
  return { synced: given.streams.length };
};

const putWarehouse = (account: Account, given: z.output<typeof WarehouseBody>) => {
  const known = account.warehouses.get(given.name) ?? newWarehouse(given.name, 'SYSADMIN');
  account.warehouses.set(given.name, { ...known, ...given });
  return given;
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

const accountRoutes = (router: Router, { account }: ControlDependencies) => {
  router.get('/entities', (req, res) =>
    res.json(showEntities(account(), { dropped: req.query.includeDropped === 'true' })),
  );
  router.post(
    '/sql',
    taking(Sql, (given) => (account().roles.has(given.role) ? doSql(account(), given) : undefined)),
  );
  router.post(
    '/syncs',
    taking(SyncBody, (given) =>
      account().roles.has(given.role) ? doSync(account(), given) : undefined,
    ),
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
      const { name: user, ...of } = given;
      addUser(account(), user, of);
      return given;
    }),
  );
  router.post(
    '/warehouses',
    taking(WarehouseBody, (given) => putWarehouse(account(), given)),
  );
};

/** The simulator's own routes; each answers JSON. */
export const createControl = (deps: ControlDependencies): Router =>
  createAnyControl(
    {
      routes: SNOWFLAKE_ROUTES,
      faults: deps.faults,
      faultForm: Fault,
      operations: TARGETS,
      pending: () => ({ late: deps.late(), running: deps.running() }),
      requests: deps.requests,
      reset: deps.reset,
      save: deps.save,
      restore: deps.restore,
    },
    (router) => {
      credentials(router, deps);
      accountRoutes(router, deps);
    },
  );
