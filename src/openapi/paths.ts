import { reference } from './schemas';

/* What the operations of an OpenAPI document are put together from. */

/** An operation: where it is served, and what the document says of it beside its name. */
export interface Route {
  method: 'get' | 'post' | 'delete';
  /** As Express has it: `/v1/provision/:token`. */
  path: string;
  words: { summary: string; parameters?: object[]; requestBody?: object; responses: object };
}

/** By its `operationId`, under which the gateway has its handler. */
export type Routes<Name extends string = string> = Record<Name, Route>;

/** As a document has them: by path, then by method. */
export const pathsOf = (
  tag: string,
  routes: Routes,
  { responses, ...shared }: { responses?: object; servers?: object[] } = {},
) => {
  const paths: Record<string, object> = {};
  for (const [operationId, { method, path, words }] of Object.entries(routes)) {
    const name = path.replaceAll(/:(\w+)/g, '{$1}');
    const all = responses ? { ...words, responses: { ...responses, ...words.responses } } : words;
    paths[name] = { ...shared, ...paths[name], [method]: { tags: [tag], operationId, ...all } };
  }
  return paths;
};

/** Values of a body by the name of what they show: letters and digits only. */
export type Examples = Record<string, unknown>;

const named = (examples: Examples) =>
  Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));

const json = (id: string, examples: Examples) => ({
  content: { 'application/json': { schema: reference(id), examples: named(examples) } },
});

export const answer = (description: string, id: string, examples: Examples) => ({
  description,
  ...json(id, examples),
});

/** A body that has no schema of its own. */
export const answerOf = (
  description: string,
  {
    type = 'object',
    mime = 'application/json',
    examples = {},
  }: {
    type?: 'object' | 'string';
    mime?: string;
    examples?: Examples;
  } = {},
) => ({
  description,
  content: {
    [mime]: {
      schema: { type },
      ...(Object.keys(examples).length > 0 && { examples: named(examples) }),
    },
  },
});

export const takes = (id: string, examples: Examples) => ({
  requestBody: { required: true, ...json(id, examples) },
});

/** The `{token}` of a path, with one that could be. */
export const tokenLike = (example: string) => [
  { name: 'token', in: 'path', required: true, schema: { type: 'string' }, example },
];

const systemError = (error: string, ...solutions: string[]) => ({
  error,
  userMessage: error,
  moreInfo: { problems: [error], solutions },
});

interface Refused {
  field: string;
  problem: string;
  userMessage?: string;
  solution: string;
}

/** A RequestValidationError. */
export const refused = ({ field, problem, solution, userMessage }: Refused) => {
  const problems = [`${field}: ${problem}`];
  return {
    errors: problems,
    userMessage: userMessage ?? 'The request was not understood.',
    inputErrorField: field,
    moreInfo: { problems, solutions: [solution] },
  };
};

const unnamed = (field: string, problem: string, more: { message: string; solution: string }) =>
  refused({ field, problem, userMessage: more.message, solution: more.solution });

/** What is answered before anybody looks at what is asked for. */
export const AT_THE_DOOR = {
  401: answer(
    'Callers are asked who they are, and this one does not tell',
    'RequestValidationError',
    {
      noToken: unnamed('Authorization', 'must name the caller', {
        message: 'The request does not tell who asks.',
        solution: 'Send the header Authorization: Bearer TOKEN, with a token that is valid now.',
      }),
    },
  ),
  403: answer('The caller may not do this, or not from there', 'RequestValidationError', {
    elsewhere: unnamed('address', 'is not one that this provisioner answers', {
      message: 'The caller may not do this.',
      solution: 'Call from an address of gateway.allowFrom in the configuration file.',
    }),
  }),
  429: answer(
    'The caller asks too often; Retry-After says when to come again',
    'RequestValidationError',
    {
      tooOften: unnamed('request', 'is one too many of its caller in this minute', {
        message: 'The caller has sent too many requests in this minute.',
        solution: 'Send it again in 20 s: nothing was done, and repeating it is safe.',
      }),
    },
  ),
  503: answer('Nobody can tell who asks, or it cannot be written down', 'SystemError', {
    noProvider: systemError(
      'The identity provider does not answer, so nobody can tell who asks.',
      'Nothing was done. Send the request again in a minute: repeating it is safe.',
    ),
    unaudited: systemError(
      'Who asked for this cannot be written down, so it is not answered.',
      'Send the request again in a minute: repeating it is safe.',
    ),
  }),
};

const NO_TEMPORAL = 'The provisioner could not hand the request to Temporal.';

export const FAILED = answer(
  'Not the fault of the caller; what is wrong and what to do',
  'SystemError',
  {
    noTemporal: systemError(
      NO_TEMPORAL,
      'Send the request again in a moment: repeating it is safe.',
      'If it goes on, ask the platform operator whether Temporal is up.',
    ),
  },
);

/** What is answered before an operation sees the request. */
export const UNREAD = {
  413: answer('The body is over 2 MiB', 'RequestValidationError', {
    tooLarge: refused({
      field: 'body',
      problem: 'is over 2 MiB',
      solution: 'Send the descriptor of one component and its data product only.',
    }),
  }),
  415: answer('The body is not JSON', 'RequestValidationError', {
    form: refused({
      field: 'Content-Type',
      problem: 'must be application/json',
      solution: 'Send the request as JSON with the header Content-Type: application/json.',
    }),
  }),
};

export const MALFORMED = refused({
  field: 'body',
  problem: 'is not valid JSON',
  userMessage: 'The request or its descriptor is not valid: each problem is listed with its path.',
  solution: 'Send a JSON object.',
});
