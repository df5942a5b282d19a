import { literal, quoted } from './names';

/* SQL for people to copy: what an administrator or an owner runs who lets a role do more. */

/** Databases, schemas and roles have names of one or two parts. */
export type Parts = readonly [string] | readonly [string, string];

export const qualified = (parts: readonly string[]) => parts.map(quoted).join('.');

export type Kind = 'DATABASE' | 'SCHEMA';

export const commentOn = (kind: Kind, parts: readonly string[], comment: string) =>
  `COMMENT ON ${kind} ${qualified(parts)} IS ${literal(comment)}`;

export const grantRoleTo = (role: string, kind: 'USER' | 'ROLE', to: string) =>
  `GRANT ROLE ${quoted(role)} TO ${kind} ${quoted(to)}`;

export const grantOnAccount = (privilege: string, to: string) =>
  `GRANT ${privilege} ON ACCOUNT TO ROLE ${quoted(to)}`;

export const grantOnWarehouse = (privileges: string, name: string, to: string) =>
  `GRANT ${privileges} ON WAREHOUSE ${quoted(name)} TO ROLE ${quoted(to)}`;

export const grantOnDatabase = (privileges: string, name: string, to: string) =>
  `GRANT ${privileges} ON DATABASE ${quoted(name)} TO ROLE ${quoted(to)}`;

export const dropTable = (parts: readonly string[]) => `DROP TABLE IF EXISTS ${qualified(parts)}`;

/** With which the role lets others into it. */
export const letGrantUsage = (database: string, to: string) =>
  `${grantOnDatabase('USAGE', database, to)} WITH GRANT OPTION`;

export const resumeWarehouse = (name: string) => `ALTER WAREHOUSE ${quoted(name)} RESUME`;

export const resumeByItself = (name: string) =>
  `ALTER WAREHOUSE ${quoted(name)} SET AUTO_RESUME = TRUE`;

/** What an owner runs who wants that to be a component's which is his. */
export const handingOver = (
  kind: Kind | 'ROLE',
  parts: readonly string[],
  { comment, to }: { comment: string; to: string | undefined },
) => [
  kind === 'ROLE'
    ? `ALTER ROLE ${qualified(parts)} SET COMMENT = ${literal(comment)}`
    : commentOn(kind, parts, comment),
  ...(to === undefined
    ? []
    : [
        `GRANT OWNERSHIP ON ${kind} ${qualified(parts)} TO ROLE ${quoted(to)}${kind === 'ROLE' ? '' : ' COPY CURRENT GRANTS'}`,
      ]),
];
