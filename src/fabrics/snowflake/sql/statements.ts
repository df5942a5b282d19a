import {
  commentOn,
  grantOnAccount,
  grantOnDatabase,
  grantRoleTo,
  qualified,
} from './administration';
import type { Kind } from './administration';
import { READ_ROLES, literal, pattern, patternFrom, quoted } from './names';

/* Every text that is sent to Snowflake on our own account. What is run for somebody is his. */

/** A statement, and what the role in use must have for it: SQL to copy. */
export interface Statement {
  text: string;
  needs?: string[];
  /** It comes to the same though somebody has looked before it is done. */
  mayBeLate?: true;
}

/** Rows of a page of schemas or roles; a SHOW answers with 10,000 at most. */
export const PAGE = 5000;

const pageAfter = (last: string | undefined) =>
  `LIMIT ${String(PAGE)}${last === undefined ? '' : ` FROM ${literal(last)}`}`;

type ObjectKind = 'TABLES' | 'VIEWS';
type Extent = 'ALL' | 'FUTURE';

/** What there may be in a schema; of `OBJECTS` are the tables and views of every kind. */
export const CONTENTS = [
  'OBJECTS',
  'STAGES',
  'FILE FORMATS',
  'SEQUENCES',
  'PIPES',
  'STREAMS',
  'TASKS',
  'USER FUNCTIONS',
  'PROCEDURES',
] as const;
export type Contents = (typeof CONTENTS)[number];

/** What anybody may look at who is let in; what he may not see is not in it. */
export const LOOKS = {
  whoWeAre: (): Statement => ({
    text: 'SELECT CURRENT_USER(), CURRENT_ROLE(), CURRENT_WAREHOUSE()',
  }),
  warehouses: (name: string): Statement => ({ text: `SHOW WAREHOUSES LIKE ${pattern(name)}` }),
  databases: (name: string): Statement => ({ text: `SHOW DATABASES LIKE ${pattern(name)}` }),
  databaseHistory: (name: string): Statement => ({
    text: `SHOW DATABASES HISTORY LIKE ${pattern(name)}`,
  }),
  schema: (database: string, name: string): Statement => ({
    text: `SHOW SCHEMAS LIKE ${pattern(name)} IN DATABASE ${quoted(database)}`,
  }),
  schemas: (database: string, after?: string): Statement => ({
    text: `SHOW SCHEMAS IN DATABASE ${quoted(database)} ${pageAfter(after)}`,
  }),
  schemaHistory: (database: string, name: string): Statement => ({
    text: `SHOW SCHEMAS HISTORY LIKE ${pattern(name)} IN DATABASE ${quoted(database)}`,
  }),
  contents: (contents: Contents, place: readonly [string, string]): Statement => ({
    text: `SHOW ${contents} IN SCHEMA ${qualified(place)}`,
  }),
  /** Tables and views whose names begin so, in any case. */
  objectsFrom: (start: string, place: readonly [string, string]): Statement => ({
    text: `SHOW OBJECTS LIKE ${patternFrom(start)} IN SCHEMA ${qualified(place)}`,
  }),
  role: (name: string): Statement => ({ text: `SHOW ROLES LIKE ${pattern(name)}` }),
  roles: (): Statement => ({ text: "SHOW ROLES LIKE '%'" }),
  /** Of components, by their names: a list of all may be longer than Snowflake tells. */
  readRoles: (after?: string): Statement => ({
    text: `SHOW ROLES LIKE ${literal(READ_ROLES)} ${pageAfter(after)}`,
  }),
  user: (name: string): Statement => ({ text: `SHOW USERS LIKE ${pattern(name)}` }),
  users: (): Statement => ({ text: "SHOW USERS LIKE '%'" }),
  members: (role: string): Statement => ({ text: `SHOW GRANTS OF ROLE ${quoted(role)}` }),
  grantsTo: (role: string): Statement => ({ text: `SHOW GRANTS TO ROLE ${quoted(role)}` }),
  grantsOn: (kind: Kind | 'WAREHOUSE', parts: readonly string[]): Statement => ({
    text: `SHOW GRANTS ON ${kind} ${qualified(parts)}`,
  }),
  grantsOnAccount: (): Statement => ({ text: 'SHOW GRANTS ON ACCOUNT' }),
  futureGrants: (database: string, schema: string): Statement => ({
    text: `SHOW FUTURE GRANTS IN SCHEMA ${qualified([database, schema])}`,
  }),
};

/** What changes something, as the role `by`: done once or twice, it comes to the same. */
export const changesBy = (by: string) => {
  const owns = (kind: Kind | 'ROLE', parts: readonly string[]) => [
    `GRANT OWNERSHIP ON ${kind} ${qualified(parts)} TO ROLE ${quoted(by)}${kind === 'ROLE' ? '' : ' COPY CURRENT GRANTS'}`,
  ];
  const onAccount = (privilege: string) => [grantOnAccount(privilege, by)];
  const inDatabase = (database: string) => [grantOnDatabase('USAGE, CREATE SCHEMA', database, by)];
  /** Only an owner grants, or whom he lets. */
  const passesOn = (kind: Kind, parts: readonly string[], privileges: readonly string[]) => [
    `GRANT ${privileges.join(', ')} ON ${kind} ${qualified(parts)} TO ROLE ${quoted(by)} WITH GRANT OPTION`,
  ];
  return {
    createDatabase: (name: string, comment: string): Statement => ({
      text: `CREATE DATABASE IF NOT EXISTS ${quoted(name)} COMMENT = ${literal(comment)}`,
      needs: onAccount('CREATE DATABASE'),
    }),
    /** Of managed access: its owner grants what others make in it, and they do not. */
    createSchema: ([database, schema]: readonly [string, string], comment: string): Statement => ({
      text: `CREATE SCHEMA IF NOT EXISTS ${qualified([database, schema])} WITH MANAGED ACCESS COMMENT = ${literal(comment)}`,
      needs: inDatabase(database),
    }),
    createRole: (name: string, comment: string): Statement => ({
      text: `CREATE ROLE IF NOT EXISTS ${quoted(name)} COMMENT = ${literal(comment)}`,
      needs: onAccount('CREATE ROLE'),
    }),
    commentOnDatabase: (name: string, comment: string): Statement => ({
      text: commentOn('DATABASE', [name], comment),
      needs: owns('DATABASE', [name]),
    }),
    dropSchema: (database: string, schema: string): Statement => ({
      text: `DROP SCHEMA IF EXISTS ${qualified([database, schema])} CASCADE`,
      needs: owns('SCHEMA', [database, schema]),
    }),
    dropDatabase: (name: string): Statement => ({
      text: `DROP DATABASE IF EXISTS ${quoted(name)}`,
      needs: owns('DATABASE', [name]),
    }),
    dropRole: (name: string): Statement => ({
      text: `DROP ROLE IF EXISTS ${quoted(name)}`,
      needs: owns('ROLE', [name]),
    }),
    undropSchema: (database: string, schema: string): Statement => ({
      text: `UNDROP SCHEMA ${qualified([database, schema])}`,
      needs: inDatabase(database),
    }),
    undropDatabase: (name: string): Statement => ({
      text: `UNDROP DATABASE ${quoted(name)}`,
      needs: onAccount('CREATE DATABASE'),
    }),
    grant: (
      privileges: readonly string[],
      { kind, parts, to }: { kind: Kind; parts: readonly string[]; to: string },
    ): Statement => ({
      text: `GRANT ${privileges.join(', ')} ON ${kind} ${qualified(parts)} TO ROLE ${quoted(to)}`,
      needs: passesOn(kind, parts, privileges),
    }),
    revoke: (
      privileges: readonly string[],
      { kind, parts, to }: { kind: Kind; parts: readonly string[]; to: string },
    ): Statement => ({
      text: `REVOKE ${privileges.join(', ')} ON ${kind} ${qualified(parts)} FROM ROLE ${quoted(to)}`,
      needs: passesOn(kind, parts, privileges),
    }),
    grantSelect: (
      extent: Extent,
      { kind, parts, to }: { kind: ObjectKind; parts: readonly string[]; to: string },
    ): Statement => ({
      text: `GRANT SELECT ON ${extent} ${kind} IN SCHEMA ${qualified(parts)} TO ROLE ${quoted(to)}`,
      needs: owns('SCHEMA', parts),
      // It takes as long as there are tables, and an undo takes the role or leaves what is granted.
      ...(extent === 'ALL' && { mayBeLate: true }),
    }),
    revokeSelect: (
      extent: Extent,
      { kind, parts, to }: { kind: ObjectKind; parts: readonly string[]; to: string },
    ): Statement => ({
      text: `REVOKE SELECT ON ${extent} ${kind} IN SCHEMA ${qualified(parts)} FROM ROLE ${quoted(to)}`,
      needs: owns('SCHEMA', parts),
    }),
    grantRole: (role: string, kind: 'USER' | 'ROLE', to: string): Statement => ({
      text: grantRoleTo(role, kind, to),
      needs: owns('ROLE', [role]),
    }),
    revokeRole: (role: string, kind: 'USER' | 'ROLE', from: string): Statement => ({
      text: `REVOKE ROLE ${quoted(role)} FROM ${kind} ${quoted(from)}`,
      needs: owns('ROLE', [role]),
    }),
  };
};
