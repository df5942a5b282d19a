import { DatabricksProblem } from '../problems';

/** What makes a statement FAILED: its code is BAD_REQUEST, whatever the cause. */
export class SqlError extends Error {
  override name = 'SqlError';
  readonly sqlState: string;

  constructor(message: string, sqlState: string) {
    super(message);
    this.sqlState = sqlState;
  }
}

/** As Spark words it: `[CONDITION] Text SQLSTATE: 42601`. */
export const sqlError = (condition: string, sqlState: string, text: string) =>
  new SqlError(`[${condition}] ${text} SQLSTATE: ${sqlState}`, sqlState);

export const syntaxError = (near: string, line: number, position: number) =>
  new SqlError(
    `[PARSE_SYNTAX_ERROR] Syntax error at or near ${near}. SQLSTATE: 42601 (line ${String(line)}, pos ${String(position)})`,
    '42601',
  );

const name = (parts: string[]) => parts.map((part) => `\`${part}\``).join('.');

const schemaNotFound = (parts: string[]) =>
  sqlError(
    'SCHEMA_NOT_FOUND',
    '42704',
    `The schema ${name(parts)} cannot be found. Verify the spelling and correctness of the schema and catalog.\nIf you did not qualify the name with a catalog, verify the current_schema() output, or qualify the name with the correct catalog.\nTo tolerate the error on drop use DROP SCHEMA IF EXISTS.`,
  );

const catalogNotFound = (catalog: string) =>
  sqlError(
    'NO_SUCH_CATALOG_EXCEPTION',
    '42704',
    `Catalog '${catalog}' was not found. Please verify the catalog name and then retry the query or command again.`,
  );

export const tableNotFound = (parts: string[]) =>
  sqlError(
    'TABLE_OR_VIEW_NOT_FOUND',
    '42P01',
    `The table or view ${name(parts)} cannot be found. Verify the spelling and correctness of the schema and catalog.\nTo tolerate the error on drop use DROP VIEW IF EXISTS or DROP TABLE IF EXISTS.`,
  );

interface Named {
  parts: string[];
}

/** Unity Catalog's own refusals as a statement tells them. */
const REFUSALS: Record<string, (message: string, named: Named) => SqlError> = {
  PERMISSION_DENIED: (message) =>
    sqlError('INSUFFICIENT_PERMISSIONS', '42501', `Insufficient privileges:\n${message}`),
  SCHEMA_ALREADY_EXISTS: (_message, { parts }) =>
    sqlError(
      'SCHEMA_ALREADY_EXISTS',
      '42P06',
      `Cannot create schema ${name(parts)} because it already exists.\nChoose a different name, drop the existing schema, or add the IF NOT EXISTS clause to tolerate pre-existing schema.`,
    ),
  SCHEMA_NOT_EMPTY: (_message, { parts }) =>
    sqlError(
      'SCHEMA_NOT_EMPTY',
      '2BP01',
      `Cannot drop a schema ${name(parts)} because it contains objects.\nUse DROP SCHEMA ... CASCADE to drop the schema and all its objects.`,
    ),
  SCHEMA_DOES_NOT_EXIST: (_message, { parts }) => schemaNotFound(parts),
  TABLE_DOES_NOT_EXIST: (_message, { parts }) => tableNotFound(parts),
  CATALOG_DOES_NOT_EXIST: (_message, { parts }) => catalogNotFound(parts[0] ?? ''),
  PRINCIPAL_DOES_NOT_EXIST: (message) =>
    new SqlError(`PRINCIPAL_DOES_NOT_EXIST: ${message}.`, '42704'),
};

const codeOf = (body: unknown): string =>
  typeof body === 'object' && body !== null && 'error_code' in body ? String(body.error_code) : '';

/** The refusal of an API, in a statement's words; anything else goes on as it is. */
export const inSql = (err: unknown, named: Named): unknown => {
  if (!(err instanceof DatabricksProblem)) return err;
  const code = codeOf(err.body);
  const refusal = REFUSALS[code];
  return refusal
    ? refusal(err.message, named)
    : new SqlError(`${code}: ${err.message} SQLSTATE: 42000`, '42000');
};
