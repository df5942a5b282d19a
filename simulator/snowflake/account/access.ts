import type { Account, Database, Schema, SchemaObject, Securable, Warehouse } from './account';
import { missing, noDatabase } from '../sql/problems';

export interface Session {
  user: string;
  role: string;
  /** Undefined without one, or with one that is not there. */
  warehouse?: string | undefined;
  database?: string | undefined;
  schema?: string | undefined;
}

/** The role, and all that were granted to it, and to those. */
export const heldBy = ({ memberships }: Account, role: string): Set<string> => {
  const held = new Set([role, 'PUBLIC']);
  for (const each of held)
    for (const { role: granted, to, name } of memberships)
      if (to === 'ROLE' && name === each) held.add(granted);
  return held;
};

/** Whether the user may take the role. */
export const mayUse = (account: Account, user: string, role: string) =>
  account.memberships
    .filter(({ to, name }) => to === 'USER' && name === user)
    .some((membership) => heldBy(account, membership.role).has(role)) || role === 'PUBLIC';

/** What the session's role may see and do. */
export const createAccess = (account: Account, { role, database: current }: Session) => {
  const held = heldBy(account, role);
  const inAccount = (privilege: string) =>
    account.grants.some((grant) => grant.privilege === privilege && held.has(grant.role));
  const manages = inAccount('MANAGE GRANTS');
  const owns = ({ owner }: { owner: string }) => held.has(owner);
  const has = (on: Securable, privilege: string) =>
    owns(on) || on.grants.some((grant) => grant.privilege === privilege && held.has(grant.role));
  /** With MANAGE GRANTS everything is seen; else what one has any privilege on. */
  const sees = (on: Securable) =>
    manages || owns(on) || on.grants.some((grant) => held.has(grant.role));
  /** In a database that it sees. */
  const seesSchema = (schema: Schema) => schema.name === 'INFORMATION_SCHEMA' || sees(schema);

  const database = (name: string): Database => {
    const found = account.databases.get(name);
    if (!found || !sees(found)) throw missing('DATABASE', name);
    return found;
  };
  /** A path without its database is in that of the session. */
  const full = (path: string[], parts: number) => {
    if (path.length === parts) return path;
    if (current === undefined || path.length < parts - 1) throw noDatabase();
    return [current, ...path];
  };
  const schema = (path: string[]): Schema => {
    const [databaseName = '', name = ''] = full(path, 2);
    const parent = database(databaseName);
    const found = parent.schemas.get(name);
    if (!found || !seesSchema(found)) throw missing('SCHEMA', databaseName, name);
    return found;
  };
  const object = (path: string[]): SchemaObject => {
    const [databaseName = '', schemaName = '', name = ''] = full(path, 3);
    const parent = account.databases.get(databaseName);
    const found = parent?.schemas.get(schemaName)?.objects.get(name);
    if (!found || !sees(found)) throw missing('OBJECT', databaseName, schemaName, name);
    return found;
  };
  /** What is read or written, where one may use all of its path and has the privilege. */
  const data = (path: string[], privilege: string): SchemaObject => {
    const [databaseName = '', schemaName = ''] = full(path, 3);
    const parent = account.databases.get(databaseName);
    const around = parent?.schemas.get(schemaName);
    const isOpen = parent && around && has(parent, 'USAGE') && has(around, 'USAGE');
    if (!isOpen) throw missing('OBJECT', ...full(path, 3));
    const found = object(path);
    if (!has(found, privilege)) throw missing('OBJECT', ...full(path, 3));
    return found;
  };
  const warehouse = (name: string): Warehouse => {
    const found = account.warehouses.get(name);
    if (!found || !sees(found)) throw missing('WAREHOUSE', name);
    return found;
  };
  return {
    role,
    manages,
    held,
    inAccount,
    owns,
    has,
    sees,
    seesSchema,
    full,
    database,
    schema,
    object,
    data,
    warehouse,
  };
};
export type Access = ReturnType<typeof createAccess>;
