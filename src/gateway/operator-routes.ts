import { Router } from 'express';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Operations } from '../operator/operations';
import { ReplayFailedRequest, ReplayRequest, RunQuery } from '../contract/operator';
import { readAs } from '../contract/parse';
import { wrongMethod as only } from './refusals';
import { json } from './reception';

const read = <Schema extends z.ZodType>(schema: Schema, given: unknown) =>
  readAs(schema, given, {
    whole: 'request',
    solution: 'See /openapi.json for what is understood.',
  });

const Nothing = z.strictObject({});

type OfRun = Request<{ token: string }>;

/**
 * The operator's commands for who has no shell. They ask nobody who he is: the network must. So
 * they are served only where they are switched on. Each that changes something takes JSON, which no
 * page in an operator's browser can send to another host unasked.
 */
export const operationsRoutes = (operations: Operations): Router => {
  const router = Router();
  router
    .route('/operations/runs')
    .get(async (req, res) => {
      res.json(await operations.list(read(RunQuery, req.query)));
    })
    .all(only('GET'));
  router
    .route('/operations/runs/replay')
    .post(json, async (req: Request, res: Response) => {
      const request = read(ReplayFailedRequest, req.body);
      res.json({ replays: await operations.replayFailed(request) });
    })
    .all(only('POST'));
  router
    .route('/operations/runs/:token')
    .get(async (req: OfRun, res) => {
      res.json(await operations.show(req.params.token));
    })
    .all(only('GET'));
  router
    .route('/operations/runs/:token/replay')
    .post(json, async (req: OfRun, res: Response) => {
      const { force } = read(ReplayRequest, req.body);
      res.json(await operations.replay(req.params.token, { force }));
    })
    .all(only('POST'));
  router
    .route('/operations/runs/:token/cancel')
    .post(json, async (req: OfRun, res: Response) => {
      read(Nothing, req.body);
      const cancellation = await operations.cancel(req.params.token);
      res.status(cancellation.outcome === 'cancelling' ? 202 : 200).json(cancellation);
    })
    .all(only('POST'));
  return router;
};
