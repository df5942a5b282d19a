import { Router } from 'express';
import type { RequestHandler } from 'express';
import type { Routes } from '../openapi/paths';
import { wrongMethod } from './request-errors';

/** What serves an operation. Paths without a token have none. */
export type Handler = RequestHandler<{ token: string }>;

/** Serves a table of operations, each by the handlers of its name; another method of a path is refused. */
export const served = <Name extends string>(
  routes: Routes<Name>,
  handlers: NoInfer<Record<Name, Handler | Handler[]>>,
): Router => {
  const router = Router();
  for (const name in routes) {
    const { method, path } = routes[name];
    router.route(path)[method](handlers[name]).all(wrongMethod(method.toUpperCase()));
  }
  return router;
};
