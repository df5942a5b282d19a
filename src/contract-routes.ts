import { Router } from 'express';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { readAccess } from './access-request';
import { ProvisioningRequest, ReverseProvisioningRequest, ValidationRequest } from './contract';
import type { ValidationResult } from './contract';
import { RequestError } from './errors';
import { readIdentities, readPlans } from './product';
import type { Plans } from './product';
import { wrongMethod } from './refusals';
import { json, readAs } from './requests';
import type { Runs } from './runs';
import type { Statuses } from './status';
import { isToken } from './token';
import type { ReadingRules } from './validation';

/** Lines on what is ignored in a descriptor, for the log. */
const MAX_NOTED = 20;

type OfToken = Request<{ token: string }>;

const readRequest = (body: unknown): ProvisioningRequest =>
  readAs(ProvisioningRequest, body, {
    whole: 'body',
    solution: 'Send a ProvisioningRequest: descriptorKind, descriptor (YAML text), removeData.',
  });

const readValidationRequest = (body: unknown): ValidationRequest =>
  readAs(ValidationRequest, body, {
    whole: 'body',
    solution: 'Send a ValidationRequest: descriptor (YAML text) and, if need be, descriptorKind.',
  });

const readReverseRequest = (body: unknown): ReverseProvisioningRequest =>
  readAs(ReverseProvisioningRequest, body, {
    whole: 'body',
    solution:
      'Send a ReverseProvisioningRequest: useCaseTemplateId, environment, params, catalogInfo.',
  });

const readWanted = (body: unknown, { templates, minSyncInterval }: ReadingRules) =>
  readPlans(readRequest(body), templates, minSyncInterval);

/** The contract's answer has no room for what is ignored in a valid descriptor: the log has. */
const noteIgnored = ({ warnings, descriptors }: Plans, log: Logger) => {
  const told = [...warnings, ...descriptors.flatMap((descriptor) => descriptor.warnings)];
  const count = descriptors.reduce((sum, { ignored }) => sum + ignored.count, 0);
  if (told.length === 0) return;
  log.warn({ count, ignored: told.slice(0, MAX_NOTED) }, 'a valid descriptor has ignored keys');
};

const validate = (body: unknown, { rules, log }: ContractDeps): ValidationResult => {
  try {
    noteIgnored(readWanted(body, rules), log);
    return { valid: true };
  } catch (err) {
    if (!(err instanceof RequestError)) throw err;
    return { valid: false, error: { errors: err.toBody('').errors } };
  }
};

const answerToken = (res: Response, token: string) => {
  // The Coordinator takes the body verbatim: bare text, though one copy of the contract says JSON.
  res.status(202).type('text/plain').send(token);
};

export interface ContractDeps extends Statuses {
  runs: Runs;
  rules: ReadingRules;
  log: Logger;
}

/** The operations of the Coordinator's contract, by method and path. */
const handlers = (deps: ContractDeps) => {
  const { runs, rules, statusOf, validationStatusOf, reverseStatusOf } = deps;
  const post = {
    '/v1/validate': [
      ...json,
      (req: Request, res: Response) => {
        res.json(validate(req.body, deps));
      },
    ],
    '/v1/provision': [
      ...json,
      async (req: Request, res: Response) => {
        answerToken(res, await runs.provision(readWanted(req.body, rules)));
      },
    ],
    '/v1/unprovision': [
      ...json,
      async (req: Request, res: Response) => {
        const request = readRequest(req.body);
        const removeData = request.removeData ?? false;
        const identities = readIdentities(request, rules.templates);
        answerToken(res, await runs.unprovision(identities, { removeData }));
      },
    ],
    '/v1/updateacl': [
      ...json,
      async (req: Request, res: Response) => {
        answerToken(res, await runs.updateAcl(readAccess(req.body)));
      },
    ],
    '/v2/validate': [
      ...json,
      async (req: Request, res: Response) => {
        answerToken(res, await runs.validate(readValidationRequest(req.body), rules));
      },
    ],
    '/v1/reverse-provisioning': [
      ...json,
      async (req: Request, res: Response) => {
        answerToken(res, await runs.reverseProvision(readReverseRequest(req.body)));
      },
    ],
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
