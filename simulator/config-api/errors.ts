import { randomUUID } from 'node:crypto';
import { type Answer, proxyPage } from '../steering/answers';
import type { Dialect } from '../api';
import { ApiProblem } from '../problems';

/**
 * How the Config API says that something went wrong. `known`: up to 1.8, always with a message.
 * `id`: since 2.0, not-found, unreadable input and unexpected errors carry an `errorId` alone.
 */
export type ErrorFamily = 'known' | 'id';

export const errorFamilyOf = (version: string): ErrorFamily =>
  Number(version.split('.')[0]) >= 2 ? 'id' : 'known';

const invalidJsonTitle = 'invalid-json';
const invalidInputTitle = 'constraint-violation';
const cronTitle = 'cron-validation';

/** 422: not JSON, or a value of a wrong type in it. */
export const invalidJson = (message: string) =>
  new ApiProblem(422, invalidJsonTitle, undefined, { message: `Invalid json. ${message}` });

/** 400: a required property is missing. */
export const invalidInput = (properties: string[]) =>
  new ApiProblem(400, invalidInputTitle, undefined, {
    message: 'Some properties contained invalid input.',
    validationErrors: properties.map((propertyPath) => ({
      propertyPath,
      message: 'must not be null',
    })),
  });

/** 400 as problem JSON: the one thing that the Config API refuses in the public API's form. */
export const cronProblem = (fault: string, data: Record<string, unknown>) =>
  new ApiProblem(400, cronTitle, {
    status: 400,
    type: `error:cron-validation/${fault}`,
    title: `cron-validation/${fault}`,
    detail: 'The cron schedule is not valid.',
    documentationUrl: null,
    data,
  });

const reasons: Record<string, (data: Record<string, unknown>) => string> = {
  'resource-not-found': (data) =>
    `Could not find configuration for ${String(data.resourceType)}: ${String(data.resourceId)}.`,
  'unprocessable-entity': (data) =>
    `The provided configuration does not fulfill the specification. Errors: ${String(data.message)}`,
  'unexpected-problem': (data) => `Internal Server Error: ${String(data.message)}`,
};

const classes: Record<number, string> = {
  400: 'io.airbyte.commons.server.errors.BadRequestException',
  403: 'io.airbyte.commons.server.errors.OperationNotAllowedException',
  404: 'io.airbyte.commons.server.errors.IdNotFoundKnownException',
  409: 'io.airbyte.commons.server.errors.ValueConflictKnownException',
  410: 'io.airbyte.commons.server.errors.EntityDeletedKnownException',
  422: 'io.airbyte.commons.server.errors.BadObjectSchemaKnownException',
  423: 'io.airbyte.commons.server.errors.SyncIsRunningException',
};

/** Config API, KnownExceptionInfo; InvalidInputExceptionInfo when `data` names properties. */
const knownBody = (status: number, title: string, data: Record<string, unknown>) => ({
  message: (reasons[title] ?? (() => String(data.message)))(data),
  exceptionClassName: classes[status] ?? 'io.airbyte.commons.server.errors.UncaughtException',
  exceptionStack: [],
  ...(data.validationErrors !== undefined && { validationErrors: data.validationErrors }),
});

/** Since 2.0 only what a handler refuses in so many words is explained. */
const isInFull = ({ status, title }: { status: number; title: string }) =>
  ![invalidJsonTitle, invalidInputTitle].includes(title) && status !== 404 && status < 500;

const answerIn =
  (family: ErrorFamily) =>
  (problem: ApiProblem): Answer => {
    const { status, message: title, body, data } = problem;
    // A cron's, and what the web framework answers, look the same in both APIs.
    const own = title in reasons || data.message !== undefined;
    if (!own) return { status, body };
    const known = knownBody(status, title, data);
    if (family === 'known') return { status, body: known };
    const errorId = randomUUID();
    return { status, body: isInFull({ status, title }) ? { ...known, errorId } : { errorId } };
  };

const injected = 'Injected by the simulator.';
const withoutBody = [401];
const byProxy = [502, 504];

const usualIn = (family: ErrorFamily) => (status: number) => {
  if (withoutBody.includes(status)) return undefined;
  if (byProxy.includes(status)) return proxyPage(status);
  if (status === 429) return { message: 'You are being rate limited.' };
  return answerIn(family)(new ApiProblem(status, 'injected', undefined, { message: injected }))
    .body;
};

export const configDialect = (family: ErrorFamily): Dialect => ({
  api: 'config',
  answer: answerIn(family),
  usualBody: usualIn(family),
  invalidJson,
});
