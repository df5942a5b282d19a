import { createAccess, type Session } from './access';
import type { Account } from './account';
import * as changes from './changes';
import * as data from './data';
import * as grants from './grants';
import type { Result } from './result';
import * as showGrants from './show-grants';
import * as shows from './shows';
import type { Statement, StatementKind, StatementOf } from '../sql/statement';

const createWorld = (account: Account, session: Session, bindings: data.Bindings) => ({
  account,
  session,
  bindings,
  access: createAccess(account, session),
});
type World = ReturnType<typeof createWorld>;

type Executors = {
  [Kind in StatementKind]: (world: World, statement: StatementOf<Kind>) => Result;
};
const executors: Executors = { ...changes, ...data, ...grants, ...showGrants, ...shows };

const run = <Kind extends StatementKind>(
  kind: Kind,
  world: World,
  statement: StatementOf<Kind>,
): Result => executors[kind](world, statement);

/** Does the statement with the session's role, at once and as a whole; SqlProblem where it fails. */
export const execute = (
  account: Account,
  {
    statement,
    session,
    bindings,
  }: { statement: Statement; session: Session; bindings: data.Bindings },
): Result => run(statement.kind, createWorld(account, session, bindings), statement);
