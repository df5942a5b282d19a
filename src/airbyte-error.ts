import { z } from 'zod';
import { inWords } from './durations';
import { parseJson } from './json';

const MAX_TEXT = 500;

/** With a call that Airbyte had not answered, or before its turn to call: others' calls were in front. */
export type OutOfTime = 'calling' | 'waiting';

/**
 * Why a call failed: `refused` stays so however often it is repeated; `connector` is a source or
 * destination that does not work, which Airbyte reports as its own 500; `again` may pass.
 */
export type FailureKind = 'refused' | 'connector' | 'again';

export class AirbyteError extends Error {
  override name = 'AirbyteError';
  readonly kind: FailureKind;
  /** The HTTP status; absent when no answer came. */
  readonly status: number | undefined;
  /** Milliseconds Airbyte asked to wait (Retry-After). */
  readonly retryAfter: number | undefined;
  readonly solution: string;
  /** Whether a write may have taken effect, or may yet: nobody can tell from this answer. */
  readonly unclear: boolean;
  /** The step's own time was up; absent where it was not that. */
  readonly outOfTime: OutOfTime | undefined;

  constructor(
    message: string,
    given: {
      kind: FailureKind;
      solution: string;
      status?: number | undefined;
      retryAfter?: number | undefined;
      unclear?: boolean;
      outOfTime?: OutOfTime | undefined;
      cause?: unknown;
    },
  ) {
    super(message, { cause: given.cause });
    this.kind = given.kind;
    this.status = given.status;
    this.retryAfter = given.retryAfter;
    this.solution = given.solution;
    this.unclear = given.unclear ?? false;
    this.outOfTime = given.outOfTime;
  }
}

const OPERATOR = 'Ask the platform operator to check';
const WRONG_URL = `${OPERATOR} AIRBYTE_URL: it must be the root of the Airbyte host.`;
const DEPLOY_AGAIN =
  'Deploy again when Airbyte answers; the platform operator can see why it does not.';

/** A call, as its errors name it. */
export interface CallName {
  method: string;
  path: string;
}
const nameOf = ({ method, path }: CallName) => `${method} ${path}`;

/** With whether it changes anything, if it is done. */
export interface Asked extends CallName {
  writes: boolean;
  /** The entity it is about, for people, as far as the call tells. */
  about?: string | undefined;
}
const withEntity = (call: Asked) =>
  `${nameOf(call)}${call.about === undefined ? '' : ` for ${call.about}`}`;

/** A proxy lost patience; Airbyte itself goes on with what it was asked. */
const LOST_PATIENCE = [408, 502, 504];

/** No connection came about, so nothing was asked. */
const UNREACHED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];

/** What came back of a call. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

const isHtml = (text: string) => /^\s*<(!doctype|html)/i.test(text);

const Problem = z.looseObject({
  title: z.string().optional().catch(undefined),
  detail: z.string().nullish().catch(undefined),
  message: z.string().nullish().catch(undefined),
  /** Config API since 2.0: often all there is; the log of Airbyte has the rest under it. */
  errorId: z.string().nullish().catch(undefined),
  validationErrors: z
    .array(z.looseObject({ propertyPath: z.string(), message: z.string() }))
    .optional()
    .catch(undefined),
  data: z
    .looseObject({ message: z.string().nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
  _embedded: z
    .looseObject({ errors: z.array(z.looseObject({ message: z.string() })) })
    .optional()
    .catch(undefined),
});
type Problem = z.infer<typeof Problem>;

const problemIn = (text: string): Problem => Problem.safeParse(parseJson(text)).data ?? {};

/** The fields a bean validation found fault with (Config API, InvalidInputExceptionInfo). */
const fieldsIn = ({ validationErrors: fields = [] }: Problem) =>
  fields.map(({ propertyPath, message }) => ` ${propertyPath}: ${message}`).join(';');

/**
 * The telling part of an error body: problem JSON and a HATEOAS list of the public API, a known
 * exception or a mere id of the Config API.
 */
const reasonIn = (text: string) => {
  if (isHtml(text)) return 'a web page instead of JSON';
  const problem = problemIn(text);
  const embedded = problem._embedded?.errors.map(({ message }) => message).join('; ');
  const told = problem.data?.message ?? embedded ?? problem.detail ?? problem.message;
  if (told) return `${told}${fieldsIn(problem)}`;
  return problem.errorId ? `error ${problem.errorId} in its log` : '';
};

/** The Config API tells one 409 from another in its message only (ValueConflictKnownException). */
const PASSING = /already running|failed to access database/i;

const isTryAgain = (text: string) => {
  const { title, message } = problemIn(text);
  return title === 'try-again-later' || PASSING.test(message ?? '');
};

/** Config API: a sync holds what was asked for. */
const SYNC_IS_RUNNING = 423;

const kindOf = (status: number, text: string): FailureKind => {
  if (text.includes('Something went wrong in the connector')) return 'connector';
  if (status === 409) return isTryAgain(text) ? 'again' : 'refused';
  if ([408, 429, SYNC_IS_RUNNING].includes(status)) return 'again';
  return status >= 500 && status !== 501 ? 'again' : 'refused';
};

const SOURCE_FAILS =
  'Check that the source of the descriptor exists and can be read from where Airbyte runs.';

/** A token that is refused is one for credentials that are wrong. */
const isAboutUs = ({ path }: CallName, status: number) =>
  status === 401 || status === 403 || (status === 400 && path.endsWith('/token'));

const solutionFor = (call: CallName, status: number, kind: FailureKind) => {
  if (kind === 'connector') return SOURCE_FAILS;
  if (isAboutUs(call, status))
    return `${OPERATOR} the provisioner's credentials for Airbyte and what they may do.`;
  if (status === 400 || status === 422)
    return 'Check specific.source, specific.destination and specific.connection in the descriptor.';
  return kind === 'again' ? DEPLOY_AGAIN : `${OPERATOR} the call in Airbyte's log.`;
};

/** Milliseconds; Retry-After is a number of seconds or a date (RFC 9110 §10.2.3). */
const retryAfterOf = (headers: Headers) => {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) && wait > 0 ? wait : undefined;
};

/** An answer that says no. `redact` cleans Airbyte's own words, which may echo a secret. */
export const failedAnswer = (
  call: Asked,
  { status, headers, text }: Answer,
  redact: (text: string) => string,
) => {
  const kind = kindOf(status, text);
  const reason = redact(reasonIn(text)).slice(0, MAX_TEXT);
  return new AirbyteError(
    `Airbyte answered ${String(status)} to ${nameOf(call)}${reason && `: ${reason}`}`,
    {
      kind,
      status,
      solution: solutionFor(call, status, kind),
      retryAfter: retryAfterOf(headers),
      unclear: call.writes && LOST_PATIENCE.includes(status),
    },
  );
};

/** A source that could not be read, which the Config API tells in an answer of status 200. */
export const unreadableSource = (reason: string) =>
  new AirbyteError(
    `Airbyte could not read the source${reason && `: ${reason.slice(0, MAX_TEXT)}`}`,
    { kind: 'connector', solution: SOURCE_FAILS },
  );

/** A web page means a wrong base URL, which stays wrong; cut-off JSON may come whole next time. */
export const unreadableAnswer = (call: CallName, { status, text }: Answer) =>
  isHtml(text)
    ? new AirbyteError(`Airbyte answered ${nameOf(call)} with a web page instead of JSON.`, {
        kind: 'refused',
        status,
        solution: WRONG_URL,
      })
    : new AirbyteError(`Airbyte's answer to ${nameOf(call)} was cut off or is not JSON.`, {
        kind: 'again',
        status,
        solution: DEPLOY_AGAIN,
      });

/** Something answers, but none of Airbyte's APIs. */
export const noAirbyte = (calls: CallName[]) =>
  new AirbyteError(
    `There is no Airbyte at AIRBYTE_URL: it knows neither ${calls.map(nameOf).join(' nor ')}.`,
    { kind: 'refused', solution: WRONG_URL },
  );

export const unexpectedAnswer = (call: CallName, status: number, { issues }: z.ZodError) => {
  const fields = issues.map(({ path }) => path.join('.') || 'the whole').join(', ');
  const message = `Airbyte's answer to ${nameOf(call)} has another form than expected (${fields}).`;
  const solution = `${OPERATOR} whether this version of Airbyte is supported.`;
  return new AirbyteError(message, { kind: 'refused', status, solution });
};

/** Of one entity only a part can be read: nothing is written or deleted on the strength of that. */
export class OddEntity extends AirbyteError {
  readonly entity: { id: string; name: string };

  constructor(what: string, { id, name, odd }: { id: string; name: string; odd: string }) {
    super(
      `Airbyte shows the ${what} "${name}" (${id}) in a form that is not understood (${odd}).`,
      {
        kind: 'refused',
        solution: `Correct the ${what} in Airbyte, or delete it there, then try again; if it looks right, ask the platform operator whether this version of Airbyte is supported.`,
      },
    );
    this.entity = { id, name };
  }
}

/** fetch hides what happened in its cause ("ECONNREFUSED", "other side closed"). */
const rootOf = (err: unknown) =>
  err instanceof Error && err.cause instanceof Error ? err.cause : err;
const codeOf = (err: unknown) => {
  const code: unknown = Reflect.get(Object(rootOf(err)), 'code');
  return typeof code === 'string' ? code : undefined;
};
const describeCause = (err: unknown) => {
  const cause = rootOf(err);
  return codeOf(err) ?? (cause instanceof Error ? cause.message : String(cause));
};

/** No answer came. `timeout` in milliseconds, if that is what ran out. */
export const noAnswer = (call: Asked, cause: unknown, timeout?: number) => {
  const what = timeout
    ? `gave no answer to ${withEntity(call)} within ${inWords(timeout)}`
    : `could not be reached or hung up (${describeCause(cause)}) at ${withEntity(call)}`;
  return new AirbyteError(`Airbyte ${what}.`, {
    kind: 'again',
    solution: DEPLOY_AGAIN,
    unclear: call.writes && !UNREACHED.includes(codeOf(cause) ?? ''),
    cause,
  });
};

/** The step's time was up before an answer came, for which it had waited so many milliseconds. */
export const outOfTime = (call: Asked, waited: number) =>
  new AirbyteError(
    `Airbyte had given no answer to ${withEntity(call)} after ${inWords(waited)}, when the time for this step was up.`,
    { kind: 'again', solution: DEPLOY_AGAIN, unclear: call.writes, outOfTime: 'calling' },
  );

/** The step's time was up before its turn came: `what` says of what. */
export const outOfTurn = (what: string) =>
  new AirbyteError(
    `Other calls to Airbyte were in front of ${what} until the time for this step was up.`,
    {
      kind: 'again',
      solution:
        'Deploy again when fewer runs go on; if it happens often, ask the platform operator to raise AIRBYTE_MAX_IN_FLIGHT.',
      outOfTime: 'waiting',
    },
  );

/** A call whose turn did not come. */
export const notSent = (call: Asked) => outOfTurn(withEntity(call));

/** The step's time was up in between calls. */
export const notDone = () =>
  new AirbyteError('The time for this step was up before all of it was done.', {
    kind: 'again',
    solution: DEPLOY_AGAIN,
    outOfTime: 'waiting',
  });
