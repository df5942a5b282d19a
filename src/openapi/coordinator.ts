import {
  NOT_AN_IDENTITY,
  NOT_VALID,
  NO_FIELD,
  PROVISIONING,
  REQUESTS,
  REVERSE,
  TERMINATED,
  TOKENS,
  VALIDATION,
  VERDICTS,
  unknownToken,
} from './examples';
import { FAILED, MALFORMED, UNREAD, answer, answerOf, takes, tokenLike } from './paths';
import type { Examples, Route, Routes } from './paths';

/* The operations of the Coordinator's contract; their ids are the contract's. */

interface Start {
  summary: string;
  body: string;
  requests: Examples;
  token: string;
  problems: Examples;
}

/** An operation that starts a run, and answers at once. */
export const start = (
  path: string,
  { summary, body, requests, token, problems }: Start,
): Route => ({
  method: 'post',
  path,
  words: {
    summary,
    ...takes(body, requests),
    responses: {
      202: answerOf('The bare token of the run, without quotes; ask for its status', {
        type: 'string',
        mime: 'text/plain',
        examples: { token },
      }),
      400: answer(
        'The request or its descriptor is not valid: every problem with its path',
        'RequestValidationError',
        problems,
      ),
      ...UNREAD,
      500: FAILED,
    },
  },
});

interface Status {
  summary: string;
  token: string;
  body: string;
  examples: Examples;
}

export const status = (path: string, { summary, token, body, examples }: Status): Route => ({
  method: 'get',
  path,
  words: {
    summary,
    parameters: tokenLike(token),
    responses: {
      200: answer('The status of the run', body, examples),
      400: answer('There is no such token', 'RequestValidationError', unknownToken(token)),
      500: FAILED,
    },
  },
});

const VALIDATE: Route = {
  method: 'post',
  path: '/v1/validate',
  words: {
    summary: 'Whether a descriptor is valid, without looking at Airbyte',
    ...takes('ProvisioningRequest', REQUESTS.validate),
    responses: {
      200: answer('The verdict', 'ValidationResult', VERDICTS),
      400: answer('The body is not JSON', 'RequestValidationError', { malformed: MALFORMED }),
      ...UNREAD,
      500: FAILED,
    },
  },
};

const TERMINATE: Route = {
  method: 'delete',
  path: '/v1/provision/:token',
  words: {
    summary: 'End a run; it undoes what it did',
    parameters: tokenLike(TOKENS.provision),
    responses: {
      200: answer('The run had ended, with this status', 'ProvisioningStatus', {
        ...TERMINATED,
        completed: PROVISIONING.completed,
      }),
      202: { description: 'The run is told to end: its status is TERMINATING, then TERMINATED' },
      400: answer(
        'There is no such token',
        'RequestValidationError',
        unknownToken(TOKENS.provision),
      ),
      500: FAILED,
    },
  },
};

export const CONTRACT = {
  validate: VALIDATE,
  provision: start('/v1/provision', {
    summary: 'Make the pipeline as the descriptor says',
    body: 'ProvisioningRequest',
    requests: REQUESTS.provision,
    token: TOKENS.provision,
    problems: NOT_VALID,
  }),
  getStatus: status('/v1/provision/:token/status', {
    summary: 'The status of a provision, an unprovision or an update of access',
    token: TOKENS.provision,
    body: 'ProvisioningStatus',
    examples: PROVISIONING,
  }),
  terminateProvisioning: TERMINATE,
  unprovision: start('/v1/unprovision', {
    summary: 'Remove the pipeline',
    body: 'ProvisioningRequest',
    requests: REQUESTS.unprovision,
    token: TOKENS.unprovision,
    problems: NOT_VALID,
  }),
  updateacl: start('/v1/updateacl', {
    summary: 'Give access to those named, and take it from all others',
    body: 'UpdateAclRequest',
    requests: REQUESTS.updateacl,
    token: TOKENS.updateacl,
    problems: NOT_AN_IDENTITY,
  }),
  asyncValidate: start('/v2/validate', {
    summary: 'Whether a descriptor is valid, and Airbyte and the fabric ready for it',
    body: 'ValidationRequest',
    requests: REQUESTS.asyncValidate,
    token: TOKENS.validate,
    problems: { malformed: MALFORMED },
  }),
  getValidationStatus: status('/v2/validate/:token/status', {
    summary: 'The status of a validation, and its verdict',
    token: TOKENS.validate,
    body: 'ValidationStatus',
    examples: VALIDATION,
  }),
  runReverseProvisioning: start('/v1/reverse-provisioning', {
    summary: 'Read a connection of Airbyte into fields of a component',
    body: 'ReverseProvisioningRequest',
    requests: REQUESTS.reverseProvisioning,
    token: TOKENS.reverseProvision,
    problems: NO_FIELD,
  }),
  getReverseProvisioningStatus: status('/v1/reverse-provisioning/:token/status', {
    summary: 'The status of a reverse provisioning, and what it read',
    token: TOKENS.reverseProvision,
    body: 'ReverseProvisioningStatus',
    examples: REVERSE,
  }),
} satisfies Routes;
