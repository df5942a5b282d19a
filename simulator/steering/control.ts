import express, { type ErrorRequestHandler, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Fault } from './faults';
import { wordsFor } from './wording';

/** Where tests and demos steer a simulator, off the API's paths. */
export const CONTROL_BASE = '/_simulator';

/** Rows that a seed makes of one kind. */
export const seedCount = z.int().min(0).max(100_000).default(0);

/** Why a control cannot be done, though its body has the right form. */
export class ControlProblem extends Error {
  override name = 'ControlProblem';
  readonly status: 400 | 404;

  constructor(status: 400 | 404, message: string) {
    super(message);
    this.status = status;
  }
}

const describeIssue = ({ path, message }: z.core.$ZodIssue) =>
  `${path.map(String).join('.') || 'body'}: ${message}`;

/** Answers with what `act` makes of what is given in this form, or with all that is wrong in it. */
const answering =
  <Form extends z.ZodType>(form: Form, act: (given: z.output<Form>) => unknown, more = {}) =>
  (given: unknown, res: Response) => {
    const read = form.safeParse(given, { error: wordsFor });
    if (read.success) res.json(act(read.data));
    else res.status(400).json({ errors: read.error.issues.map(describeIssue), ...more });
  };

/** A route that takes a body. */
export const taking = <Form extends z.ZodType>(
  form: Form,
  act: (given: z.output<Form>) => unknown,
) => {
  const answer = answering(form, act);
  return ({ body }: Request, res: Response) => answer(body, res);
};

/** A route that takes a query. */
export const asking = <Form extends z.ZodType>(
  form: Form,
  act: (given: z.output<Form>) => unknown,
) => {
  const answer = answering(form, act);
  return ({ query }: Request, res: Response) => answer(query, res);
};

interface Steered<Of extends Fault> {
  /** As GET /_simulator tells them, and the documents. */
  routes: Record<string, string>;
  faults: { add: (fault: Of) => void; list: () => unknown[]; clear: (operation?: string) => void };
  /** The body of POST /_simulator/faults, and what faults can be told of. */
  faultForm: z.ZodType<Of>;
  operations: readonly string[];
  /** What is still to be done of calls that are gone. */
  pending: () => Record<string, number>;
  requests: { show: () => unknown; clear: () => void };
  reset: () => void;
  save: () => void;
  restore: () => void;
}

const faultRoutes = <Of extends Fault>(
  router: Router,
  { faults, faultForm, operations, pending }: Steered<Of>,
) => {
  const add = answering(
    faultForm,
    (fault) => {
      faults.add(fault);
      return { faults: faults.list() };
    },
    { operations: ['*', ...operations] },
  );
  router.get('/faults', (_req, res) => res.json({ faults: faults.list(), ...pending() }));
  router.post('/faults', ({ body }, res) => add(body, res));
  router.delete('/faults', ({ query: { operation } }, res) => {
    faults.clear(typeof operation === 'string' ? operation : undefined);
    res.json({ faults: faults.list() });
  });
};

/** Body-parser tells what kind of error it throws. */
const isOfBody = (err: unknown) => err instanceof Error && 'type' in err;

// Express knows an error handler by its four arguments.
const answerError =
  ({ operations }: { operations: readonly string[] }): ErrorRequestHandler =>
  (err: unknown, { path }, res, next) => {
    if (res.headersSent) {
      next(err);
      return;
    }
    if (err instanceof ControlProblem) {
      res.status(err.status).json({ errors: [err.message] });
      return;
    }
    if (!isOfBody(err)) {
      res.status(500).json({ errors: [String(err)] });
      return;
    }
    const more = path === '/faults' && { operations: ['*', ...operations] };
    res.status(400).json({ errors: ['body: must be JSON, of 2 MB at most'], ...more });
  };

/** The routes that every simulator has, and its own; each answers JSON, unless its own do otherwise. */
export const createControl = <Of extends Fault>(
  steered: Steered<Of>,
  own: (router: Router) => void,
): Router => {
  const { routes, requests } = steered;
  const router = Router();
  router.use(express.json({ type: () => true, strict: false, limit: '2mb' }));
  router.get('/', (_req, res) => res.json({ routes }));
  router.get('/requests', (_req, res) => res.json(requests.show()));
  router.delete('/requests', (_req, res) => {
    requests.clear();
    res.json(requests.show());
  });
  faultRoutes(router, steered);
  own(router);
  for (const action of ['reset', 'save', 'restore'] as const)
    router.post(`/${action}`, (_req, res) => {
      steered[action]();
      res.json({ [action]: true });
    });
  router.use((_req, res) => res.status(404).json({ errors: ['unknown route'], routes }));
  router.use(answerError(steered));
  return router;
};
