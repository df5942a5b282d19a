import * as contract from './contract';
import { componentsOf, reference } from './openapi-schemas';
import type { JsonSchema } from './openapi-schemas';
import * as operator from './operations-contract';

/*
 * What the gateway serves, as an OpenAPI document. The schemas are the ones it reads and answers
 * with; the routes are told here a second time, which test/openapi.test.ts holds against the gateway.
 */

const content = (id: string) => ({ content: { 'application/json': { schema: reference(id) } } });
const answer = (description: string, id: string) => ({ description, ...content(id) });

const text = { 'text/plain': { schema: { type: 'string' } } };
const TOKEN_ANSWER = {
  description: 'The bare token of the run; ask for its status',
  content: text,
};
const STATUS = answer('The status of the run', 'ProvisioningStatus');
const UNKNOWN_TOKEN = answer('There is no such token', 'RequestValidationError');
const FAILED = answer('Not the fault of the caller; what is wrong and what to do', 'SystemError');
const NOT_SUPPORTED = answer('Not supported yet', 'SystemError');

const token = { name: 'token', in: 'path', required: true, schema: { type: 'string' } };

/** What is answered before an operation sees the request. */
const unread = {
  413: answer('The body is over 2 MB', 'RequestValidationError'),
  415: answer('The body is not JSON', 'RequestValidationError'),
};
const takes = (id: string) => ({ requestBody: { required: true, ...content(id) } });

const start = (summary: string, operationId: string) => ({
  post: {
    summary,
    operationId,
    ...takes('ProvisioningRequest'),
    responses: {
      202: TOKEN_ANSWER,
      400: answer(
        'The request or its descriptor is not valid: every problem with its path',
        'RequestValidationError',
      ),
      ...unread,
      500: FAILED,
    },
  },
});

const unsupported = (operationId: string) => ({
  post: { summary: 'Not supported yet', operationId, responses: { 500: NOT_SUPPORTED } },
});
const tokenless = (operationId: string) => ({
  get: {
    summary: 'Not supported yet, so that every token is unknown',
    operationId,
    parameters: [token],
    responses: { 400: UNKNOWN_TOKEN },
  },
});

const CONTRACT_PATHS = {
  '/v1/validate': {
    post: {
      summary: 'Whether a descriptor is valid, without looking at Airbyte',
      operationId: 'validate',
      ...takes('ProvisioningRequest'),
      responses: {
        200: answer('The verdict', 'ValidationResult'),
        400: answer('The body is not JSON', 'RequestValidationError'),
        ...unread,
        500: FAILED,
      },
    },
  },
  '/v1/provision': start('Make the pipeline as the descriptor says', 'provision'),
  '/v1/unprovision': start('Remove the pipeline', 'unprovision'),
  '/v1/provision/{token}/status': {
    get: {
      summary: 'The status of a provision or unprovision',
      operationId: 'getStatus',
      parameters: [token],
      responses: { 200: STATUS, 400: UNKNOWN_TOKEN, 500: FAILED },
    },
  },
  '/v1/provision/{token}': {
    delete: {
      summary: 'End a run; it undoes what it did',
      operationId: 'terminateProvisioning',
      parameters: [token],
      responses: {
        200: answer('The run had ended, with this status', 'ProvisioningStatus'),
        202: { description: 'The run is told to end: its status is TERMINATING, then TERMINATED' },
        400: UNKNOWN_TOKEN,
        500: FAILED,
      },
    },
  },
  '/v1/updateacl': unsupported('updateacl'),
  '/v2/validate': unsupported('asyncValidate'),
  '/v2/validate/{token}/status': tokenless('getValidationStatus'),
  '/v1/reverse-provisioning': unsupported('runReverseProvisioning'),
  '/v1/reverse-provisioning/{token}/status': tokenless('getReverseProvisioningStatus'),
  '/openapi.json': {
    get: {
      summary: 'This document',
      operationId: 'getOpenApi',
      responses: {
        200: {
          description: 'OpenAPI 3.1',
          content: { 'application/json': { schema: { type: 'object' } } },
        },
      },
    },
  },
};

const NO_RUN = answer('There is no run with the token', 'RequestValidationError');
const NOT_UNDERSTOOD = answer('The request was not understood', 'RequestValidationError');

/** The query of a list, from the filter's own schema. */
const filterParameters = ({ properties = {} }: JsonSchema) =>
  Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));

const operatorPaths = (filter: JsonSchema) => ({
  '/operations/runs': {
    get: {
      summary: 'Runs, each token once: those that go on first, then those that ended last',
      operationId: 'listRuns',
      parameters: filterParameters(filter),
      responses: { 200: answer('The runs', 'RunList'), 400: NOT_UNDERSTOOD, 500: FAILED },
    },
  },
  '/operations/runs/replay': {
    post: {
      summary: 'Replay all runs that failed and that no later request has superseded',
      operationId: 'replayFailedRuns',
      ...takes('ReplayFailedRequest'),
      responses: {
        200: answer('What was done with each', 'Replays'),
        400: NOT_UNDERSTOOD,
        ...unread,
        500: FAILED,
      },
    },
  },
  '/operations/runs/{token}': {
    get: {
      summary: 'A run: its steps, attempts and last errors, and what is left in Airbyte',
      operationId: 'showRun',
      parameters: [token],
      responses: { 200: answer('The run', 'RunDetails'), 404: NO_RUN, 500: FAILED },
    },
  },
  '/operations/runs/{token}/replay': {
    post: {
      summary: 'Do again what a run was to do, under the same token',
      operationId: 'replayRun',
      parameters: [token],
      ...takes('ReplayRequest'),
      responses: {
        200: answer('The run was started again, or goes on', 'Replay'),
        400: NOT_UNDERSTOOD,
        404: NO_RUN,
        409: answer('It completed or was superseded, and is not forced', 'RequestValidationError'),
        ...unread,
        500: FAILED,
      },
    },
  },
  '/operations/runs/{token}/cancel': {
    post: {
      summary: 'End a run: a provision undoes what it did, an unprovision stops where it is',
      operationId: 'cancelRun',
      parameters: [token],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { type: 'object', maxProperties: 0 } } },
      },
      responses: {
        200: answer('The run had ended before', 'Cancellation'),
        202: answer('The run is told to end', 'Cancellation'),
        400: NOT_UNDERSTOOD,
        404: NO_RUN,
        ...unread,
        500: FAILED,
      },
    },
  },
});

/** Probes are served at the root, whatever the base path. */
const probe = (operationId: string, statuses: Record<number, string>) => ({
  servers: [{ url: '/' }],
  get: {
    summary: 'For the container platform',
    operationId,
    responses: Object.fromEntries(
      Object.entries(statuses).map(([status, description]) => [
        status,
        { description, content: { 'application/json': { schema: { type: 'object' } } } },
      ]),
    ),
  },
});

const PROBES = {
  '/livez': probe('getLiveness', { 200: 'The gateway is alive' }),
  '/readyz': probe('getReadiness', {
    200: 'The gateway takes requests',
    503: 'Temporal does not answer',
  }),
};

/** The document for a gateway that is served so. */
export const openApi = ({ basePath, operations }: { basePath: string; operations: boolean }) => {
  const schemas = componentsOf(operations ? [contract, operator] : [contract]);
  const paths = operations ? operatorPaths(schemas.RunFilter ?? {}) : {};
  return {
    openapi: '3.1.0',
    info: {
      title: 'Airbyte Specific Provisioner',
      version: '2.5.0',
      description:
        'The tech adapter contract of Witboost, specification 2.2.0 with the termination of 2.5.0.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: basePath || '/' }],
    paths: { ...CONTRACT_PATHS, ...paths, ...PROBES },
    components: { schemas },
  };
};
