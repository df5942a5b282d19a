import type { Answer, Row, Shape } from './rows';
import type { Tokens } from './world';

/* What is asked about tokens. */

interface Tokened {
  operation: string;
  method: string;
  path: string;
  shape: Shape;
  /** A token that another status route serves. */
  foreign: keyof Tokens;
}

const STATUS: Tokened = {
  operation: 'getStatus',
  method: 'GET',
  path: '/v1/provision/{token}/status',
  shape: 'ProvisioningStatus',
  foreign: 'validated',
};
const VALIDATION: Tokened = {
  operation: 'getValidationStatus',
  method: 'GET',
  path: '/v2/validate/{token}/status',
  shape: 'ValidationStatus',
  foreign: 'completed',
};
const REVERSED: Tokened = {
  operation: 'getReverseProvisioningStatus',
  method: 'GET',
  path: '/v1/reverse-provisioning/{token}/status',
  shape: 'ReverseProvisioningStatus',
  foreign: 'completed',
};
const TERMINATE: Tokened = {
  operation: 'terminateProvisioning',
  method: 'DELETE',
  path: '/v1/provision/{token}',
  shape: 'ProvisioningStatus',
  foreign: 'validated',
};

const of = ({ operation, method, path }: Tokened, token: Row['token'], answer: Answer): Row => ({
  operation,
  method,
  path,
  ...(token && { token }),
  ...answer,
});

const unknown = (tokened: Tokened): Row[] => {
  const refused = { status: 400, shape: 'RequestValidationError' as const };
  return [
    of(tokened, () => 'nonsense', { ...refused, when: 'a token that is none' }),
    of(tokened, () => 'provision.a.b.c.0.d.0123456789ab', { ...refused, when: 'an unknown token' }),
    of(tokened, () => 'validate.a.b.c.0.d.0123456789ab', { ...refused, when: 'an unknown token' }),
    of(tokened, () => 'reverseProvision.a.0123456789ab', { ...refused, when: 'an unknown token' }),
    of(tokened, () => '%E0%A4', { ...refused, when: 'a token that is not decodable' }),
    of(tokened, (tokens) => tokens[tokened.foreign], {
      ...refused,
      when: 'a token of another status route',
    }),
    of(tokened, () => 'nonsense', {
      ...refused,
      status: 404,
      when: 'the wrong method (PUT)',
      method: 'PUT',
    }),
  ];
};

const down = (tokened: Tokened, token: keyof Tokens): Row =>
  of(tokened, (tokens) => tokens[token], {
    status: 500,
    shape: 'SystemError',
    when: 'Temporal does not answer',
    behind: 'no Temporal',
  });

const told = (tokened: Tokened, token: keyof Tokens, when: string, says: RegExp): Row =>
  of(tokened, (tokens) => tokens[token], { status: 200, shape: tokened.shape, when, says });

/** Of a run that no worker takes: only the gateway of its task queue knows it. */
const IDLE = { behind: 'no worker' } as const;
const waiting = (...given: Parameters<typeof told>): Row => ({ ...told(...given), ...IDLE });

const KNOWN = [
  waiting(STATUS, 'running', 'a run that goes on', /^\{"status":"RUNNING"/),
  told(STATUS, 'completed', 'a provision that completed', /^\{"status":"COMPLETED".*connectionId/),
  told(STATUS, 'failed', 'a provision that failed', /^\{"status":"FAILED"/),
  told(STATUS, 'terminated', 'a provision that a DELETE has ended', /^\{"status":"TERMINATED"/),
  told(STATUS, 'unprovisioned', 'an unprovision that completed', /^\{"status":"COMPLETED"/),
  told(STATUS, 'aclUpdated', 'an update of access that completed', /^\{"status":"COMPLETED"/),
  told(TERMINATE, 'completed', 'a run that had completed', /^\{"status":"COMPLETED"/),
  told(TERMINATE, 'terminated', 'a run that a DELETE has ended', /^\{"status":"TERMINATED"/),
  of(TERMINATE, ({ toTerminate }) => toTerminate, {
    status: 202,
    shape: 'nothing',
    when: 'a run that goes on',
    ...IDLE,
  }),
  waiting(STATUS, 'toTerminate', 'a run that is being terminated', /^\{"status":"TERMINATING"/),
  waiting(VALIDATION, 'validating', 'a validation that goes on', /^\{"status":"RUNNING"/),
  told(VALIDATION, 'validated', 'a descriptor that is valid', /"COMPLETED".*"valid":true/),
  told(VALIDATION, 'refused', 'a descriptor that is not', /"COMPLETED".*"valid":false.*format/),
  waiting(VALIDATION, 'notValidated', 'a validation that broke off', /"status":"FAILED"/),
  waiting(REVERSED, 'reversing', 'a run that goes on', /"RUNNING".*"updates":\{\}/),
  told(
    REVERSED,
    'reversed',
    'a connection that is there',
    /"COMPLETED".*"updates":\{".*connection/,
  ),
  told(REVERSED, 'notReversed', 'no such connection', /"FAILED".*"updates":\{\}.*"ERROR"/),
  down(STATUS, 'completed'),
  down(TERMINATE, 'completed'),
  down(VALIDATION, 'validated'),
  down(REVERSED, 'reversed'),
];

/** In the order they are asked: a run is seen to be terminated after it was. */
export const TOKENED: Row[] = [
  ...KNOWN,
  ...[STATUS, TERMINATE, VALIDATION, REVERSED].flatMap(unknown),
];
