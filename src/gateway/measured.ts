import type { RequestHandler } from 'express';
import { onceOver } from '../concurrency/caller';
import type { GatewayMetrics } from '../metrics/gateway';
import { operationOf } from './routes';

/** Measures each request from when its headers have come until its answer is sent, or nobody is there. */
export const measured =
  ({ answered }: Pick<GatewayMetrics, 'answered'>): RequestHandler =>
  (_req, res, next) => {
    const came = performance.now();
    onceOver(res, () => {
      answered({
        route: operationOf(res),
        status: res.writableFinished ? res.statusCode : 'left',
        seconds: (performance.now() - came) / 1000,
      });
    });
    next();
  };
