import { z } from 'zod';
import { inOneLine, withoutStop } from '../../../../workflows/protocol/one-line';
import { shortened } from '../../../../workflows/protocol/lengths';
import { CallError } from '../../../contract/call-error';
import { inWords } from '../../../contract/durations';
import { parseJson } from '../../../contract/json';
import type { Redactor } from '../../../secrets/masking';
import type { FabricAnswer } from '../../http';
import { retryAfterIn } from '../../retry-after';
import { grantRoleTo, resumeByItself, resumeWarehouse } from '../sql/administration';
import type { Statement } from '../sql/statements';

/* What Snowflake answers that is no result: whether it may pass, and who must do what. */

/** Characters of Snowflake's own words, and of a statement that is told. */
const MAX_WORDS = 500;
const MAX_STATEMENT = 300;

/** Docs: QueryFailureStatus, QueryStatus. Everything may be absent where something in between answers. */
const Failure = z.object({
  code: z.coerce.string().optional(),
  message: z.string().optional(),
  sqlState: z.string().optional(),
  statementHandle: z.string().optional(),
});
export type Failure = z.output<typeof Failure>;

export const failureIn = (text: string): Failure => Failure.safeParse(parseJson(text)).data ?? {};

/** SQL's own codes. */
export const CODE = {
  syntax: '001003',
  exists: '002002',
  missing: '002003',
  /** The same, of what a SHOW is of. */
  notThere: '002043',
  notAuthorized: '003001',
  cancelled: '000604',
  noWarehouse: '000606',
  locked: '000625',
  timedOut: '000630',
  /** Of who is let in: the role is not there, or not his. */
  noRole: '390189',
} as const;

/** What may pass by itself: who else had it, or ended it. */
const PASSING: string[] = [CODE.cancelled, CODE.locked, CODE.timedOut];

/** A statement that Snowflake has not done, with its code. */
export class StatementError extends CallError {
  override name = 'StatementError';
  readonly code: string | undefined;

  constructor(
    message: string,
    given: ConstructorParameters<typeof CallError>[1] & { code: string | undefined },
  ) {
    super(message, given);
    this.code = given.code;
  }
}

export const hasCode = (err: unknown, code: string): err is StatementError =>
  err instanceof StatementError && err.code === code;

export interface Asking {
  fabric: string;
  statement: Statement;
  /** As whom: a user, with a role. */
  user: string;
  role: string;
  warehouse: string | undefined;
  /** Whether it may have changed anything. */
  writes: boolean;
  /** It is somebody's own, who corrects it himself. */
  isOwn?: true;
}

const CORRECT = 'Correct the statement, or have what it needs granted.';

export const createFailures = (redactor: Redactor) => {
  const words = ({ message, code }: Failure) => {
    const text = withoutStop(
      shortened(inOneLine(redactor.redact(message ?? '')).trim(), MAX_WORDS),
    );
    return (
      [code, text].filter((part) => part !== undefined && part !== '').join(' ') || 'no reason'
    );
  };
  const sql = ({ statement }: Asking) =>
    shortened(inOneLine(redactor.redact(statement.text)), MAX_STATEMENT);
  const grants = ({ statement: { needs = [] } }: Asking) =>
    needs.map((each) => `${each};`).join(' ');

  const lackedBy = (asking: Asking) => {
    if (asking.isOwn) return CORRECT;
    return grants(asking)
      ? `Ask an administrator of the account to run ${grants(asking)} then try again.`
      : `Ask an administrator of the account what the role ${asking.role} of the fabric ${asking.fabric} may see.`;
  };

  /** What is missing cannot be told from what may not be seen. */
  const forbidden = (asking: Asking, failure: Failure) => {
    const { role } = asking;
    const lacking =
      failure.code === CODE.missing ? 'what it names is not there, or the role' : 'the role';
    return new StatementError(
      `Snowflake refuses ${sql(asking)}: ${lacking} ${role} may not do it (${words(failure)}).`,
      {
        kind: 'refused',
        code: failure.code,
        status: 422,
        notLetIn: true,
        solution: lackedBy(asking),
      },
    );
  };

  const SOLUTIONS: Record<string, (asking: Asking) => string> = {
    [CODE.syntax]: () => 'This is a mistake of the provisioner: report it with this message.',
    [CODE.exists]: () => 'Look what has this name in Snowflake, then try again.',
    [CODE.timedOut]: () =>
      'Look in the history of queries in Snowflake what it waited for. A change may take as long as AIRBYTE_SETTLE_TIME says: raise it where that is too short.',
    [CODE.noWarehouse]: ({ warehouse, fabric }) =>
      `Ask the platform operator to give the fabric ${fabric} a warehouse that runs: ${resumeWarehouse(warehouse ?? 'NAME')}; or ${resumeByItself(warehouse ?? 'NAME')};`,
  };

  /** 422: the statement was looked at, and not done. */
  const ofStatement = (asking: Asking, failure: Failure) => {
    const code = failure.code;
    if (code === CODE.missing || code === CODE.notAuthorized) return forbidden(asking, failure);
    const passes = code !== undefined && PASSING.includes(code);
    const isTheirs = asking.isOwn && !passes && code !== CODE.noWarehouse;
    const solution = isTheirs ? CORRECT : SOLUTIONS[code ?? '']?.(asking);
    return new StatementError(
      `Snowflake ${passes ? 'has not done' : 'refuses'} ${sql(asking)}: ${words(failure)}.`,
      {
        kind: passes ? 'again' : 'refused',
        code,
        status: 422,
        unclear: passes && asking.writes,
        solution:
          solution ?? (passes ? 'Try again.' : 'Correct what Snowflake names, then try again.'),
      },
    );
  };

  /** The user is known, and is not to have the role that the fabric says. */
  const lettingIn = ({ fabric, user, role }: Asking, { code }: Failure, status: number) => {
    if (code === CODE.noRole)
      return `Ask an administrator of the account to run ${grantRoleTo(role, 'USER', user)}; or the platform operator to name another role for the fabric ${fabric}.`;
    if (status === 403)
      return `Ask an administrator of the account whether a network policy keeps this worker out, and whether ${user} is locked.`;
    return `Ask the platform operator to look at the credentials of the fabric ${fabric}: whether its key is that of ${user} (DESCRIBE USER shows RSA_PUBLIC_KEY_FP), its token still holds, and its account is right.`;
  };

  const notLetIn = (asking: Asking, failure: Failure, status: number) =>
    new CallError(
      `Snowflake does not let in the user ${asking.user} of the fabric ${asking.fabric}: ${words(failure)}.`,
      {
        kind: 'refused',
        status,
        notLetIn: true,
        solution: lettingIn(asking, failure, status),
      },
    );

  const passing = (
    asking: Asking,
    failure: Failure,
    { status, headers }: Pick<FabricAnswer, 'status' | 'headers'>,
  ) =>
    new CallError(`Snowflake answers ${sql(asking)} with ${String(status)}: ${words(failure)}.`, {
      kind: 'again',
      status,
      retryAfter: retryAfterIn(headers),
      // One that was turned away was not begun.
      unclear: asking.writes && status !== 429,
      solution: 'Try again when Snowflake answers; status.snowflake.com tells of disturbances.',
    });

  const defect = (asking: Asking, failure: Failure, status: number) =>
    new CallError(`Snowflake does not take ${sql(asking)}: ${String(status)}, ${words(failure)}.`, {
      kind: 'refused',
      status,
      solution: `Ask the platform operator whether the host of the fabric ${asking.fabric} is that of its account; else this is a mistake of the provisioner: report it with this message.`,
    });

  return {
    /** An answer that is none of what was asked for. */
    of: (answer: FabricAnswer, asking: Asking): CallError => {
      const { status } = answer;
      const failure = failureIn(answer.text);
      // A 408 that has a handle is of a statement that was ended; any other may be of what has begun one.
      if (status === 422 || (status === 408 && failure.statementHandle !== undefined))
        return ofStatement(asking, failure);
      if (status === 401 || status === 403) return notLetIn(asking, failure, status);
      if (status === 408 || status === 429 || status >= 500)
        return passing(asking, failure, answer);
      return defect(asking, failure, status);
    },
    /** It was begun, and Snowflake knows no more of it. */
    lost: (asking: Asking) =>
      new CallError(`Snowflake knows no more of ${sql(asking)}, which it had begun.`, {
        kind: 'again',
        status: 404,
        unclear: asking.writes,
        solution: 'Try again.',
      }),
    unreadable: (asking: Asking) =>
      new CallError(`Snowflake answers ${sql(asking)} with what is no result.`, {
        kind: 'again',
        unclear: asking.writes,
        solution: `Ask the platform operator whether something else answers in the place of the host of the fabric ${asking.fabric}.`,
      }),
    tooLong: (asking: Asking, { took, isOutOfTime }: { took: number; isOutOfTime: boolean }) =>
      new CallError(
        `Snowflake had not done ${sql(asking)} after ${inWords(took)}; it was asked to cancel it.`,
        {
          kind: 'again',
          unclear: asking.writes,
          outOfTime: isOutOfTime ? 'calling' : undefined,
          solution: 'Try again; the history of queries in Snowflake says what it waits for.',
        },
      ),
  };
};
export type Failures = ReturnType<typeof createFailures>;
