/** A path has its database in front, unless that is the session's. */
type Path = string[];

/** What a SHOW leaves out; `like` is a pattern, `startsWith` and `from` are not. */
export interface Narrowed {
  like?: string;
  startsWith?: string;
  limit?: number;
  from?: string;
}

/** A value of a row: `bind` is the position of a `?`. */
export type Value = { constant: string | null; type: 'text' | 'fixed' } | { bind: number };

export const FUNCTIONS = [
  'CURRENT_ACCOUNT',
  'CURRENT_DATABASE',
  'CURRENT_ROLE',
  'CURRENT_SCHEMA',
  'CURRENT_USER',
  'CURRENT_WAREHOUSE',
] as const;

export type Selected = Value | { call: (typeof FUNCTIONS)[number] };

export const OBJECT_KINDS = ['TABLE', 'VIEW'] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/** What else there may be in a schema, by the SHOW that lists it. */
export const OTHER_CONTENTS = {
  STAGES: 'STAGE',
  'FILE FORMATS': 'FILE FORMAT',
  SEQUENCES: 'SEQUENCE',
  PIPES: 'PIPE',
  STREAMS: 'STREAM',
  TASKS: 'TASK',
  'USER FUNCTIONS': 'FUNCTION',
  PROCEDURES: 'PROCEDURE',
} as const;
export type OtherKind = (typeof OTHER_CONTENTS)[keyof typeof OTHER_CONTENTS];
export const OTHER_KINDS = Object.values(OTHER_CONTENTS);

/** How many names the full path of a thing has. */
export const PARTS = { DATABASE: 1, WAREHOUSE: 1, ROLE: 1, SCHEMA: 2, TABLE: 3, VIEW: 3 } as const;

/** What privileges are granted on. */
export type GrantTarget =
  | { on: 'ACCOUNT' }
  | { on: 'DATABASE' | 'WAREHOUSE' | 'SCHEMA' | 'TABLE' | 'VIEW'; path: Path }
  | { on: 'ALL' | 'FUTURE'; objects: ObjectKind; path: Path };

export type GrantsShown =
  | { of: 'ROLE'; name: string }
  | { to: 'ROLE' | 'USER'; name: string }
  | { on: 'ACCOUNT' | 'DATABASE' | 'WAREHOUSE' | 'SCHEMA' | 'TABLE' | 'VIEW' | 'ROLE'; path: Path };

interface Privileges {
  privileges: string[];
  target: GrantTarget;
  role: string;
  /** WITH GRANT OPTION: the grantee may grant it, too. */
  hasOption: boolean;
}

interface RoleGrant {
  role: string;
  to: 'USER' | 'ROLE';
  name: string;
}

/** `isLenient`: IF EXISTS, IF NOT EXISTS, IF SUSPENDED. */
export type Statement =
  | { kind: 'selectValues'; values: Selected[] }
  | { kind: 'selectTable'; table: Path; isCount: boolean; limit?: number }
  | {
      kind: 'createTable';
      table: Path;
      isLenient: boolean;
      columns: [name: string, type: string][];
    }
  | { kind: 'insert'; table: Path; rows: Value[][] }
  | { kind: 'showWarehouses' | 'showRoles' | 'showUsers'; narrowed: Narrowed }
  | { kind: 'showDatabases'; narrowed: Narrowed; hasDropped: boolean }
  | { kind: 'showSchemas'; narrowed: Narrowed; hasDropped: boolean; database?: string }
  | { kind: 'showObjects'; narrowed: Narrowed; schema: Path }
  | { kind: 'showContents'; narrowed: Narrowed; of: OtherKind; schema: Path }
  | { kind: 'showGrants'; shown: GrantsShown; limit?: number }
  | { kind: 'showFutureGrants'; shown: { schema: Path } | { role: string }; limit?: number }
  | { kind: 'createDatabase' | 'createRole'; name: string; isLenient: boolean; comment: string }
  | { kind: 'createSchema'; schema: Path; isLenient: boolean; isManaged: boolean; comment: string }
  | { kind: 'dropDatabase' | 'dropRole'; name: string; isLenient: boolean }
  | { kind: 'dropSchema'; schema: Path; isLenient: boolean }
  | { kind: 'undropSchema'; schema: Path }
  | { kind: 'undropDatabase'; name: string }
  | { kind: 'commentOn'; on: 'DATABASE' | 'SCHEMA' | 'ROLE'; path: Path; comment: string }
  | { kind: 'resumeWarehouse'; name: string; isLenient: boolean }
  | ({ kind: 'grantPrivileges' | 'revokePrivileges' } & Privileges)
  | ({ kind: 'grantRole' | 'revokeRole' } & RoleGrant)
  | { kind: 'grantOwnership'; role: string; owner: string };

export type StatementKind = Statement['kind'];

type Of<Each, Kind> = Each extends { kind: StatementKind }
  ? Kind extends Each['kind']
    ? Each
    : never
  : never;
export type StatementOf<Kind extends StatementKind> = Of<Statement, Kind>;

/** All kinds: those of which a fault can be told. */
export const STATEMENT_KINDS: readonly StatementKind[] = [
  'selectValues',
  'selectTable',
  'createTable',
  'insert',
  'showWarehouses',
  'showRoles',
  'showUsers',
  'showDatabases',
  'showSchemas',
  'showObjects',
  'showContents',
  'showGrants',
  'showFutureGrants',
  'createDatabase',
  'createRole',
  'createSchema',
  'dropDatabase',
  'dropRole',
  'dropSchema',
  'undropSchema',
  'undropDatabase',
  'commentOn',
  'resumeWarehouse',
  'grantPrivileges',
  'revokePrivileges',
  'grantRole',
  'revokeRole',
  'grantOwnership',
];
