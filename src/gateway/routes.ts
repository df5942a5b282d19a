import { Router } from 'express';
import type { RequestHandler } from 'express';
import type { Routes } from '../openapi/paths';
import { wrongMethod } from './request-errors';

/** What serves an operation. Paths without a token have none. */
export type Handler = RequestHandler<{ token: string }>;

/** Serves a table of operations, each by the handlers of its name; a path's other methods are refused. */
export const served = <Name extends string>(
  routes: Routes<Name>,
  handlers: NoInfer<Record<Name, Handler | Handler[]>>,
): Router => {
  const router = Router();
  const namesOf = new Map<string, Name[]>();
  for (const name in routes) {
    const { path } = routes[name];
    namesOf.set(path, [...(namesOf.get(path) ?? []), name]);
  }
  for (const [path, names] of namesOf) {
    const route = router.route(path);
    for (const name of names) route[routes[name].method](handlers[name]);
    route.all(wrongMethod(names.map((name) => routes[name].method.toUpperCase())));
  }
  return router;
};
