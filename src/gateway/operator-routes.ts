import type { Router } from 'express';
import { z } from 'zod';
import type { Operations } from '../operator/operations';
import { ReplayFailedRequest, ReplayRequest, RunQuery } from '../contract/commands';
import { summed } from '../contract/operator';
import { readAs } from '../contract/parse';
import { OPERATOR } from '../openapi/operator';
import { json } from './reception';
import { served } from './routes';

const read = <Schema extends z.ZodType>(schema: Schema, given: unknown) =>
  readAs(schema, given, {
    whole: 'request',
    solution: 'See /openapi.json for what is understood.',
  });

const Nothing = z.strictObject({});

/**
 * The operator's commands for who has no shell. They ask nobody who they are: the network must. So
 * they are served only where they are switched on. Each that changes something takes JSON, which no
 * page in an operator's browser can send to another host unasked.
 */
export const operationsRoutes = (operations: Operations): Router =>
  served(OPERATOR, {
    listRuns: async (req, res) => {
      res.json(await operations.list(read(RunQuery, req.query)));
    },
    replayFailedRuns: [
      json,
      async (req, res) => {
        const request = read(ReplayFailedRequest, req.body);
        res.json(summed(await operations.replayFailed(request)));
      },
    ],
    showRun: async (req, res) => {
      res.json(await operations.show(req.params.token));
    },
    replayRun: [
      json,
      async (req, res) => {
        const { force } = read(ReplayRequest, req.body);
        res.json(await operations.replay(req.params.token, { force }));
      },
    ],
    cancelRun: [
      json,
      async (req, res) => {
        read(Nothing, req.body);
        const cancellation = await operations.cancel(req.params.token);
        res.status(cancellation.outcome === 'cancelling' ? 202 : 200).json(cancellation);
      },
    ],
  });
