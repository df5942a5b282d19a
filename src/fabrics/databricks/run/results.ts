import { z } from 'zod';
import { CallError } from '../../../contract/call-error';
import { shortened } from '../../../../workflows/protocol/lengths';
import { inOneLine, withoutStop } from '../../../../workflows/protocol/one-line';
import type { Table } from '../../fabric';
import { notUnderstood } from '../errors';

/* What a command has come to. */

export const COMMANDS = '/api/1.2';
export const STATUS = `${COMMANDS}/commands/status`;
/** Characters of what a command failed with. */
const MAX_SAID = 1000;

const Cell = z.union([z.string(), z.number(), z.boolean(), z.null(), z.unknown()]);
const Results = z.object({
  resultType: z.enum(['text', 'table', 'error', 'image', 'images']).nullish(),
  data: z.unknown().optional(),
  summary: z.string().nullish(),
  schema: z.array(z.looseObject({ name: z.string() })).nullish(),
  truncated: z.boolean().nullish(),
});
export const Command = z.object({
  status: z.enum(['Queued', 'Running', 'Cancelling', 'Cancelled', 'Finished', 'Error']),
  results: Results.nullish(),
});
export type Command = z.output<typeof Command>;

const shown = (cell: unknown): string | null => {
  if (cell === null || cell === undefined) return null;
  return typeof cell === 'string' ? cell : JSON.stringify(cell);
};

const notResults = () => notUnderstood({ method: 'GET', operation: STATUS, writes: false });

/** What was printed; of an image what there is in its place. */
const linesOf = (data: unknown) => {
  const text = z
    .union([z.string(), z.array(z.string()).transform((all) => all.join('\n'))])
    .nullish()
    .safeParse(data);
  if (!text.success) throw notResults();
  return text.data ? text.data.replace(/\n$/, '').split('\n') : [];
};

const tableOf = (results: z.output<typeof Results>, maxRows: number): Table => {
  const { resultType, data, schema, truncated } = results;
  if (resultType !== 'table') {
    const lines = linesOf(data);
    return {
      columns: ['output'],
      rows: lines.slice(0, maxRows).map((line) => [line]),
      isCut: lines.length > maxRows || truncated === true,
    };
  }
  const rows = z.array(z.array(Cell)).safeParse(data);
  if (!rows.success) throw notResults();
  return {
    columns: (schema ?? []).map(({ name }) => name),
    rows: rows.data.slice(0, maxRows).map((row) => row.map(shown)),
    isCut: rows.data.length > maxRows || truncated === true,
  };
};

/** Finished with an error is a failure, as an end that is none is; finished with nothing is no answer. */
export const resultOf = (
  { status, results }: Command,
  maxRows: number,
  redact: (text: string) => string,
) => {
  if (status === 'Finished' && !results?.resultType) throw notResults();
  if (status === 'Finished' && results && results.resultType !== 'error')
    return tableOf(results, maxRows);
  const summary = redact(results?.summary ?? '').replace(/<[^>]*>/g, '');
  const said = withoutStop(shortened(inOneLine(summary), MAX_SAID));
  const what = status === 'Cancelled' || status === 'Cancelling' ? 'was cancelled' : 'failed';
  throw new CallError(`The command ${what}${said === '' ? '' : `: ${said}`}.`, {
    kind: 'refused',
    solution: 'Correct the command; Databricks shows the log of the cluster’s driver.',
  });
};
