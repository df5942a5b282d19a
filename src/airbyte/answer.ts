import { z } from 'zod';
import { AirbyteError, TRY_AGAIN, OPERATOR, WRONG_URL, withEntity } from './errors';
import type { Asked, CallName, FailureKind } from '../contract/call-error';
import { shortened } from '../../workflows/protocol/lengths';
import { inOneLine } from '../../workflows/protocol/one-line';
import { parseJson } from '../contract/json';

/*
 * What an answer of Airbyte's means that is not the one hoped for.
 */

/** Characters of Airbyte's own words. */
const MAX_TEXT = 500;

/** Airbyte's own words, as they stand in a sentence of ours. */
const inShort = (text: string) => shortened(inOneLine(text), MAX_TEXT);

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
  const message = problem.data?.message ?? embedded ?? problem.detail ?? problem.message;
  if (message) return `${message}${fieldsIn(problem)}`;
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

/** A proxy lost patience; Airbyte itself goes on with what it was asked. */
const LOST_PATIENCE = [408, 502, 504];

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
  return kind === 'again' ? TRY_AGAIN : `${OPERATOR} the call in Airbyte's log.`;
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
  const reason = inShort(redact(reasonIn(text)));
  return new AirbyteError(
    `Airbyte answered ${String(status)} to ${withEntity(call)}${reason && `: ${reason}`}`,
    {
      kind,
      status,
      solution: solutionFor(call, status, kind),
      retryAfter: retryAfterOf(headers),
      unclear: call.writes && LOST_PATIENCE.includes(status),
      notLetIn: isAboutUs(call, status),
    },
  );
};

/** A source that could not be read, which the Config API tells in an answer of status 200. */
export const unreadableSource = (id: string, reason: string) =>
  new AirbyteError(`Airbyte could not read the source ${id}${reason && `: ${inShort(reason)}`}`, {
    kind: 'connector',
    solution: SOURCE_FAILS,
  });

/** A web page means a wrong base URL, which stays wrong; cut-off JSON may come whole next time. */
export const unreadableAnswer = (call: Asked, { status, text }: Answer) =>
  isHtml(text)
    ? new AirbyteError(`Airbyte answered ${withEntity(call)} with a web page instead of JSON.`, {
        kind: 'refused',
        status,
        solution: WRONG_URL,
      })
    : new AirbyteError(`Airbyte's answer to ${withEntity(call)} was cut off or is not JSON.`, {
        kind: 'again',
        status,
        solution: TRY_AGAIN,
      });

export const unexpectedAnswer = (call: Asked, status: number, { issues }: z.ZodError) => {
  const fields = issues.map(({ path }) => path.join('.') || 'the whole').join(', ');
  const message = `Airbyte's answer to ${withEntity(call)} has another form than expected (${fields}).`;
  const solution = `${OPERATOR} whether this version of Airbyte is supported.`;
  return new AirbyteError(message, { kind: 'refused', status, solution });
};
