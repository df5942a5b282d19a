import { literal, quoted } from './names';

/*
 * Every text of SQL that is made here: statements that people are told to run. The client itself works
 * through REST, and runs as SQL only what it is given.
 */

type Privilege = string;

const inWords = (privileges: readonly Privilege[]) =>
  privileges.map((each) => each.replaceAll('_', ' ')).join(', ');

interface Grant {
  catalog: string;
  schema?: string | undefined;
  privileges: readonly Privilege[];
  principal: string;
}

const placeIn = ({ catalog, schema }: Pick<Grant, 'catalog' | 'schema'>) =>
  schema === undefined
    ? `CATALOG ${quoted(catalog)}`
    : `SCHEMA ${quoted(catalog)}.${quoted(schema)}`;

/** `GRANT USE CATALOG, CREATE SCHEMA ON CATALOG ...`, to copy. */
export const grantStatement = ({ privileges, principal, ...on }: Grant) =>
  `GRANT ${inWords(privileges)} ON ${placeIn(on)} TO ${quoted(principal)}`;

/** The reverse. */
export const revokeStatement = ({ privileges, principal, ...on }: Grant) =>
  `REVOKE ${inWords(privileges)} ON ${placeIn(on)} FROM ${quoted(principal)}`;

/** With which an owner hands a schema over. */
export const commentStatement = (catalog: string, schema: string, comment: string) =>
  `COMMENT ON SCHEMA ${quoted(catalog)}.${quoted(schema)} IS ${literal(comment)}`;

/** For who is left with an undo that cannot drop it. */
export const dropStatement = (catalog: string, schema: string) =>
  `DROP SCHEMA IF EXISTS ${quoted(catalog)}.${quoted(schema)} CASCADE`;
