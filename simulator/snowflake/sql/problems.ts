/** A statement that fails: the body of a 422, but for the handle. Codes and states as Snowflake has them. */
export class SqlProblem extends Error {
  override name = 'SqlProblem';
  readonly code: string;
  readonly sqlState: string;

  constructor(code: string, sqlState: string, message: string) {
    super(message);
    this.code = code;
    this.sqlState = sqlState;
  }
}

/** As Snowflake writes a name in its messages: in quotes where it needs them. */
export const shownName = (...parts: string[]) =>
  parts
    .map((part) => (/^[A-Z_][A-Z0-9_$]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`))
    .join('.');

const titled = (kind: string) => kind.charAt(0).toUpperCase() + kind.slice(1).toLowerCase();

export interface Place {
  line: number;
  position: number;
}

export const syntaxError = ({ line, position }: Place, unexpected: string) =>
  new SqlProblem(
    '001003',
    '42000',
    `SQL compilation error:\nsyntax error line ${String(line)} at position ${String(position)} unexpected '${unexpected}'.`,
  );

/** Missing, or not to be seen by this role: Snowflake does not say which. */
export const missing = (kind: string, ...name: string[]) =>
  new SqlProblem(
    '002003',
    kind === 'OBJECT' ? '42S02' : '02000',
    `SQL compilation error:\n${titled(kind)} '${shownName(...name)}' does not exist or not authorized.`,
  );

/** What a SHOW says of a place that is missing, or not to be seen. */
export const nothingToShow = () =>
  new SqlProblem(
    '002043',
    '02000',
    'SQL compilation error:\nObject does not exist, or operation cannot be performed.',
  );

export const alreadyExists = (name: string) =>
  new SqlProblem(
    '002002',
    '42710',
    `SQL compilation error:\nObject '${shownName(name)}' already exists.`,
  );

export const denied = (kind: string, name: string) =>
  new SqlProblem(
    '003001',
    '42501',
    `SQL access control error:\nInsufficient privileges to operate on ${kind.toLowerCase()} '${shownName(name)}'.`,
  );

export const noWarehouse = () =>
  new SqlProblem(
    '000606',
    '57P03',
    "No active warehouse selected in the current session.  Select an active warehouse with the 'use warehouse' command.",
  );

export const noDatabase = () =>
  new SqlProblem(
    '090105',
    '22000',
    "Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', or use a qualified name.",
  );

export const cannotResume = (name: string) =>
  new SqlProblem(
    '090063',
    '22000',
    `Invalid state. Warehouse '${shownName(name)}' cannot be resumed.`,
  );

export const wrongCount = (actual: number, wanted: number) =>
  new SqlProblem(
    '000008',
    '0A000',
    `Actual statement count ${String(actual)} did not match the desired statement count ${String(wanted)}.`,
  );

export const wrongValues = (message: string) =>
  new SqlProblem('002049', '42601', `SQL compilation error:\n${message}`);

export const unset = (position: number) =>
  new SqlProblem('002049', '42601', `Bind variable ${String(position)} not set.`);

export const circular = (role: string, grantee: string) =>
  new SqlProblem(
    '003006',
    '0A000',
    `SQL execution error: Granting role ${shownName(role)} to role ${shownName(grantee)} would create a cycle.`,
  );

export const canceled = () => new SqlProblem('000604', '57014', 'SQL execution canceled');

const named: Record<string, [sqlState: string, message: string]> = {
  '000604': ['57014', 'SQL execution canceled'],
  '000606': ['57P03', 'No active warehouse selected in the current session.'],
  '000625': ['57014', 'Statement has locked resources and is waiting for too long.'],
  '001003': ['42000', 'SQL compilation error:\nsyntax error.'],
  '002002': ['42710', 'SQL compilation error:\nObject already exists.'],
  '002003': ['02000', 'SQL compilation error:\nObject does not exist or not authorized.'],
  '002043': [
    '02000',
    'SQL compilation error:\nObject does not exist, or operation cannot be performed.',
  ],
  '003001': ['42501', 'SQL access control error:\nInsufficient privileges.'],
};

/** What a fault makes a statement fail with. */
export const injected = (code: string, message?: string) => {
  const [sqlState, usual] = named[code] ?? ['XX000', 'Injected by the simulator.'];
  return new SqlProblem(code, sqlState, message ?? usual);
};
