import { Router } from 'express';
import type { Response } from 'express';
import { z } from 'zod';
import type { Operations } from '../operator/operations';
import { ReplayFailedRequest, ReplayRequest, RunQuery } from '../contract/commands';
import { summed } from '../contract/operator';
import { readAs } from '../contract/parse';
import { OPERATOR } from '../openapi/operator';
import { json } from './reception';
import { noRun } from '../operator/unanswered';
import type { Authorization } from './authorization';
import { note } from './audit';
import { callerOf } from './callers';
import { served } from './routes';

const read = <Schema extends z.ZodType>(schema: Schema, given: unknown) =>
  readAs(schema, given, {
    whole: 'request',
    solution: 'See /openapi.json for what is understood.',
  });

const Nothing = z.strictObject({});

/**
 * The operator's commands for who has no shell, as long as `isServed` says so: where nobody is asked who he
 * is they are switched on, or not, as the network must ask then. Each that changes something takes JSON, which no page in an
 * operator's browser can send to another host unasked.
 */
export const operationsRoutes = (
  operations: Operations,
  { authorization, isServed }: { authorization: Authorization; isServed: () => boolean },
): Router => {
  /** Another's run is answered as one that never was. */
  const seen = (res: Response, token: string) => {
    if (!authorization.maySee(callerOf(res), token)) throw noRun(token);
    return token;
  };
  const operated = (res: Response, token: string) => {
    authorization.mustOperate(callerOf(res), seen(res, token));
    return token;
  };
  const routes = served(OPERATOR, {
    listRuns: async (req, res) => {
      const isMeant = authorization.seenBy(callerOf(res), 'reader');
      const query = read(RunQuery, req.query);
      note(res, { environment: query.environment });
      res.json(await operations.list(query, isMeant));
    },
    replayFailedRuns: [
      json,
      async (req, res) => {
        const request = read(ReplayFailedRequest, req.body);
        note(res, { environment: request.environment });
        const isMeant = authorization.seenBy(callerOf(res), 'operator');
        res.json(summed(await operations.replayFailed(request, isMeant)));
      },
    ],
    showRun: async (req, res) => {
      res.json(await operations.show(seen(res, req.params.token)));
    },
    replayRun: [
      json,
      async (req, res) => {
        const { force } = read(ReplayRequest, req.body);
        res.json(await operations.replay(operated(res, req.params.token), { force }));
      },
    ],
    cancelRun: [
      json,
      async (req, res) => {
        read(Nothing, req.body);
        const cancellation = await operations.cancel(operated(res, req.params.token));
        res.status(cancellation.outcome === 'cancelling' ? 202 : 200).json(cancellation);
      },
    ],
  });
  const router = Router();
  router.use((_req, _res, next) => {
    next(isServed() ? undefined : 'router');
  });
  router.use(routes);
  return router;
};
