import { proxyPage } from './steering/answers';

const reference = 'https://reference.airbyte.com/reference/errors';

/** What Airbyte answers instead of the asked: `body` absent means an empty answer. */
export class ApiProblem extends Error {
  override name = 'ApiProblem';
  readonly status: number;
  readonly body: unknown;
  /** What the body says of this case, for the API that says it in other words. */
  readonly data: Record<string, unknown>;

  constructor(status: number, title: string, body?: unknown, data: Record<string, unknown> = {}) {
    super(title);
    this.status = status;
    this.body = body;
    this.data = data;
  }
}

interface Kind {
  status: number;
  title: string;
  detail: string;
  type?: string;
}

const problem = (
  { status, title, detail, type = reference }: Kind,
  data?: Record<string, unknown>,
) =>
  new ApiProblem(
    status,
    title,
    { status, type, title, detail, documentationUrl: null, data },
    data ?? {},
  );

const kinds = {
  badRequest: {
    status: 400,
    title: 'bad-request',
    detail: 'The request could not be understood by the server due to malformed syntax.',
    type: `${reference}#bad-request`,
  },
  valueNotFound: {
    status: 400,
    title: 'value-not-found',
    detail: 'The submitted value could not be found.',
  },
  forbidden: {
    status: 403,
    title: 'forbidden',
    detail: 'The request is forbidden.',
    type: `${reference}#forbidden`,
  },
  notFound: {
    status: 404,
    title: 'resource-not-found',
    detail: 'The requested resource could not be found.',
    type: `${reference}#resource-not-found`,
  },
  tryAgainLater: {
    status: 409,
    title: 'try-again-later',
    detail: 'Please try again later.',
    type: `${reference}#try-again-later`,
  },
  stateConflict: {
    status: 409,
    title: 'state-conflict',
    detail: 'State conflict',
    type: `${reference}#409-state-conflict`,
  },
  unprocessable: {
    status: 422,
    title: 'unprocessable-entity',
    detail: 'The body of the request was not understood',
    type: `${reference}#unprocessable-entity`,
  },
  unexpected: {
    status: 500,
    title: 'unexpected-problem',
    detail:
      'An unexpected problem has occurred. If this is an error that needs to be addressed, please submit a pull request or github issue.',
  },
  notImplemented: {
    status: 501,
    title: 'api-not-implemented-in-oss',
    detail: 'This API is not implemented in Airbyte OSS.',
  },
  unavailable: {
    status: 503,
    title: 'service-unavailable',
    detail: 'The server is currently unable to handle the request.',
  },
} satisfies Record<string, Kind>;

export const badRequest = (message: string) => problem(kinds.badRequest, { message });
export const valueNotFound = (value: string) => problem(kinds.valueNotFound, { value });
export const tryAgainLater = (message: string) => problem(kinds.tryAgainLater, { message });
export const stateConflict = (message: string) => problem(kinds.stateConflict, { message });
export const unprocessable = (message: string) => problem(kinds.unprocessable, { message });
export const unexpected = (message: string) => problem(kinds.unexpected, { message });
export const notImplemented = () => problem(kinds.notImplemented);

/** `resourceType` is Airbyte's own name, for example SOURCE_CONNECTION. */
export const notFound = (resourceType: string, resourceId: string) =>
  problem(kinds.notFound, { resourceType, resourceId });

/** What a connector itself reports; the public API answers it with a 500. */
export class ConnectorFailure extends ApiProblem {
  override name = 'ConnectorFailure';
  readonly externalMessage: string;

  constructor(externalMessage: string) {
    const { status, message, body, data } = unexpected(
      `Something went wrong in the connector. logs:${externalMessage}`,
    );
    super(status, message, body, data);
    this.externalMessage = externalMessage;
  }
}

/** A discovery that failed: bad credentials and unreachable sources come out as a 500 too. */
export const connectorFailure = (logs: string) => new ConnectorFailure(logs);

/** What the web framework answers when no handler was reached, or the token was refused. */
export const frameworkProblem = (status: number, reason: string, message: string, path: string) =>
  new ApiProblem(status, reason, {
    message: reason,
    _links: { self: [{ href: path, templated: false }] },
    _embedded: { errors: [{ message }] },
  });

const injected = 'Injected by the simulator.';
const usual: Record<number, () => ApiProblem> = {
  400: () => badRequest(injected),
  401: () => new ApiProblem(401, 'unauthorized'),
  403: () => problem(kinds.forbidden, { message: injected }),
  404: () => notFound('UNKNOWN', 'unknown'),
  408: () => new ApiProblem(408, 'timeout', { message: 'Request timeout exceeded' }),
  409: () => tryAgainLater(injected),
  422: () => unprocessable(injected),
  429: () => new ApiProblem(429, 'shed', { message: 'You are being rate limited.' }),
  501: notImplemented,
  502: () => new ApiProblem(502, 'proxy', proxyPage(502)),
  503: () => problem(kinds.unavailable),
  504: () => new ApiProblem(504, 'proxy', proxyPage(504)),
};

/** The body that usually comes with a status; text that starts with `<` is HTML. */
export const usualBody = (status: number): unknown =>
  (usual[status] ?? (() => problem({ ...kinds.unexpected, status }, { message: injected })))().body;
