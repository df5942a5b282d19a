import { randomUUID } from 'node:crypto';
import { tillSeen } from '../../../concurrency/call-interest';
import type { Step, Table } from '../../fabric';
import { StatementError } from './failures';
import type { Asking } from './failures';
import { createRequestIds, uuidOf } from './request-ids';
import { createStatementCalls } from './statement-calls';
import type { CallsOptions, Result, Sent } from './statement-calls';
import type { Statement } from '../sql/statements';

/* What one user does with one role: looks, changes, and what somebody runs. */

/** Milliseconds that a statement may take, which Snowflake ends then. */
const LONGEST_STATEMENT = 10 * 60_000;

interface SqlApiOptions extends CallsOptions {
  fabric: string;
  user: string;
}

/**
 * An undo looks that long after an answer that did not come. What Snowflake has ended by then is not done
 * after the look.
 */
const longestOf = ({ mayBeLate }: Statement, { settleTime = LONGEST_STATEMENT }: Step) =>
  mayBeLate ? LONGEST_STATEMENT : Math.min(LONGEST_STATEMENT, settleTime);

export type SqlApi = ReturnType<typeof createSqlApi>;

/** Statements of one user with one role. Each method throws a CallError, and a Refusal where credentials are none. */
export const createSqlApi = ({ fabric, user, ...options }: SqlApiOptions) => {
  const { role, warehouse } = options;
  const { handedIn, rowsOf } = createStatementCalls(options);
  const requestOf = createRequestIds();

  const askingFor = (statement: Statement, writes: boolean): Asking => ({
    fabric,
    statement,
    user,
    role,
    warehouse,
    writes,
  });

  const asTable = async (result: Result, most: number, sent: Sent): Promise<Table> => {
    const { numRows, rowType } = result.resultSetMetaData;
    const rows = await rowsOf(result, most, sent);
    return {
      columns: rowType.map(({ name }) => name),
      rows: rows.slice(0, most),
      isCut: rows.length > most || (numRows ?? rows.length) > Math.min(most, rows.length),
    };
  };

  return {
    user,
    role,
    warehouse,

    /** A look, which is asked for anew each time. */
    async query(statement: Statement, step: Step, maxRows: number): Promise<Table> {
      const { interest, id: stepId } = step;
      const sent = { asking: askingFor(statement, false), interest };
      const requestId = randomUUID();
      const longest = LONGEST_STATEMENT;
      const result = await handedIn(sent, { requestId, stepId, longest, follows: interest });
      return asTable(result, maxRows, sent);
    },

    /**
     * A change: what an earlier attempt at it has done is not done again; `round` tells apart what is. One
     * that was begun is seen to its end while there is time, whatever becomes of who asked.
     */
    async change(statement: Statement, step: Step, round = 0): Promise<void> {
      const { interest, id: stepId } = step;
      const request = requestOf(stepId, statement.text, String(round));
      const sent = { asking: askingFor(statement, true), interest };
      const longest = longestOf(statement, step);
      const follows = tillSeen(interest);
      try {
        await handedIn(sent, { requestId: request.id, stepId, longest, follows });
        request.forgetFailures();
      } catch (err) {
        if (err instanceof StatementError && err.kind === 'again') request.countFailure();
        throw err;
      }
    },

    /** What is somebody's own: it may look or change, and is cancelled with the interest in it. */
    async run(text: string, step: Step, maxRows: number): Promise<Table> {
      const { interest, id: stepId } = step;
      const sent = { asking: { ...askingFor({ text }, true), isOwn: true as const }, interest };
      const requestId = uuidOf(stepId, text);
      const longest = LONGEST_STATEMENT;
      const result = await handedIn(sent, { requestId, stepId, longest, follows: interest });
      return asTable(result, maxRows, sent);
    },
  };
};
