import { z } from 'zod';
import { CallError } from '../../contract/call-error';
import { parseJson } from '../../contract/json';
import { inOneLine, withoutStop } from '../../../workflows/protocol/one-line';
import { shortened } from '../../../workflows/protocol/lengths';
import type { FabricAnswer } from '../http';
import { retryAfterIn } from '../retry-after';

/** Characters of what Databricks says that go into an error of ours. */
const MAX_SAID = 300;

const Said = z.object({
  error_code: z.union([z.string(), z.number()]).optional(),
  /** Of the Command API 1.2. */
  error: z.string().optional(),
  message: z.string().optional(),
  /** Of SCIM. */
  detail: z.string().optional(),
});

/** What was asked, for errors about it. */
export interface Purpose {
  /** Whose, as the configuration file calls it. */
  fabric?: string | undefined;
  method: string;
  operation: string;
  writes: boolean;
  about?: string | undefined;
  /** What to run where a privilege is missing, as SQL to copy. */
  needs?: string | undefined;
}

/** What Databricks says is wrong; its code is no number where it is one of an API. */
export const problemIn = ({ text }: Pick<FabricAnswer, 'text'>) => {
  const { error_code: code, error, message, detail } = Said.safeParse(parseJson(text)).data ?? {};
  return {
    code: typeof code === 'string' ? code : undefined,
    message: inOneLine(message ?? detail ?? error ?? ''),
  };
};

const BLOCKED = /IP (address|ACL|access list)/i;
/** What the edge says, with a 403, of a token that is none of its, or is none any more. */
const WRONG_TOKEN = /invalid (access )?token|token (is|has) (expired|invalid|been revoked)/i;

/** Whether it is the token that was refused, and not what was asked for. */
export const isTokenRefused = (answer: Pick<FabricAnswer, 'status' | 'text'>) =>
  answer.status === 401 || (answer.status === 403 && WRONG_TOKEN.test(problemIn(answer).message));

const OPERATOR = 'Ask the platform operator to check';

const named = ({ fabric }: Purpose) =>
  fabric === undefined ? 'the fabric' : `the fabric ${fabric}`;

const solutionOf = (status: number, message: string, purpose: Purpose) => {
  const { needs } = purpose;
  if (status === 403 && BLOCKED.test(message))
    return 'Have the address that the provisioner calls from added to the IP access list of the workspace.';
  if (status === 401 || (status === 403 && WRONG_TOKEN.test(message)))
    return `${OPERATOR} auth of ${named(purpose)}: a new token or secret may be due.`;
  if (status === 403 && needs !== undefined) return `Have an owner run: ${needs}`;
  if (status === 403) return `${OPERATOR} what the service principal of ${named(purpose)} may do.`;
  return `${OPERATOR} ${named(purpose)}, or correct what the descriptor says of the destination.`;
};

const AGAIN = 'Try again when Databricks answers; the platform operator can see why it does not.';

/** It may pass: too many calls, its own trouble, or another change of the same at the same time. */
const mayPass = (status: number, code: string | undefined) =>
  status === 429 || status >= 500 || (status === 409 && code === 'ABORTED');

/** What an answer that is no success is to the caller. `redact` takes secrets out of what was said. */
export const errorOf = (
  answer: FabricAnswer,
  purpose: Purpose,
  redact: (text: string) => string,
) => {
  const { status } = answer;
  const { code, message } = problemIn(answer);
  const { method, operation, about, writes } = purpose;
  const said = withoutStop(shortened(redact(message), MAX_SAID));
  const told = said === '' ? '' : `: ${said}`;
  const what = `${method} ${operation}${about === undefined ? '' : ` for ${about}`}`;
  const words = `Databricks answered ${String(status)}${code === undefined ? '' : ` ${code}`} to ${what}${told}.`;
  // 501 is said of what it does not have.
  if (mayPass(status, code) && status !== 501)
    return new CallError(words, {
      kind: 'again',
      status,
      retryAfter: retryAfterIn(answer.headers),
      solution: AGAIN,
      unclear: writes && status >= 500,
    });
  return new CallError(words, {
    kind: 'refused',
    status,
    solution: solutionOf(status, message, purpose),
    notLetIn: status === 401 || status === 403,
  });
};

/** What a success that says something else than its API is. */
export const notUnderstood = (purpose: Purpose) => {
  const { method, operation, writes } = purpose;
  return new CallError(
    `Databricks answered ${method} ${operation} with something that is no answer of its API.`,
    {
      kind: 'again',
      solution: `${OPERATOR} host of ${named(purpose)}: it may be another program’s, or a proxy’s.`,
      unclear: writes,
    },
  );
};

/** A call that did not leave the queue. */
export const notSent = ({ method, operation }: Pick<Purpose, 'method' | 'operation'>) =>
  new CallError(
    `Other calls to Databricks were in front of ${method} ${operation} until the time was up.`,
    { kind: 'again', solution: 'Try again when fewer runs go on.', outOfTime: 'waiting' },
  );

/** A change that it says it made, and that is not seen afterwards. */
export const notSeen = (what: string) =>
  new CallError(`Databricks says that it changed ${what}, but shows it otherwise.`, {
    kind: 'again',
    solution: 'Try again; if it goes on, ask the platform operator to look at the catalog.',
  });
