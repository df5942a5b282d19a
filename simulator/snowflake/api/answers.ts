import { randomUUID } from 'node:crypto';
import type { Answer } from '../../steering/answers';
import type { Row } from '../account/account';
import type { Column, Result } from '../account/result';
import type { Run } from './runs';

export const BASE = '/api/v2/statements';

export const invalidRequest = (message: string): Answer => ({
  status: 400,
  body: { code: '390142', message },
});

const statusUrl = ({ handle }: Run) => `${BASE}/${handle}`;

const inProgress = (run: Run): Answer => ({
  status: 202,
  body: {
    code: run.isAsync ? '333334' : '333333',
    message: run.isAsync
      ? 'Asynchronous execution in progress. Use provided query id to perform query monitoring and management.'
      : 'Statement execution is in progress. Use the statement handle to see its status.',
    statementHandle: run.handle,
    statementStatusUrl: statusUrl(run),
  },
});

const failed = (run: Run): Answer => ({
  status: run.state === 'timedOut' ? 408 : 422,
  body: {
    code: run.problem?.code,
    message: run.problem?.message,
    sqlState: run.problem?.sqlState,
    statementHandle: run.handle,
    createdOn: run.createdOn,
    statementStatusUrl: statusUrl(run),
  },
});

const described = ({ name, type }: Column) => ({
  name,
  database: '',
  schema: '',
  table: '',
  nullable: true,
  byteLength: type === 'text' ? 16_777_216 : null,
  length: type === 'text' ? 16_777_216 : null,
  type,
  scale: type === 'fixed' ? 0 : type === 'timestamp_ltz' ? 9 : null,
  precision: type === 'fixed' ? 38 : type === 'timestamp_ltz' ? 0 : null,
  collation: null,
});

/** Of so many rows each; an empty result has one, too. */
const partitionsOf = ({ rows }: Result, size: number): Row[][] =>
  rows.length === 0
    ? [[]]
    : Array.from({ length: Math.ceil(rows.length / size) }, (_none, index) =>
        rows.slice(index * size, (index + 1) * size),
      );

const linkOf = (run: Run, partition: number, last: number) => {
  const link = (to: number, rel: string) =>
    `<${statusUrl(run)}?requestId=${randomUUID()}&partition=${String(to)}>;rel="${rel}"`;
  return [
    link(0, 'first'),
    ...(partition > 0 ? [link(partition - 1, 'prev')] : []),
    ...(partition < last ? [link(partition + 1, 'next')] : []),
    link(last, 'last'),
  ].join(',');
};

const shownRows = (rows: Row[], isNullable: boolean) =>
  isNullable ? rows : rows.map((row) => row.map((value) => value ?? 'null'));

const resultOf = (run: Run, result: Result, place: { partition: number; size: number }): Answer => {
  const partitions = partitionsOf(result, place.size);
  const rows = partitions[place.partition];
  if (!rows) return invalidRequest(`There is no partition ${String(place.partition)}.`);
  const data = shownRows(rows, run.isNullable);
  const headers = { Link: linkOf(run, place.partition, partitions.length - 1) };
  // Only the first partition says what the result is.
  if (place.partition > 0) return { status: 200, headers, body: { data } };
  return {
    status: 200,
    headers,
    body: {
      resultSetMetaData: {
        numRows: result.rows.length,
        format: 'jsonv2',
        partitionInfo: partitions.map((each) => ({
          rowCount: each.length,
          uncompressedSize: Buffer.byteLength(JSON.stringify(each)),
        })),
        rowType: result.columns.map(described),
      },
      data,
      code: '090001',
      statementStatusUrl: `${statusUrl(run)}?requestId=${randomUUID()}`,
      sqlState: '00000',
      statementHandle: run.handle,
      message: 'Statement executed successfully.',
      createdOn: run.createdOn,
      ...(result.inserted !== undefined && {
        stats: {
          numRowsInserted: result.inserted,
          numRowsUpdated: 0,
          numRowsDeleted: 0,
          numDuplicateRowsUpdated: 0,
        },
      }),
    },
  };
};

/** What there is to say of a statement now. */
export const stateOf = (run: Run, place: { partition: number; size: number }): Answer => {
  if (run.state === 'running') return inProgress(run);
  return run.result ? resultOf(run, run.result, place) : failed(run);
};

/** The answer to a submission of one that is to run on its own. */
export const submitted = (run: Run): Answer => (run.isUnread ? failed(run) : inProgress(run));

export const unknownHandle = (handle: string): Answer => ({
  status: 404,
  body: {
    code: '000709',
    message: `Statement ${handle} not found`,
    sqlState: '02000',
    statementHandle: handle,
  },
});

export const cancelAnswer = (run: Run, isCanceled: boolean): Answer => ({
  status: isCanceled ? 200 : 422,
  body: {
    code: isCanceled ? '000604' : '000605',
    sqlState: isCanceled ? '57014' : '02000',
    message: isCanceled
      ? 'SQL execution canceled'
      : 'Identified SQL statement is not currently executing.',
    statementHandle: run.handle,
    statementStatusUrl: statusUrl(run),
  },
});

const usual: Record<number, { code: string; message: string }> = {
  400: { code: '390142', message: 'Incoming request does not contain a valid payload.' },
  401: { code: '390303', message: 'Invalid OAuth access token.' },
  403: { code: '390422', message: 'Incoming request is not allowed to access Snowflake.' },
  408: { code: '000630', message: 'Statement reached its timeout and was canceled.' },
  429: { code: '390505', message: 'Too many requests.' },
  503: { code: '390503', message: 'Service unavailable.' },
};

/** The body that usually comes with a status. */
export const usualBody = (status: number): unknown =>
  usual[status] ?? { code: '390000', message: 'Injected by the simulator.' };
