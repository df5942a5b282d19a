import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ok } from '../../steering/answers';
import { type CallerRequest, type Operation, readBody } from '../operation';
import { invalidValue, notFound, notImplemented } from '../problems';
import type { Store } from '../store';
import { SqlError } from './errors';
import { Parameter, parametersOf } from './parameters';
import { chunkOf, limited, manifestOf, STATEMENTS } from './results';
import { runSql } from './run';
import type { Result } from './session';
import { type RunningWarehouse, warehouseFor } from './warehouses';

/** The oldest are forgotten, for a simulator that runs for days. */
const KEPT = 10_000;
const BYTES = 26_214_400;
const INTEGER = 2_147_483_647;

const Execution = z.strictObject({
  warehouse_id: z.string(),
  statement: z.string(),
  catalog: z.string().optional(),
  schema: z.string().optional(),
  parameters: z.array(Parameter).default([]),
  wait_timeout: z.string().default('10s'),
  on_wait_timeout: z.enum(['CONTINUE', 'CANCEL']).default('CONTINUE'),
  disposition: z.enum(['INLINE', 'EXTERNAL_LINKS']).default('INLINE'),
  format: z.enum(['JSON_ARRAY', 'ARROW_STREAM', 'CSV']).default('JSON_ARRAY'),
  row_limit: z.int().min(0).max(INTEGER).optional(),
  byte_limit: z.int().min(1).max(BYTES).optional(),
  query_tags: z.array(z.strictObject({ key: z.string(), value: z.string().optional() })).optional(),
});
type Execution = z.output<typeof Execution>;

interface StatementRun {
  id: string;
  owner: string;
  sql: string;
  state: 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'CLOSED';
  error: { error_code: string; message: string } | undefined;
  sqlState: string | undefined;
  result: Result | undefined;
  truncated: boolean;
  /** Resolves when it has ended, however. */
  done: Promise<void>;
}

interface Dependencies {
  store: Store;
  warehouse: RunningWarehouse;
  /** Of names that are not qualified, unless the call says so. */
  defaultCatalog: string;
  /** Milliseconds a statement runs. */
  duration: number;
  /** Rows in a chunk of a result. */
  chunkRows: number;
}

/** Milliseconds. */
const waitOf = (text: string) => {
  const seconds = /^(\d+)s$/.exec(text)?.[1];
  if (seconds === undefined) throw invalidValue('Error while parsing type: duration.');
  const wait = Number(seconds);
  if (wait === 0 || (wait >= 5 && wait <= 50)) return wait * 1000;
  throw invalidValue(
    'The wait_timeout field must be 0 seconds (disables wait), or between 5 seconds and 50 seconds.',
  );
};

const checkForm = ({ disposition, format }: Execution) => {
  if (disposition === 'EXTERNAL_LINKS')
    throw notImplemented('The simulator has no external links: its disposition is INLINE.');
  if (format !== 'JSON_ARRAY')
    throw invalidValue(
      'Incompatible parameters: The format field must be JSON_ARRAY when the disposition field is INLINE.',
    );
};

const isOver = ({ state }: StatementRun) => state !== 'PENDING' && state !== 'RUNNING';

const fail = (run: StatementRun, err: unknown) => {
  const isSql = err instanceof SqlError;
  run.state = 'FAILED';
  run.error = {
    error_code: isSql ? 'BAD_REQUEST' : 'INTERNAL_ERROR',
    message: err instanceof Error ? err.message : String(err),
  };
  run.sqlState = isSql ? err.sqlState : undefined;
};

const describe = (run: StatementRun, chunkRows: number) => ({
  statement_id: run.id,
  status: {
    state: run.state,
    ...(run.error && { error: run.error }),
    ...(run.sqlState !== undefined && { sql_state: run.sqlState }),
  },
  ...(run.state === 'SUCCEEDED' &&
    run.result && {
      manifest: manifestOf(run.result, run.truncated, chunkRows),
      result: chunkOf({ id: run.id, rows: run.result.rows, chunkRows }, 0) ?? {},
    }),
});

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Statements, kept with their results until there are too many. */
export const createStatements = (deps: Dependencies) => {
  const { store, warehouse, defaultCatalog, duration, chunkRows } = deps;
  let runs = new Map<string, StatementRun>();

  const perform = async (run: StatementRun, request: CallerRequest, given: Execution) => {
    if (!(await warehouse.whenRunning())) {
      if (!isOver(run)) {
        run.state = 'FAILED';
        const message = 'The SQL warehouse could not be started.';
        run.error = { error_code: 'TEMPORARILY_UNAVAILABLE', message };
      }
      return;
    }
    if (isOver(run)) return;
    run.state = 'RUNNING';
    if (duration > 0) await sleep(duration, undefined, { ref: false });
    if (isOver(run)) return;
    try {
      if (request.statementError !== undefined) throw new SqlError(request.statementError, 'XX000');
      const { catalog = defaultCatalog, schema = 'default', statement } = given;
      const parameters = parametersOf(given.parameters);
      const session = { store, caller: request.caller, catalog, schema, parameters };
      Object.assign(run, limited(runSql(session, statement), given), { state: 'SUCCEEDED' });
    } catch (err) {
      fail(run, err);
    }
  };

  const begin = (request: CallerRequest, given: Execution): StatementRun => {
    const run: StatementRun = {
      id: randomUUID(),
      owner: request.caller.name,
      sql: given.statement,
      state: 'PENDING',
      error: undefined,
      sqlState: undefined,
      result: undefined,
      truncated: false,
      done: Promise.resolve(),
    };
    // After this turn: what is asked for at once is PENDING.
    run.done = sleep(0).then(() => perform(run, request, given));
    runs.set(run.id, run);
    const [oldest] = runs.keys();
    if (runs.size > KEPT && oldest !== undefined) runs.delete(oldest);
    return run;
  };

  const cancel = (run: StatementRun) => {
    if (!isOver(run)) run.state = 'CANCELED';
  };

  const runOf = ({ caller, params }: CallerRequest) => {
    const { id = '' } = params;
    if (!UUID.test(id)) throw invalidValue('Error while parsing type: statement_id.');
    const run = runs.get(id);
    if (run?.owner === caller.name) return run;
    throw notFound(`The statement ${id} was not found.`);
  };

  const execute = async (request: CallerRequest) => {
    const given = readBody(Execution, request.body);
    const wait = waitOf(given.wait_timeout);
    checkForm(given);
    warehouseFor(store, request.caller, given.warehouse_id);
    const run = begin(request, given);
    if (wait > 0) {
      await Promise.race([run.done, sleep(wait, undefined, { ref: false })]);
      if (given.on_wait_timeout === 'CANCEL') cancel(run);
    }
    return ok(describe(run, chunkRows));
  };

  const chunk = (request: CallerRequest) => {
    const run = runOf(request);
    if (run.state !== 'SUCCEEDED')
      throw notFound(
        'the statement state should be SUCCEEDED before you can start fetching the result',
      );
    const { index = '' } = request.params;
    const found = /^\d+$/.test(index)
      ? chunkOf({ id: run.id, rows: run.result?.rows ?? [], chunkRows }, Number(index))
      : undefined;
    if (!found) throw invalidValue(`The chunk_index ${index} is out of bounds.`);
    return ok(found);
  };

  const operations: Operation[] = [
    {
      id: 'executeStatement',
      method: 'post',
      paths: [STATEMENTS, `${STATEMENTS}/`],
      run: execute,
    },
    {
      id: 'getStatement',
      method: 'get',
      paths: [`${STATEMENTS}/:id`],
      run: (request) => ok(describe(runOf(request), chunkRows)),
    },
    {
      id: 'getStatementResultChunk',
      method: 'get',
      paths: [`${STATEMENTS}/:id/result/chunks/:index`],
      run: chunk,
    },
    {
      id: 'cancelExecution',
      method: 'post',
      paths: [`${STATEMENTS}/:id/cancel`],
      // One that is over, or that nobody knows, is answered like one that runs.
      run: ({ caller, params }) => {
        const run = runs.get(params.id ?? '');
        if (run?.owner === caller.name) cancel(run);
        return ok({});
      },
    },
  ];
  return {
    operations,
    clear: () => {
      for (const run of runs.values()) cancel(run);
      runs = new Map();
    },
  };
};
