import { randomUUID } from 'node:crypto';
import { type Answer, proxyPage } from '../steering/answers';

/**
 * What Databricks answers instead of the asked: `{error_code, message, details}`. The code is a number
 * where the edge refuses a caller before any API sees him.
 */
export class DatabricksProblem extends Error {
  override name = 'DatabricksProblem';
  readonly status: number;
  readonly body: unknown;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, body: unknown, headers = {}) {
    super(message);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

const requestInfo = () => ({
  '@type': 'type.googleapis.com/google.rpc.RequestInfo',
  request_id: randomUUID(),
  serving_data: '',
});

const standard = (status: number, errorCode: string, message: string) =>
  new DatabricksProblem(status, message, {
    error_code: errorCode,
    message,
    details: [requestInfo()],
  });

export const invalidValue = (message: string) => standard(400, 'INVALID_PARAMETER_VALUE', message);
export const missingValue = (message: string) => standard(400, 'BAD_REQUEST', message);
export const malformed = (message: string) => standard(400, 'MALFORMED_REQUEST', message);
export const invalidState = (message: string) => standard(400, 'INVALID_STATE', message);
export const permissionDenied = (message: string) => standard(403, 'PERMISSION_DENIED', message);
export const notFound = (message: string) => standard(404, 'NOT_FOUND', message);
export const doesNotExist = (message: string) => standard(404, 'RESOURCE_DOES_NOT_EXIST', message);
export const notImplemented = (message: string) => standard(501, 'NOT_IMPLEMENTED', message);
export const unexpected = (message: string) => standard(500, 'INTERNAL_ERROR', message);
/** One of Unity Catalog's own codes, such as SCHEMA_ALREADY_EXISTS. */
export const catalogProblem = (status: number, errorCode: string, message: string) =>
  standard(status, errorCode, message);

/** Without the version, as Databricks names what it lacks. */
export const endpointNotFound = (method: string, path: string) =>
  standard(
    404,
    'ENDPOINT_NOT_FOUND',
    `No API found for '${method} ${path.replace(/^\/api\/\d+\.\d+/, '')}'`,
  );

/** The edge's form, before any API: a number as its code, and the message in a header too. */
const edge = (status: number, message: string) =>
  new DatabricksProblem(
    status,
    message,
    { error_code: status, message: `${message} [ReqId: ${randomUUID()}]` },
    { 'X-Databricks-Reason-Phrase': message },
  );

export const noCredential = () =>
  edge(401, 'Credential was not sent or was of an unsupported type for this API.');
/** Of OAuth and Entra ID. */
export const tokenExpired = () => edge(401, 'Token is expired or invalid.');
/** A wrong personal access token is a 403, not a 401. */
export const invalidAccessToken = () => edge(403, 'Invalid access token.');
/** Who is no user of the workspace, and does not show that Azure lets him in. */
export const notAUser = () => edge(403, 'User not authorized.');
export const wrongAzureHeaders = (message: string) => edge(400, message);
export const addressBlocked = (address: string, workspaceId: string) =>
  edge(
    403,
    `Source IP address: ${address} is blocked by Databricks IP ACL for workspace: ${workspaceId}`,
  );

/** The Command API 1.2 has a form of its own. */
export const commandProblem = (status: number, exception: string, message: string) =>
  new DatabricksProblem(status, message, { error: `${exception}: ${message}` });

export const scimProblem = (status: number, detail: string, scimType?: string) =>
  new DatabricksProblem(status, detail, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    ...(scimType && { scimType }),
    detail,
    status: String(status),
  });

/** Of a token endpoint (RFC 6749, 5.2). */
export const oauthProblem = (status: number, error: string, description: string, more = {}) =>
  new DatabricksProblem(status, description, { error, error_description: description, ...more });

export const problemAnswer = ({ status, body, headers }: DatabricksProblem): Answer => ({
  status,
  body,
  headers,
});

const codes: Record<number, string> = {
  400: 'INVALID_PARAMETER_VALUE',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  409: 'RESOURCE_CONFLICT',
  429: 'REQUEST_LIMIT_EXCEEDED',
  500: 'INTERNAL_ERROR',
  501: 'NOT_IMPLEMENTED',
  503: 'TEMPORARILY_UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** The body that usually comes with a status, for an injected error; a proxy's is HTML. */
export const usualBody = (status: number, errorCode = codes[status]): unknown =>
  errorCode === undefined
    ? proxyPage(status)
    : standard(status, errorCode, 'Injected by the simulator.').body;
