import type { Response, Router } from 'express';
import type { Logger } from 'pino';
import type { GatewayMetrics } from '../metrics/gateway';
import type { Readings, Validated } from './reading-pool';
import { CONTRACT } from '../openapi/coordinator';
import { PLANNING } from '../openapi/planning';
import { createReception } from './reception';
import { served } from './routes';
import type { Handler } from './routes';
import type { Runs } from '../runs/runs';
import type { Statuses } from '../runs/status';
import { isToken } from '../runs/token';
import { unknownToken } from '../runs/status-reader';
import type { MaySee } from '../runs/status-reader';
import type { Authorization } from './authorization';
import { note } from './audit';
import { callerOf } from './callers';

/** The contract's answer has no room for what is ignored in a valid descriptor: the log has. */
const noteIgnored = ({ ignored: { count, lines } }: Validated, log: Logger) => {
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
  metrics: GatewayMetrics;
  authorization: Authorization;
  log: Logger;
}

/** The Coordinator's contract, and what engineers ask beside it. No operation waits for Airbyte or a worker. */
export const contractRoutes = (deps: ContractDeps): Router => {
  const { runs, readings, log, metrics, authorization, ...statuses } = deps;
  const receive = createReception(metrics.held);
  const starts =
    (asked: Parameters<Readings['start']>[0]): Handler =>
    async (req, res) => {
      const deploysFor = authorization.deploysFor(callerOf(res));
      const token = await receive(req, res, async (received) =>
        runs.start(await readings.start(asked, { ...received, deploysFor }), received.interest),
      );
      note(res, { token });
      answerToken(res, token);
    };
  const describes =
    (statusFor: (token: string) => Promise<object>): Handler =>
    async ({ params: { token } }, res) => {
      if (!authorization.maySee(callerOf(res), token)) throw unknownToken(token);
      res.json(await statusFor(token));
    };
  const describesAsStarted =
    (statusFor: (token: string, maySee: MaySee) => Promise<object>): Handler =>
    async ({ params: { token } }, res) => {
      res.json(await statusFor(token, authorization.seesAsStarted(callerOf(res))));
    };
  return served(
    { ...CONTRACT, ...PLANNING },
    {
      validate: async (req, res) => {
        const deploysFor = authorization.deploysFor(callerOf(res));
        const judged = await receive(req, res, (received) =>
          readings.judge({ ...received, deploysFor }),
        );
        noteIgnored(judged, log);
        note(res, { key: judged.about, ...(!judged.result.valid && { reason: 'invalid' }) });
        res.json(judged.result);
      },
      provision: starts('provision'),
      getStatus: describes(statuses.statusOf),
      terminateProvisioning: async ({ params: { token } }, res) => {
        const caller = callerOf(res);
        if (!authorization.maySee(caller, token)) throw unknownToken(token);
        authorization.mustDeploy(caller, token);
        if (isToken(token) && (await runs.terminate(token))) res.status(202).end();
        else res.json(await statuses.statusOf(token));
      },
      unprovision: starts('unprovision'),
      updateacl: starts('updateacl'),
      asyncValidate: starts('validate'),
      getValidationStatus: describesAsStarted(statuses.validationStatusOf),
      runReverseProvisioning: starts('reverseProvision'),
      getReverseProvisioningStatus: describesAsStarted(statuses.reverseStatusOf),
      startPlan: starts('plan'),
      getPlan: describes(statuses.planStatusOf),
    },
  );
};
