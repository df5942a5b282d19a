import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { tillSeen } from '../../concurrency/call-interest';
import type { CallInterest } from '../../concurrency/call-interest';
import type { Limit } from '../../concurrency/limit';
import { CallError } from '../../contract/call-error';
import { parseJson } from '../../contract/json';
import type { Step, Table } from '../fabric';
import type { FabricAnswer, FabricHttp } from '../http';
import { StatementError } from './failures';
import type { Asking, Failures } from './failures';
import type { Statement } from './statements';
import type { Bearer, Tokens } from './token';

/* Snowflake's SQL API, version 2: a statement is handed in, and asked for until it is done. */

/** Milliseconds between two looks whether a statement is done: twice as long each time. */
const FIRST_POLL = 25;
const LONGEST_POLL = 5000;
/** Milliseconds that a statement may take, which Snowflake ends then; and what it may be late with that. */
const LONGEST_STATEMENT = 10 * 60_000;
const LATENESS = 60_000;
/** Milliseconds for asking it to cancel one. */
const LONGEST_CANCEL = 5000;
/** Statements that failed of what passes, of which is known how often; the oldest are forgotten first. */
const MOST_FAILED = 1000;
/** Characters of what queries are known by in Snowflake's history. */
const MAX_QUERY_TAG = 1000;

const Row = z.array(z.string().nullable());

const Result = z.object({
  statementHandle: z.string(),
  resultSetMetaData: z.object({
    numRows: z.number().optional(),
    rowType: z.array(z.object({ name: z.string() })),
    partitionInfo: z.array(z.unknown()).nullish(),
  }),
  data: z.array(Row).default([]),
});
type Result = z.output<typeof Result>;

const Running = z.object({ statementHandle: z.string() });
const Partition = z.object({ data: z.array(Row) });

/** A name space of UUIDs of our own (RFC 9562, 5.5). */
const NAMESPACE = Buffer.from('8f1d6a5e3c0b4b7f9a2e5d4c7b6a1f03', 'hex');

/** The same for the same texts, version 5. */
export const uuidOf = (...texts: string[]) => {
  const digest = createHash('sha1').update(NAMESPACE).update(JSON.stringify(texts)).digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-');
};

export interface SqlApiOptions {
  fabric: string;
  root: string;
  user: string;
  role: string;
  warehouse?: string | undefined;
  tokens: Tokens;
  http: FabricHttp;
  limit: Limit;
  failures: Failures;
}

interface Sent {
  asking: Asking;
  interest: CallInterest;
}

interface Ask extends Sent {
  method: 'GET' | 'POST';
  path: string;
  operation: string;
  body?: object;
  /** Whether this very call begins something. */
  begins?: boolean;
}

const STATEMENTS = '/api/v2/statements';

export type SqlApi = ReturnType<typeof createSqlApi>;

/** Statements of one user with one role. Each method throws a CallError, and a Refusal where credentials are none. */
export const createSqlApi = ({
  fabric,
  root,
  user,
  role,
  warehouse,
  tokens,
  http,
  limit,
  failures,
}: SqlApiOptions) => {
  const once = (
    { method, path, operation, body, begins = false, asking, interest }: Ask,
    { value, type }: Bearer,
  ) =>
    http({
      method,
      root,
      path,
      operation,
      headers: {
        Authorization: `Bearer ${value}`,
        'X-Snowflake-Authorization-Token-Type': type,
        Accept: 'application/json',
        'Content-Type': 'application/json',
        'User-Agent': 'airbyte-specific-provisioner/1.0',
      },
      ...(body && { body: JSON.stringify(body) }),
      writes: begins && asking.writes,
      interest,
    });

  const notSent =
    ({ asking }: Ask) =>
    () =>
      new CallError(
        `There was no time left to ask Snowflake for ${asking.statement.text.slice(0, 100)}.`,
        {
          kind: 'again',
          solution: 'Try again.',
          outOfTime: 'waiting',
        },
      );

  /** With what proves us now; once more with something new where that is refused. */
  const call = (ask: Ask): Promise<FabricAnswer> =>
    limit(
      async () => {
        const bearer = await tokens.bearer();
        const answer = await once(ask, bearer);
        if (answer.status !== 401) return answer;
        const next = await tokens.renewed(bearer);
        return next ? once(ask, next) : answer;
      },
      { interest: ask.interest, over: notSent(ask) },
    );

  const cancel = async (handle: string, { asking }: Sent) => {
    const timeUp = AbortSignal.timeout(LONGEST_CANCEL);
    await call({
      method: 'POST',
      path: `${STATEMENTS}/${handle}/cancel`,
      operation: `${STATEMENTS}/{handle}/cancel`,
      asking,
      interest: { cancelled: new AbortController().signal, timeUp },
    }).catch(() => undefined);
  };

  const look = (handle: string, sent: Sent, partition?: number) =>
    call({
      ...sent,
      method: 'GET',
      path: `${STATEMENTS}/${handle}${partition === undefined ? '' : `?partition=${String(partition)}`}`,
      operation: `${STATEMENTS}/{handle}`,
    });

  /** What is known of it: done, or its handle. */
  const read = (answer: FabricAnswer, { asking }: Sent): Result | string => {
    const { status, text } = answer;
    if (status !== 200 && status !== 202) throw failures.of(answer, asking);
    const given = parseJson(text);
    const result = status === 200 ? Result.safeParse(given).data : undefined;
    const found =
      result ?? (status === 202 ? Running.safeParse(given).data?.statementHandle : undefined);
    if (found === undefined) throw failures.unreadable(asking);
    return found;
  };

  /** Undefined: it still runs. */
  const lookAt = async (handle: string, sent: Sent) => {
    const answer = await look(handle, sent);
    if (answer.status === 404) throw failures.lost(sent.asking);
    const found = read(answer, sent);
    return typeof found === 'string' ? undefined : found;
  };

  /** Whoever loses the interest in a statement does not leave it running. */
  const followed = async (handle: string, sent: Sent): Promise<Result> => {
    const { asking, interest } = sent;
    const { cancelled, timeUp } = interest;
    const over = AbortSignal.any([cancelled, timeUp]);
    const began = Date.now();
    const isOver = () => over.aborted || Date.now() - began > LONGEST_STATEMENT + LATENESS;
    try {
      for (let wait = FIRST_POLL; !isOver(); wait = Math.min(LONGEST_POLL, wait * 2)) {
        await pause(wait, undefined, { signal: over }).catch(() => undefined);
        const found = over.aborted ? undefined : await lookAt(handle, sent);
        if (found) return found;
      }
      cancelled.throwIfAborted();
      throw failures.tooLong(asking, { took: Date.now() - began, isOutOfTime: timeUp.aborted });
    } finally {
      if (isOver()) await cancel(handle, sent);
    }
  };

  const rest = async (
    { statementHandle, resultSetMetaData: { partitionInfo }, data }: Result,
    most: number,
    sent: Sent,
  ) => {
    const rows = [...data];
    const partitions = partitionInfo?.length ?? 1;
    for (let partition = 1; partition < partitions && rows.length < most; partition += 1) {
      const answer = await look(statementHandle, sent, partition);
      if (answer.status !== 200) throw failures.of(answer, sent.asking);
      const parsed = Partition.safeParse(parseJson(answer.text));
      if (!parsed.success) throw failures.unreadable(sent.asking);
      rows.push(...parsed.data.data);
    }
    return rows;
  };

  const handedIn = async (
    sent: Sent,
    { requestId, step, follows }: { requestId: string; step: Step; follows: CallInterest },
  ): Promise<Result> => {
    const { asking } = sent;
    const query = new URLSearchParams({
      requestId,
      async: 'true',
      // What was done for another attempt at this is not done again, and answered as it was then.
      ...(asking.writes && { retry: 'true' }),
    });
    const answer = await call({
      ...sent,
      method: 'POST',
      path: `${STATEMENTS}?${query.toString()}`,
      operation: STATEMENTS,
      body: {
        statement: asking.statement.text,
        timeout: LONGEST_STATEMENT / 1000,
        role,
        ...(warehouse !== undefined && { warehouse }),
        parameters: { QUERY_TAG: `provisioner:${step.id}`.slice(0, MAX_QUERY_TAG) },
      },
      begins: true,
    });
    const found = read(answer, sent);
    return typeof found === 'string' ? followed(found, { asking, interest: follows }) : found;
  };

  /** By what is asked: how often Snowflake has said that it is not done, though it may be another time. */
  const failed = new Map<string, number>();

  const rememberFailed = (asked: string, tries: number) => {
    failed.delete(asked);
    failed.set(asked, tries);
    const [oldest] = failed.keys();
    if (failed.size > MOST_FAILED && oldest !== undefined) failed.delete(oldest);
  };

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
    const rows = await rest(result, most, sent);
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
      const { interest } = step;
      const sent = { asking: askingFor(statement, false), interest };
      const result = await handedIn(sent, { requestId: randomUUID(), step, follows: interest });
      return asTable(result, maxRows, sent);
    },

    /**
     * A change: what an earlier attempt at it has done is not done again; `round` tells apart what is. One
     * that was begun is seen to its end while there is time, whatever becomes of who asked.
     */
    async change(statement: Statement, step: Step, round = 0): Promise<void> {
      const { interest, id } = step;
      const asked = [id, statement.text, String(round)];
      const first = uuidOf(...asked);
      const tries = failed.get(first) ?? 0;
      // Under the id of one that has failed, its failure is the answer for good.
      const requestId = tries === 0 ? first : uuidOf(...asked, String(tries));
      const sent = { asking: askingFor(statement, true), interest };
      try {
        await handedIn(sent, { requestId, step, follows: tillSeen(interest) });
        failed.delete(first);
      } catch (err) {
        if (err instanceof StatementError && err.kind === 'again') rememberFailed(first, tries + 1);
        throw err;
      }
    },

    /** What is somebody's own: it may look or change, and is cancelled with the interest in it. */
    async run(text: string, step: Step, maxRows: number): Promise<Table> {
      const { interest, id } = step;
      const sent = { asking: askingFor({ text }, true), interest };
      const result = await handedIn(sent, {
        requestId: uuidOf(id, text),
        step,
        follows: interest,
      });
      return asTable(result, maxRows, sent);
    },
  };
};
