import { Router } from 'express';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Readings, Verdict } from './readings';
import { wrongMethod } from './refusals';
import { createReception } from './reception';
import type { Runs } from '../runs/runs';
import type { Statuses } from '../runs/status';
import { isToken } from '../runs/token';

type OfToken = Request<{ token: string }>;

/** The contract's answer has no room for what is ignored in a valid descriptor: the log has. */
const noteIgnored = ({ ignored: { count, lines } }: Verdict, log: Logger) => {
  if (lines.length === 0) return;
  log.warn({ count, ignored: lines }, 'a valid descriptor has ignored keys');
};

const answerToken = (res: Response, token: string) => {
  // The Coordinator takes the body verbatim: bare text, though one copy of the contract says JSON.
  res.status(202).type('text/plain').send(token);
};

export interface ContractDeps extends Statuses {
  runs: Runs;
  readings: Readings;
  log: Logger;
}

/** The operations of the Coordinator's contract, by method and path. */
const handlers = (deps: ContractDeps) => {
  const { runs, readings, log, statusOf, validationStatusOf, reverseStatusOf } = deps;
  const receive = createReception();
  const starts = (asked: Parameters<Readings['start']>[0]) => [
    async (req: Request, res: Response) => {
      const token = await receive(req, res, async (received) =>
        runs.start(await readings.start(asked, received), received.interest),
      );
      answerToken(res, token);
    },
  ];
  const post = {
    '/v1/validate': [
      async (req: Request, res: Response) => {
        const judged = await receive(req, res, (received) => readings.judge(received));
        noteIgnored(judged, log);
        res.json(judged.verdict);
      },
    ],
    '/v1/provision': starts('provision'),
    '/v1/unprovision': starts('unprovision'),
    '/v1/updateacl': starts('updateacl'),
    '/v2/validate': starts('validate'),
    '/v1/reverse-provisioning': starts('reverseProvision'),
  };
  const get = {
    '/v1/provision/:token/status': [
      async (req: OfToken, res: Response) => {
        res.json(await statusOf(req.params.token));
      },
    ],
    '/v2/validate/:token/status': [
      async (req: OfToken, res: Response) => {
        res.json(await validationStatusOf(req.params.token));
      },
    ],
    '/v1/reverse-provisioning/:token/status': [
      async (req: OfToken, res: Response) => {
        res.json(await reverseStatusOf(req.params.token));
      },
    ],
  };
  const remove = {
    '/v1/provision/:token': [
      async ({ params: { token } }: OfToken, res: Response) => {
        if (isToken(token) && (await runs.terminate(token))) res.status(202).end();
        else res.json(await statusOf(token));
      },
    ],
  };
  return { post, get, remove };
};

/** The Coordinator's contract. No operation waits for Airbyte or a worker. */
export const contractRoutes = (deps: ContractDeps): Router => {
  const router = Router();
  const { post, get, remove } = handlers(deps);
  for (const [path, each] of Object.entries(post))
    router.route(path).post(each).all(wrongMethod('POST'));
  for (const [path, each] of Object.entries(get))
    router.route(path).get(each).all(wrongMethod('GET'));
  for (const [path, each] of Object.entries(remove))
    router.route(path).delete(each).all(wrongMethod('DELETE'));
  return router;
};
