import type { Readable, Retry } from '../../workflows/input';
import { readAccess } from '../descriptor/access-request';
import { parseBody } from './body';
import type { Body } from './body';
import {
  ProvisioningRequest,
  ReverseProvisioningRequest,
  ValidationRequest,
} from '../contract/coordinator';
import type { ValidationResult } from '../contract/coordinator';
import { deploymentOf } from '../contract/ids';
import { RequestError } from '../contract/problems';
import type { Problem, RefusalReason } from '../contract/problems';
import { accessStart, provisionStart, unprovisionStart } from '../runs/pipeline-start';
import type { StartOf } from '../runs/pipeline-start';
import type { Component } from '../descriptor/component';
import type { Tenancy } from '../descriptor/owner';
import { environmentProblem } from '../settings/tenancy';
import { readIdentities, readPlans } from '../descriptor/product';
import type { Plans } from '../descriptor/product';
import { readAs } from '../contract/parse';
import { reverseStart } from '../runs/reverse-start';
import { inputOf } from '../descriptor/input-size';
import { planStart, validationStart } from '../runs/validation-start';
import type { ReadingRules } from '../runs/validation-start';

/* What is made of the body of a request, in a thread of its own: plain data in, plain data out. */

/** Lines on what is ignored in a descriptor, for the log. */
const MAX_NOTED = 20;

/** What the deployment adds to a request. */
export interface Settings extends ReadingRules {
  retry: Retry;
  /** Of environments that have none of their own. */
  taskQueue: string;
}

export interface ToRead {
  asked: 'validation' | keyof ReturnType<typeof startsBy>;
  /** JSON in UTF-8, unless somebody is mistaken. */
  body: Body;
  settings: Settings;
  /** The teams for which the caller may deploy; undefined: all. */
  deploysFor?: string[] | undefined;
}

/** What starts a run, with its input as JSON: so it is written once, and passed on without a copy. */
type Prepared = Omit<StartOf, 'args'> & { input: Uint8Array<ArrayBuffer> };

export interface Validated {
  result: ValidationResult;
  /** What a valid descriptor says to no effect: how much, and some of it. */
  ignored: { count: number; lines: string[] };
  /** The key of what it is about, where that could be read. */
  about: string | undefined;
}

export type Reading =
  | { is: 'start'; start: Prepared }
  | ({ is: 'validation' } & Validated)
  | {
      is: 'refused';
      problems: Problem[];
      solutions: string[];
      status: number;
      reason: RefusalReason;
      about: string | undefined;
    }
  /** A mistake of ours. */
  | { is: 'broken'; stack: string };

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

const readWanted = (body: unknown, { templates, ...rules }: ReadingRules) =>
  readPlans(readRequest(body), templates, rules);

/** The task queue of an environment, and what tells its ids from those of others. */
const placeOf = ({ tenancy, taskQueue: shared }: Settings, environment: string) => {
  const taskQueue = tenancy?.environments[environment]?.taskQueue ?? shared;
  return { taskQueue, deployment: deploymentOf(taskQueue) };
};

const environmentOf = (components: { component: Component }[]) =>
  components[0]?.component.environment ?? '';

/** Whose pipelines a caller may read in an environment. Throws a RequestError where there are none. */
const readableIn = (tenancy: Tenancy, environment: string): Readable => {
  const { teams, deploysFor } = tenancy;
  const of = (team: string) => teams[team]?.environments ?? [];
  const usable = deploysFor && [...new Set(deploysFor.flatMap(of))];
  const problem = environmentProblem(tenancy, { team: undefined, environment, usable });
  if (problem !== undefined)
    throw new RequestError([{ path: 'environment', message: problem }], {
      solutions: ['Ask for one of the environments for which the caller may deploy.'],
    });
  const readers = deploysFor?.filter((team) => of(team).includes(environment));
  return { environment, teams: readers };
};

/** What starts the run that a request asks for, by operation. */
const startsBy = (settings: Settings) => {
  const { templates, minSyncInterval, tenancy, retry } = settings;
  const rules = { templates, minSyncInterval, tenancy };
  const givenIn = (environment: string) => ({ retry, ...placeOf(settings, environment) });
  const givenFor = (plans: Plans) =>
    givenIn(environmentOf(plans.descriptors.map(({ plan }) => plan)));
  return {
    provision: (body: unknown) => {
      const plans = readWanted(body, rules);
      return provisionStart(plans, givenFor(plans));
    },
    unprovision: (body: unknown) => {
      const request = readRequest(body);
      const identities = readIdentities(request, templates, { tenancy });
      const given = givenIn(environmentOf(identities.identities));
      return unprovisionStart(identities, { ...given, removeData: request.removeData ?? false });
    },
    plan: (body: unknown) => {
      const plans = readWanted(body, rules);
      return planStart(plans, givenFor(plans));
    },
    updateacl: (body: unknown) => {
      const access = readAccess(body, { tenancy });
      return accessStart(access, givenIn(access.component.environment));
    },
    validate: (body: unknown) =>
      validationStart(readValidationRequest(body), { ...rules, retry, placeOf: givenIn }),
    reverseProvision: (body: unknown) => {
      const request = readReverseRequest(body);
      const { environment } = request;
      const readable = tenancy && readableIn(tenancy, environment);
      return reverseStart(request, { ...givenIn(environment), readable });
    },
  };
};

const judge = (body: unknown, settings: Settings): Validated => {
  try {
    const { product, warnings, descriptors } = readWanted(body, settings);
    const lines = [...warnings, ...descriptors.flatMap((descriptor) => descriptor.warnings)];
    const count = descriptors.reduce((sum, { ignored }) => sum + ignored.count, 0);
    const about = product?.key ?? descriptors[0]?.plan.component.key;
    return { result: { valid: true }, ignored: { count, lines: lines.slice(0, MAX_NOTED) }, about };
  } catch (err) {
    if (!(err instanceof RequestError) || err.reason === 'forbidden') throw err;
    const { errors } = err.toBody('');
    const result = { valid: false, error: { errors } };
    return { result, ignored: { count: 0, lines: [] }, about: err.about };
  }
};

const stackOf = (err: unknown) => (err instanceof Error ? String(err.stack) : String(err));

/** What is made of a body. Never throws. */
export const read = ({ asked, body, settings: given, deploysFor }: ToRead): Reading => {
  const tenancy = given.tenancy && { ...given.tenancy, deploysFor };
  const settings = { ...given, tenancy };
  try {
    const parsed = parseBody(body);
    if (asked === 'validation') return { is: 'validation', ...judge(parsed, settings) };
    const { args, ...start } = startsBy(settings)[asked](parsed);
    return { is: 'start', start: { ...start, input: inputOf(args[0]) } };
  } catch (err) {
    if (!(err instanceof RequestError)) return { is: 'broken', stack: stackOf(err) };
    const { problems, solutions, status, reason, about } = err;
    return { is: 'refused', problems, solutions, status, reason, about };
  }
};
