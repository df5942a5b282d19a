import { Router } from 'express';
import type { RequestHandler, Response } from 'express';
import type { Served } from '../openapi/document';
import type { Routes } from '../openapi/paths';
import { wrongMethod } from './request-errors';

/** What serves an operation. Paths without a token have none. */
export type Handler = RequestHandler<{ token: string }>;

/** Which operation serves a request, and its path as Express has it, by its answer. */
const operations = new WeakMap<Response, { name: string; path: string }>();
export const operationOf = (res: Response) => operations.get(res)?.name;
export const pathOf = (res: Response) => operations.get(res)?.path;

export const noted =
  (name: string, path: string): RequestHandler =>
  (_req, res, next) => {
    operations.set(res, { name, path });
    next();
  };

/** A router answers it itself where it knows the path: before anybody is asked who he is. */
const passOptionsBy: RequestHandler = ({ method }, _res, next) => {
  if (method === 'OPTIONS') next('router');
  else next();
};

/**
 * Tells which operation a request is for, before anybody knows whether it is served to who asks; `isServed`
 * says whether it is to anybody. `hears` is told the token in its path.
 */
export const recognized = <Name extends Served>(
  routes: Routes<Name>,
  {
    isServed,
    hears,
  }: { isServed: (name: Name) => boolean; hears: (res: Response, token: string) => void },
): Router => {
  const router = Router();
  router.use(passOptionsBy);
  for (const name in routes) {
    const { path, method } = routes[name];
    const recognize: Handler = ({ params: { token } }, res, next) => {
      if (isServed(name)) {
        operations.set(res, { name, path });
        if (path.includes('/:token')) hears(res, token);
      }
      // Not `router`, which waits a turn: a body that comes meanwhile would be one piece.
      next();
    };
    router.route(path)[method](recognize);
  }
  return router;
};

/** Serves a table of operations, each by the handlers of its name; a path's other methods are refused. */
export const served = <Name extends Served>(
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
    for (const name of names) route[routes[name].method](noted(name, path), handlers[name]);
    route.all(wrongMethod(names.map((name) => routes[name].method.toUpperCase())));
  }
  return router;
};
