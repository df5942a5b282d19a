import express, { type ErrorRequestHandler, type Response, Router } from 'express';
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
import { wordsFor } from './wording';

/** Where tests and demos steer the simulator, off the API's paths. */
export const CONTROL_BASE = '/_simulator';

interface ControlDependencies {
  store: Store;
  faults: Faults;
  failures: CheckFailures;
  requests: Requests;
  operations: string[];
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

const describeIssue = ({ path, message }: z.core.$ZodIssue) =>
  `${path.map(String).join('.') || 'body'}: ${message}`;

const allOf = (operations: string[]) => ({ operations: ['*', ...operations] });

const addFault = (
  { faults, operations }: ControlDependencies,
  schema: z.ZodType<Parameters<Faults['add']>[0]>,
  { body, res }: { body: unknown; res: Response },
) => {
  const read = schema.safeParse(body, { error: wordsFor });
  if (!read.success) {
    const errors = read.error.issues.map(describeIssue);
    res.status(400).json({ errors, ...allOf(operations) });
    return;
  }
  faults.add(read.data);
  res.json({ faults: faults.list() });
};

const addFailure = ({ failures }: ControlDependencies, body: unknown, res: Response) => {
  const read = CheckFailure.safeParse(body, { error: wordsFor });
  if (!read.success) {
    res.status(400).json({ errors: read.error.issues.map(describeIssue) });
    return;
  }
  failures.add(read.data);
  res.json({ checks: failures.list() });
};

const addSeed = ({ store }: ControlDependencies, body: unknown, res: Response) => {
  const read = Seed.safeParse(body, { error: wordsFor });
  if (read.success) res.json(seedRows(store, read.data));
  else res.status(400).json({ errors: read.error.issues.map(describeIssue) });
};

const Rotation = z.strictObject({ secret: z.string().min(1) });

const rotateSecret = (deps: ControlDependencies, body: unknown, res: Response) => {
  const read = Rotation.safeParse(body, { error: wordsFor });
  if (!read.success) {
    res.status(400).json({ errors: read.error.issues.map(describeIssue) });
    return;
  }
  deps.rotateSecret(read.data.secret);
  res.json({ rotated: true });
};

const addOdd = ({ store }: ControlDependencies, body: unknown, res: Response) => {
  const read = OddForm.safeParse(body, { error: wordsFor });
  if (!read.success) res.status(400).json({ errors: read.error.issues.map(describeIssue) });
  else if (makeOdd(store, read.data)) res.json({ odd: read.data });
  else res.status(404).json({ errors: [`nothing has the id ${read.data.id}`] });
};

// Express knows an error handler by its four arguments. The only error here is an unreadable body.
const answerError =
  (operations: string[]): ErrorRequestHandler =>
  (err: unknown, { path }, res, next) => {
    const errors = ['body: must be JSON, of 100 kB at most'];
    if (res.headersSent) next(err);
    else res.status(400).json({ errors, ...(path === '/faults' && allOf(operations)) });
  };

/** The simulator's own routes; each answers JSON, but for the files. */
export const createControl = (deps: ControlDependencies): Router => {
  const { faults, requests } = deps;
  const schema = faultSchema(deps.operations);
  const router = Router();
  router.use(express.json({ type: () => true, strict: false }));
  router.get('/', (_req, res) => res.json({ routes: ROUTES }));
  router.get('/entities', (req, res) =>
    res.json(showEntities(deps, new URL(req.originalUrl, 'http://simulator').searchParams)),
  );
  router.get('/requests', (_req, res) => res.json(requests.show()));
  router.delete('/requests', (_req, res) => {
    requests.clear();
    res.json(requests.show());
  });
  router.get('/faults', (_req, res) => res.json({ faults: faults.list(), late: deps.late() }));
  router.post('/faults', (req, res) => {
    addFault(deps, schema, { body: req.body, res });
  });
  router.delete('/faults', (req, res) => {
    const { operation } = req.query;
    faults.clear(typeof operation === 'string' ? operation : undefined);
    res.json({ faults: faults.list() });
  });
  router.delete('/tokens', (_req, res) => {
    deps.revokeTokens();
    res.json({ revoked: true });
  });
  router.post('/client', (req, res) => rotateSecret(deps, req.body, res));
  router.get('/checks', (_req, res) => res.json({ checks: deps.failures.list() }));
  router.post('/checks', (req, res) => addFailure(deps, req.body, res));
  router.delete('/checks', (_req, res) => {
    deps.failures.clear();
    res.json({ checks: [] });
  });
  router.post('/seed', (req, res) => addSeed(deps, req.body, res));
  router.post('/odd', (req, res) => addOdd(deps, req.body, res));
  router.get('/files/:name', (req, res) => {
    const file = sampleFiles.get(req.params.name);
    if (file === undefined) res.status(404).json({ errors: [`no file ${req.params.name}`] });
    else res.type('text/csv').send(file);
  });
  for (const action of ['reset', 'save', 'restore'] as const)
    router.post(`/${action}`, (_req, res) => {
      deps[action]();
      res.json({ [action]: true });
    });
  router.use((_req, res) => res.status(404).json({ errors: ['unknown route'], routes: ROUTES }));
  router.use(answerError(deps.operations));
  return router;
};
