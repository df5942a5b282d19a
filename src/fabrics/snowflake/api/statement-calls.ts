import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { CallInterest } from '../../../concurrency/call-interest';
import type { Limit } from '../../../concurrency/limit';
import { CallError } from '../../../contract/call-error';
import { parseJson } from '../../../contract/json';
import type { FabricAnswer, FabricHttp } from '../../http';
import type { Asking, Failures } from './failures';
import type { Bearer, Tokens } from './token';

/* Calls of Snowflake's SQL API, version 2: a statement is handed in, and asked for until it is done. */

/** Milliseconds between two looks whether a statement is done: twice as long each time. */
const FIRST_POLL = 25;
const LONGEST_POLL = 5000;
/** Milliseconds that Snowflake may be late with ending a statement whose time is up. */
const LATENESS = 60_000;
/** Milliseconds for asking it to cancel one. */
const LONGEST_CANCEL = 5000;
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
export type Result = z.output<typeof Result>;

const Running = z.object({ statementHandle: z.string() });
const Partition = z.object({ data: z.array(Row) });

export interface CallsOptions {
  root: string;
  role: string;
  warehouse?: string | undefined;
  tokens: Tokens;
  http: FabricHttp;
  limit: Limit;
  failures: Failures;
}

/** What is asked, and for whom. */
export interface Sent {
  asking: Asking;
  interest: CallInterest;
}

interface HandingIn {
  requestId: string;
  /** The step's, for people in Snowflake's history. */
  stepId: string;
  /** Milliseconds that it may take, after which Snowflake ends it. */
  longest: number;
  /** How long its end is waited for. */
  follows: CallInterest;
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

const notSent =
  ({ asking }: Ask) =>
  () =>
    new CallError(
      `There was no time left to ask Snowflake for ${asking.statement.text.slice(0, 100)}.`,
      { kind: 'again', solution: 'Try again.', outOfTime: 'waiting' },
    );

/** Each throws a CallError, and a Refusal where credentials are none. */
export const createStatementCalls = ({
  root,
  role,
  warehouse,
  tokens,
  http,
  limit,
  failures,
}: CallsOptions) => {
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
  const followed = async (handle: string, sent: Sent, longest: number): Promise<Result> => {
    const { asking, interest } = sent;
    const { cancelled, timeUp } = interest;
    const over = AbortSignal.any([cancelled, timeUp]);
    const began = Date.now();
    const isOver = () => over.aborted || Date.now() - began > longest + LATENESS;
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

  return {
    handedIn: async (
      sent: Sent,
      { requestId, stepId, longest, follows }: HandingIn,
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
          // 0 would be seven days.
          timeout: Math.max(1, Math.floor(longest / 1000)),
          role,
          ...(warehouse !== undefined && { warehouse }),
          parameters: { QUERY_TAG: `provisioner:${stepId}`.slice(0, MAX_QUERY_TAG) },
        },
        begins: true,
      });
      const found = read(answer, sent);
      if (typeof found !== 'string') return found;
      return followed(found, { asking, interest: follows }, longest);
    },

    /** Its rows: no more partitions than hold `most`. */
    rowsOf: async (
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
    },
  };
};
