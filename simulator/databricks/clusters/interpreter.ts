import { setTimeout as sleep } from 'node:timers/promises';
import { SqlError } from '../sql/errors';
import { runSql } from '../sql/run';
import type { Session } from '../sql/session';

/** As the Command API 1.2 tells a result: one that is an error is of a command that is Finished. */
export type Results =
  | { resultType: 'text'; data: string }
  | {
      resultType: 'table';
      data: (string | number | boolean | null)[][];
      schema: { name: string; type: string; metadata: string }[];
      truncated: boolean;
      isJsonSchema: boolean;
    }
  | { resultType: 'error'; summary: string; cause: string };

const RULE = '-'.repeat(75);

const pythonError = (name: string, message: string): Results => ({
  resultType: 'error',
  summary: `<span class='ansi-red-fg'>${name}</span>: ${message}`,
  cause: `${RULE}\n${name}                                 Traceback (most recent call last)\n${name}: ${message}`,
});

const TEXT = /^(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")$/;
const SUM = /^\d+(?:\s*\+\s*\d+)*$/;

/** A text in quotes, or a sum of whole numbers; anything else it does not know. */
const valueOf = (expression: string): string | undefined => {
  const text = TEXT.exec(expression);
  if (text) return (text[1] ?? text[2] ?? '').replace(/\\(.)/g, '$1');
  if (!SUM.test(expression)) return undefined;
  return String(expression.split('+').reduce((sum, term) => sum + BigInt(term.trim()), 0n));
};

const PRINT = /^print\((.*)\)$/;
const RAISE = /^raise\s+(\w+)(?:\((.*)\))?$/;
const SLEEP = /^time\.sleep\((\d+(?:\.\d+)?)\)$/;

const printed = (line: string, isLast: boolean): string | Results => {
  const inside = PRINT.exec(line)?.[1];
  if (inside === undefined && !isLast) return valueOf(line) === undefined ? unknown(line) : '';
  return valueOf(inside ?? line) ?? unknown(line);
};

const unknown = (line: string): Results =>
  pythonError('NotImplementedError', `the simulator does not know: ${line}`);

/** A handful of Python: print, sums, `time.sleep`, raise. */
const python = async (code: string): Promise<Results> => {
  const lines = code.split(/[\n;]/).map((line) => line.trim());
  const told = lines.filter((line) => line !== '' && !/^(#|import time$)/.test(line));
  const output: string[] = [];
  for (const [index, line] of told.entries()) {
    const [, name, message = ''] = RAISE.exec(line) ?? [];
    if (name !== undefined) return pythonError(name, valueOf(message) ?? message);
    const seconds = SLEEP.exec(line)?.[1];
    if (seconds !== undefined) {
      await sleep(Number(seconds) * 1000, undefined, { ref: false });
      continue;
    }
    const next = printed(line, index === told.length - 1);
    if (typeof next !== 'string') return next;
    if (next !== '') output.push(next);
  }
  return { resultType: 'text', data: output.join('\n') };
};

const TYPES: Record<string, string> = {
  INT: 'integer',
  BIGINT: 'long',
  STRING: 'string',
  BOOLEAN: 'boolean',
  DOUBLE: 'double',
  VOID: 'void',
};

const cellOf = (type: string, value: string | null) => {
  if (value === null) return null;
  if (type === 'BOOLEAN') return value === 'true';
  return type === 'STRING' ? value : Number(value);
};

const sql = (session: Session, code: string): Results => {
  try {
    const { columns, rows } = runSql(session, code);
    return {
      resultType: 'table',
      data: rows.map((row) => row.map((cell, at) => cellOf(columns[at]?.type ?? 'STRING', cell))),
      schema: columns.map(({ name, type }) => ({
        name,
        type: `"${TYPES[type] ?? type.toLowerCase()}"`,
        metadata: '{}',
      })),
      truncated: false,
      isJsonSchema: true,
    };
  } catch (err) {
    if (!(err instanceof SqlError)) throw err;
    const summary = `Error in SQL statement: AnalysisException: ${err.message}`;
    return {
      resultType: 'error',
      summary,
      cause: `com.databricks.backend.common.rpc.SparkDriverExceptions$SQLExecutionException: ${err.message}`,
    };
  }
};

/** Runs a command in the language of its context. */
export const interpret = async (
  language: string,
  code: string,
  session: Session,
): Promise<Results> => {
  if (language === 'python') return python(code);
  if (language === 'sql') return sql(session, code);
  const summary = `the simulator runs python and sql, not ${language}`;
  return { resultType: 'error', summary, cause: summary };
};
