import type { Response, Router } from 'express';
import { z } from 'zod';
import type { Operations } from '../operator/operations';
import { ReplayFailedRequest, ReplayRequest, RunQuery } from '../contract/commands';
import { summed } from '../contract/operator';
import { readAs } from '../contract/parse';
import { OPERATOR } from '../openapi/operator';
import { json } from './reception';
import { noRun } from '../operator/unanswered';
import type { Authorization } from './authorization';
import { noteToken } from './audit';
import { callerOf } from './callers';
import { served } from './routes';

const read = <Schema extends z.ZodType>(schema: Schema, given: unknown) =>
  readAs(schema, given, {
    whole: 'request',
    solution: 'See /openapi.json for what is understood.',
  });

const Nothing = z.strictObject({});

/**
 * The operator's commands for who has no shell. Where nobody is asked who he is they are served only if
 * they are switched on: the network must ask. Each that changes something takes JSON, which no page in an
 * operator's browser can send to another host unasked.
 */
export const operationsRoutes = (operations: Operations, authorization: Authorization): Router => {
  /** Another's run is answered as one that never was. */
  const seen = (res: Response, token: string) => {
    noteToken(res, token);
    if (!authorization.maySee(callerOf(res), token)) throw noRun(token);
    return token;
  };
  const operated = (res: Response, token: string) => {
    authorization.mustOperate(callerOf(res), seen(res, token));
    return token;
  };
  return served(OPERATOR, {
    listRuns: async (req, res) => {
      const isMeant = authorization.seenBy(callerOf(res), 'reader');
      res.json(await operations.list(read(RunQuery, req.query), isMeant));
    },
    replayFailedRuns: [
      json,
      async (req, res) => {
        const request = read(ReplayFailedRequest, req.body);
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
};
