import type { Reader } from './reader';
import { type GrantTarget, PARTS, type Statement } from './statement';

const OF_TABLES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES'] as const;

/** What can be granted on each kind of thing; of those that Snowflake has, the ones known here. */
const PRIVILEGES = {
  ACCOUNT: ['CREATE DATABASE', 'CREATE ROLE', 'CREATE USER', 'CREATE WAREHOUSE', 'MANAGE GRANTS'],
  DATABASE: ['USAGE', 'CREATE SCHEMA', 'MONITOR', 'MODIFY'],
  WAREHOUSE: ['USAGE', 'OPERATE', 'MONITOR', 'MODIFY'],
  SCHEMA: [
    'USAGE',
    'CREATE TABLE',
    'CREATE VIEW',
    'CREATE STAGE',
    'CREATE FILE FORMAT',
    'CREATE PIPE',
    'CREATE SEQUENCE',
    'MONITOR',
    'MODIFY',
  ],
  TABLE: OF_TABLES,
  VIEW: ['SELECT', 'REFERENCES'],
} as const;

const ALL: string[] = [...new Set(Object.values(PRIVILEGES).flat())];

const objectsOf = { TABLES: 'TABLE', VIEWS: 'VIEW' } as const;

const bulk = (reader: Reader, on: 'ALL' | 'FUTURE'): GrantTarget => {
  const objects = objectsOf[reader.oneOf(['TABLES', 'VIEWS'])];
  reader.expect('IN', 'SCHEMA');
  return { on, objects, path: reader.path(2) };
};

const targetOf = (reader: Reader): GrantTarget => {
  reader.expect('ON');
  if (reader.took('ACCOUNT')) return { on: 'ACCOUNT' };
  if (reader.took('ALL')) return bulk(reader, 'ALL');
  if (reader.took('FUTURE')) return bulk(reader, 'FUTURE');
  const on = reader.oneOf(['DATABASE', 'WAREHOUSE', 'SCHEMA', 'TABLE', 'VIEW']);
  return { on, path: reader.path(PARTS[on]) };
};

const kindOf = (target: GrantTarget) => ('objects' in target ? target.objects : target.on);

/** A privilege that the kind of thing has not is a syntax error where the grantee should stand. */
const readPrivileges = (reader: Reader, preposition: 'TO' | 'FROM') => {
  const privileges = reader.list(() => reader.oneOf(ALL));
  const target = targetOf(reader);
  const known: readonly string[] = PRIVILEGES[kindOf(target)];
  if (!privileges.every((each) => known.includes(each))) reader.fail();
  reader.expect(preposition);
  reader.took('ROLE');
  const role = reader.name();
  return {
    privileges,
    target,
    role,
    hasOption: preposition === 'TO' && reader.took('WITH', 'GRANT', 'OPTION'),
  };
};

const readRole = (reader: Reader, preposition: 'TO' | 'FROM') => {
  const role = reader.name();
  reader.expect(preposition);
  return { role, to: reader.oneOf(['USER', 'ROLE']), name: reader.name() };
};

/** Of roles alone: to whom schemas and databases go is nobody's question here. */
const readOwnership = (reader: Reader): Statement => {
  reader.expect('ON', 'ROLE');
  const role = reader.name();
  reader.expect('TO', 'ROLE');
  const owner = reader.name();
  reader.took('COPY', 'CURRENT', 'GRANTS');
  return { kind: 'grantOwnership', role, owner };
};

export const readGrant = (reader: Reader): Statement => {
  if (reader.took('OWNERSHIP')) return readOwnership(reader);
  return reader.took('ROLE')
    ? { kind: 'grantRole', ...readRole(reader, 'TO') }
    : { kind: 'grantPrivileges', ...readPrivileges(reader, 'TO') };
};

export const readRevoke = (reader: Reader): Statement =>
  reader.took('ROLE')
    ? { kind: 'revokeRole', ...readRole(reader, 'FROM') }
    : { kind: 'revokePrivileges', ...readPrivileges(reader, 'FROM') };
