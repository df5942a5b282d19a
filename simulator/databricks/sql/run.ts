import {
  alterOwner,
  changePrivileges,
  commentOn,
  createTable,
  dropTable,
  insert,
  runCreateSchema,
  runDropSchema,
  undropTable,
} from './change';
import { inSql } from './errors';
import { parseStatement } from './parser';
import { select } from './select';
import type { Result, Session } from './session';
import type { Statement } from './statement';
import { describeSchema, showCatalogs, showGrants, showSchemas, showTables } from './show';

const perform = (session: Session, statement: Statement): Result => {
  switch (statement.kind) {
    case 'select':
      return select(session, statement);
    case 'showCatalogs':
      return showCatalogs(session, statement);
    case 'showSchemas':
      return showSchemas(session, statement);
    case 'showTables':
      return showTables(session, statement);
    case 'showGrants':
      return showGrants(session, statement);
    case 'describeSchema':
      return describeSchema(session, statement);
    case 'createSchema':
      return runCreateSchema(session, statement);
    case 'dropSchema':
      return runDropSchema(session, statement);
    case 'commentOn':
      return commentOn(session, statement);
    case 'alterOwner':
      return alterOwner(session, statement);
    case 'grant':
    case 'revoke':
      return changePrivileges(session, statement);
    case 'createTable':
      return createTable(session, statement);
    case 'dropTable':
      return dropTable(session, statement);
    case 'undropTable':
      return undropTable(session, statement);
    case 'insert':
      return insert(session, statement);
  }
};

const nameOf = (statement: Statement): string[] => ('name' in statement ? statement.name : []);

/** What a statement answers, or the `SqlError` that makes it FAILED. */
export const runSql = (session: Session, sql: string): Result => {
  const statement = parseStatement(sql, session.parameters);
  try {
    return perform(session, statement);
  } catch (err) {
    throw inSql(err, { parts: nameOf(statement) });
  }
};
