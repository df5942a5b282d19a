import type { Router } from 'express';
import { z } from 'zod';
import {
  asking,
  ControlProblem,
  createControl as createAnyControl,
  taking,
} from '../steering/control';
import { type Faults, faultSchema } from './faults';
import { DatabricksProblem } from './problems';
import type { Requests } from './requests';
import {
  addCrowd,
  addObject,
  changePrincipal,
  Crowd,
  GrantChanges,
  NewObject,
  PrincipalChange,
} from './seed';
import { SqlError } from './sql/errors';
import type { RunningWarehouse } from './sql/warehouses';
import { fullNameOf, type Grants, type Store } from './store';
import { endTokens, seedToken } from './tokens';
import { changeGrants, securableNamed } from './unity/privileges';

interface ControlDependencies {
  store: Store;
  faults: Faults;
  requests: Requests;
  operations: string[];
  warehouse: RunningWarehouse;
  /** How many operations of `commitLater`, and starts, are still to be done. */
  late: () => number;
  reset: () => void;
  save: () => void;
  restore: () => void;
}

/** As GET /_simulator tells them, and docs/simulator-databricks.md. */
export const ROUTES = {
  'GET /_simulator/entities':
    'what exists: catalogs, schemas, tables, grants, principals, tokens (as digests), contexts; ?includeDeleted=true',
  'GET /_simulator/requests':
    'every call, in order, with its statement and a digest of its secret; DELETE clears',
  'GET /_simulator/faults':
    'active faults, and how many late operations are due; POST adds one, DELETE clears, ?operation= those of one',
  'POST /_simulator/seed':
    'makes plain ones of somebody else: how many users, groups, servicePrincipals, schemas; properties: characters of those of each schema',
  'POST /_simulator/principals':
    'makes or changes one by its name: kind, displayName, active, isLocal, members, canUse, deleted',
  'POST /_simulator/objects':
    'makes a schema, or a table, volume, function or model in one: catalog, schema, table, owner',
  'POST /_simulator/grants':
    'grants without asking who may: on (catalog, schema, table), name, principal, add, remove',
  'POST /_simulator/warehouse': 'its state: RUNNING, STOPPED or DELETED; failsToStart',
  'POST /_simulator/cluster': 'its state: RUNNING, TERMINATED or ERROR; failsToStart',
  'DELETE /_simulator/tokens':
    'no token given out so far is accepted any more; ?how=expire, ?kind=oauth, entra, azure or pat',
  'POST /_simulator/tokens':
    'gives a principal a personal access token that never expires: {principal, token}',
  'POST /_simulator/client': 'the only {secret} of the client from now on; tokens given out stay',
  'POST /_simulator/addresses': 'the source addresses that are blocked: {blocked: ["127.0.0.1"]}',
  'POST /_simulator/reset': 'back to the start',
  'POST /_simulator/save': 'keeps what exists, for restore',
  'POST /_simulator/restore': 'back to what was saved; faults and calls are forgotten',
};

const grantsOf = (grants: Grants) =>
  Object.fromEntries([...grants].map(([name, privileges]) => [name, [...privileges].sort()]));

const showEntities = (store: Store, deletedToo: boolean) => ({
  catalogs: [...store.catalogs.values()].map((each) => ({
    ...each,
    grants: grantsOf(each.grants),
  })),
  schemas: [...store.schemas.values()]
    .filter(({ deleted }) => deletedToo || !deleted)
    .map((each) => ({ ...each, fullName: fullNameOf(each), grants: grantsOf(each.grants) })),
  tables: [...store.tables.values()]
    .filter(({ deletedAt }) => deletedToo || deletedAt === undefined)
    .map((each) => ({ ...each, grants: grantsOf(each.grants) })),
  items: store.items.filter(({ deleted }) => deletedToo || !deleted),
  principals: [...store.principals.values()],
  tokens: [...store.tokens.values()].filter(({ revoked }) => deletedToo || !revoked),
  contexts: [...store.contexts.values()].filter(({ destroyed }) => deletedToo || !destroyed),
  warehouse: store.warehouse,
  cluster: store.cluster,
  blocked: [...store.blocked],
});

const Rotation = z.strictObject({ secret: z.string().min(1) });
const NewToken = z.strictObject({ principal: z.string().min(1), token: z.string().min(1) });
const Addresses = z.strictObject({ blocked: z.array(z.string()) });
const WarehouseChange = z.strictObject({
  state: z.enum(['RUNNING', 'STOPPED', 'DELETED']).optional(),
  failsToStart: z.boolean().optional(),
});
const ClusterChange = z.strictObject({
  state: z.enum(['RUNNING', 'TERMINATED', 'ERROR']).optional(),
  failsToStart: z.boolean().optional(),
});
const Ending = z.strictObject({
  how: z.enum(['revoke', 'expire']).default('revoke'),
  kind: z.enum(['oauth', 'entra', 'azure', 'pat']).optional(),
});

/** What Databricks would refuse, a control does, too. */
const told = <Done>(act: () => Done): Done => {
  try {
    return act();
  } catch (err) {
    const isRefusal = err instanceof DatabricksProblem || err instanceof SqlError;
    throw isRefusal ? new ControlProblem(400, err.message) : err;
  }
};

const storeRoutes = (router: Router, { store, warehouse }: ControlDependencies) => {
  router.get('/entities', ({ query }, res) =>
    res.json(showEntities(store, query.includeDeleted === 'true')),
  );
  router.post(
    '/seed',
    taking(Crowd, (crowd) => addCrowd(store, crowd)),
  );
  router.post(
    '/principals',
    taking(PrincipalChange, (given) => ({ principal: changePrincipal(store, given) })),
  );
  router.post(
    '/objects',
    taking(NewObject, (given) => ({ made: told(() => addObject(store, given)) })),
  );
  router.post(
    '/grants',
    taking(GrantChanges, ({ on, name, ...change }) => {
      const securable = told(() => securableNamed(store, on, name.split('.')));
      told(() => changeGrants(store, securable, [change]));
      return { grants: grantsOf(securable.grants) };
    }),
  );
  router.post(
    '/warehouse',
    taking(WarehouseChange, (given) => {
      const warehouseNow = Object.assign(store.warehouse, given);
      warehouse.release();
      return { warehouse: warehouseNow };
    }),
  );
  router.post(
    '/cluster',
    taking(ClusterChange, (given) => {
      // Contexts live in the cluster's driver.
      if (given.state !== undefined && given.state !== 'RUNNING')
        for (const context of store.contexts.values()) context.destroyed = true;
      return { cluster: Object.assign(store.cluster, given) };
    }),
  );
};

const callerRoutes = (router: Router, { store }: ControlDependencies) => {
  router.delete(
    '/tokens',
    asking(Ending, ({ how, kind }) => ({ ended: endTokens(store, how, kind) })),
  );
  router.post(
    '/tokens',
    taking(NewToken, ({ principal, token }) => {
      seedToken(store, principal, token);
      return { principal };
    }),
  );
  router.post(
    '/client',
    taking(Rotation, ({ secret }) => {
      store.clientSecret = secret;
      return { rotated: true };
    }),
  );
  router.post(
    '/addresses',
    taking(Addresses, ({ blocked }) => {
      store.blocked = new Set(blocked);
      return { blocked };
    }),
  );
};

/** The simulator's own routes; each answers JSON. */
export const createControl = (deps: ControlDependencies): Router =>
  createAnyControl(
    {
      routes: ROUTES,
      faults: deps.faults,
      faultForm: faultSchema(deps.operations),
      operations: deps.operations,
      pending: () => ({ late: deps.late() }),
      requests: deps.requests,
      reset: deps.reset,
      save: deps.save,
      restore: deps.restore,
    },
    (router) => {
      storeRoutes(router, deps);
      callerRoutes(router, deps);
    },
  );
