import type { Router } from 'express';
import { z } from 'zod';
import { describeActor } from './public-api/actors';
import { CheckFailure, type CheckFailures } from './checks';
import { describeConnection } from './public-api/connections';
import { type Faults, faultSchema } from './faults';
import { showJob } from './public-api/jobs';
import type { Requests } from './requests';
import { makeOdd, OddForm } from './odd';
import { sampleFiles } from './connectors/sample-files';
import { Seed, seedRows } from './seed';
import type { Actor, Connection, Store } from './store';
import { ControlProblem, createControl as createAnyControl, taking } from './steering/control';
import { queryOf } from './steering/requests';

interface ControlDependencies {
  store: Store;
  faults: Faults;
  failures: CheckFailures;
  requests: Requests;
  operations: string[];
  /** What steers who may do what. */
  people: Router;
  /** Milliseconds. */
  jobDuration: number;
  /** How many operations of `commitLater` are still to be done. */
  late: () => number;
  revokeTokens: () => void;
  rotateSecret: (secret: string) => void;
  reset: () => void;
  save: () => void;
  restore: () => void;
}

/** As GET /_simulator tells them, and docs/simulator.md. */
export const ROUTES = {
  'GET /_simulator/entities': 'what exists; ?includeDeleted=true, ?secrets=true',
  'GET /_simulator/requests':
    'every call of the APIs, in order, with digests of the secrets it carries; DELETE clears',
  'GET /_simulator/faults':
    'active faults, and how many late operations are due; POST adds one, DELETE clears, ?operation= those of one',
  'GET /_simulator/checks': 'failures due; POST makes checks of a connector fail, DELETE clears',
  'GET /_simulator/people':
    'users, groups and their permissions; POST adds some, or sets the edition: community, enterprise',
  'POST /_simulator/seed':
    'makes plain entities of somebody else: how many sources, destinations, connections',
  'POST /_simulator/odd':
    'shows an entity in an odd form: {id, fields: {name: null}, without: ["configuration"]}',
  'GET /_simulator/files/:name': `sample files: ${[...sampleFiles.keys()].join(', ')}`,
  'DELETE /_simulator/tokens': 'no token given out so far is accepted any more',
  'POST /_simulator/client': 'the only {secret} of the client from now on; tokens given out stay',
  'POST /_simulator/reset': 'back to the start',
  'POST /_simulator/save': 'keeps what exists, for restore',
  'POST /_simulator/restore': 'back to what was saved; faults and calls are forgotten',
};

const showEntities = ({ store, jobDuration }: ControlDependencies, query: URLSearchParams) => {
  const deletedToo = query.get('includeDeleted') === 'true';
  const secrets = query.get('secrets') === 'true';
  const shown = <Row extends { deleted: boolean }>(
    rows: Iterable<Row>,
    show: (row: Row) => Record<string, unknown>,
  ) =>
    [...rows]
      .filter(({ deleted }) => deletedToo || !deleted)
      .map((row) => ({ ...show(row), ...(row.deleted && { deleted: true }) }));
  const actor = (row: Actor) => describeActor(row, { secrets });
  return {
    sources: shown(store.source.values(), actor),
    destinations: shown(store.destination.values(), actor),
    connections: shown<Connection>(store.connections.values(), (row) =>
      describeConnection(store, row),
    ),
    tags: [...store.tags.values()],
    jobs: [...store.jobs.values()].map((job) => showJob(job, jobDuration)),
  };
};

const Rotation = z.strictObject({ secret: z.string().min(1) });

const checkRoutes = (router: Router, { failures }: ControlDependencies) => {
  router.get('/checks', (_req, res) => res.json({ checks: failures.list() }));
  router.post(
    '/checks',
    taking(CheckFailure, (failure) => {
      failures.add(failure);
      return { checks: failures.list() };
    }),
  );
  router.delete('/checks', (_req, res) => {
    failures.clear();
    res.json({ checks: [] });
  });
};

const clientRoutes = (router: Router, deps: ControlDependencies) => {
  router.delete('/tokens', (_req, res) => {
    deps.revokeTokens();
    res.json({ revoked: true });
  });
  router.post(
    '/client',
    taking(Rotation, ({ secret }) => {
      deps.rotateSecret(secret);
      return { rotated: true };
    }),
  );
};

const storeRoutes = (router: Router, deps: ControlDependencies) => {
  router.get('/entities', (req, res) => res.json(showEntities(deps, queryOf(req))));
  router.post(
    '/seed',
    taking(Seed, (seed) => seedRows(deps.store, seed)),
  );
  router.post(
    '/odd',
    taking(OddForm, (odd) => {
      if (!makeOdd(deps.store, odd)) throw new ControlProblem(404, `nothing has the id ${odd.id}`);
      return { odd };
    }),
  );
};

/** The simulator's own routes; each answers JSON, but for the files. */
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
      clientRoutes(router, deps);
      checkRoutes(router, deps);
      router.use('/people', deps.people);
      router.get('/files/:name', ({ params: { name } }, res) => {
        const file = sampleFiles.get(name);
        if (file === undefined) throw new ControlProblem(404, `no file ${name}`);
        res.type('text/csv').send(file);
      });
    },
  );
