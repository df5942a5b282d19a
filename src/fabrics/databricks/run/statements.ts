import { z } from 'zod';
import { CallError } from '../../../contract/call-error';
import type { CallInterest } from '../../../concurrency/call-interest';
import { shortened } from '../../../../workflows/protocol/lengths';
import { inOneLine, withoutStop } from '../../../../workflows/protocol/one-line';
import type { Table } from '../../fabric';
import type { Client } from '../client';
import { toEnd, watched } from './waiting';

/* Statements of the SQL warehouse (Statement Execution API 2.0), followed to their end. */

const BASE = '/api/2.0/sql/statements';
/** Characters of what a statement failed with. */
const MAX_SAID = 1000;

const Row = z.array(z.string().nullable());
const Chunk = z.object({
  data_array: z.array(Row).default([]),
  next_chunk_index: z.number().optional(),
});
const Statement = z.object({
  statement_id: z.string(),
  status: z.object({
    state: z.enum(['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'CLOSED']),
    error: z
      .object({ error_code: z.string().optional(), message: z.string().optional() })
      .optional(),
  }),
  manifest: z
    .object({
      schema: z
        .object({ columns: z.array(z.object({ name: z.string() })).default([]) })
        .prefault({}),
      truncated: z.boolean().default(false),
    })
    .optional(),
  result: Chunk.optional(),
});
type Statement = z.output<typeof Statement>;

const MAY_PASS = [
  'ABORTED',
  'DEADLINE_EXCEEDED',
  'INTERNAL_ERROR',
  'IO_ERROR',
  'RESOURCE_EXHAUSTED',
  'SERVICE_UNDER_MAINTENANCE',
  'TEMPORARILY_UNAVAILABLE',
  'WORKSPACE_TEMPORARILY_UNAVAILABLE',
];

/** A statement that failed is a success of the call: the state says so. */
const failureOf = ({ status: { state, error } }: Statement, redact: (text: string) => string) => {
  const code = error?.error_code ?? '';
  const said = withoutStop(shortened(inOneLine(redact(error?.message ?? '')), MAX_SAID));
  const how = { CANCELED: 'was cancelled', CLOSED: 'is over, and its result is gone' };
  const what = state === 'CANCELED' || state === 'CLOSED' ? how[state] : 'failed';
  const again = state === 'CLOSED' || MAY_PASS.includes(code);
  return new CallError(
    `The statement ${what}${code === '' ? '' : ` (${code})`}${said === '' ? '' : `: ${said}`}.`,
    {
      kind: again ? 'again' : 'refused',
      solution: again
        ? 'Try again; the platform operator can see the state of the SQL warehouse.'
        : 'Correct the statement, or have what it needs granted.',
    },
  );
};

interface Given {
  warehouseId: string;
  catalog: string;
  statement: string;
  maxRows: number;
  interest: CallInterest;
  redact: (text: string) => string;
}

const operation = `${BASE}/{statement}`;

const rowsOf = async (
  { demand }: Client,
  { statement_id: id, result }: Statement,
  { maxRows, interest }: Pick<Given, 'maxRows' | 'interest'>,
) => {
  const rows = [...(result?.data_array ?? [])];
  let next = result?.next_chunk_index;
  while (next !== undefined && rows.length <= maxRows) {
    const chunk = await demand({
      method: 'GET',
      path: `${BASE}/${encodeURIComponent(id)}/result/chunks/${String(next)}`,
      operation: `${operation}/result/chunks/{chunk}`,
      answer: Chunk,
      interest,
    });
    rows.push(...chunk.data_array);
    next = chunk.next_chunk_index;
  }
  return { rows, hasMore: next !== undefined };
};

/** Cancelled when nobody waits for it any more. */
export const runStatement = async (client: Client, given: Given): Promise<Table> => {
  const { demand } = client;
  const { warehouseId, catalog, statement, maxRows, interest, redact } = given;
  const begun = await demand({
    method: 'POST',
    path: BASE,
    operation: BASE,
    body: {
      warehouse_id: warehouseId,
      catalog,
      statement,
      wait_timeout: '0s',
      disposition: 'INLINE',
      format: 'JSON_ARRAY',
      row_limit: maxRows + 1,
    },
    answer: Statement,
    writes: true,
    interest,
  });
  const path = `${BASE}/${encodeURIComponent(begun.statement_id)}`;
  const isOver = ({ status: { state } }: Statement) => state !== 'PENDING' && state !== 'RUNNING';
  let latest: Statement | undefined = begun;
  const look = async () => {
    latest ??= await demand({ method: 'GET', path, operation, answer: Statement, interest });
    const found = latest;
    latest = undefined;
    return isOver(found) ? found : undefined;
  };
  try {
    const ended = await watched(look, { interest, until: 'the statement had ended' });
    if (ended.status.state !== 'SUCCEEDED') throw failureOf(ended, redact);
    const { rows, hasMore } = await rowsOf(client, ended, given);
    return {
      columns: ended.manifest?.schema.columns.map(({ name }) => name) ?? [],
      rows: rows.slice(0, maxRows),
      isCut: hasMore || rows.length > maxRows || ended.manifest?.truncated === true,
    };
  } catch (err) {
    if (interest.cancelled.aborted || interest.timeUp.aborted)
      await demand({
        method: 'POST',
        path: `${path}/cancel`,
        operation: `${operation}/cancel`,
        body: {},
        answer: z.unknown(),
        writes: true,
        interest: toEnd(),
      }).catch(() => undefined);
    throw err;
  }
};
