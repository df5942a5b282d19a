import { z } from 'zod';
import { seedCount as count } from '../../steering/control';
import {
  type Account,
  addObject,
  type Membership,
  newDatabase,
  newSchema,
  newWarehouse,
} from './account';
import { OBJECT_KINDS, OTHER_KINDS } from '../sql/statement';

/** The user as whom statements come, and what else is there from the start. */
export interface Start {
  user: string;
  role: string;
  warehouse: string;
  /** Where schemas are made; '' for none. */
  database: string;
  /** The role that Airbyte writes with; it has the warehouse, and nothing else. */
  airbyteRole: string;
  /** Users that roles can be granted to. */
  people: string[];
}

const member = (role: string, to: Membership['to'], name: string): Membership => ({
  role,
  to,
  name,
  grantedBy: 'SECURITYADMIN',
  createdOn: Date.now(),
});

/** Without a login name it is the name, as with Snowflake. */
export const addUser = (
  account: Account,
  name: string,
  {
    defaultRole = 'PUBLIC',
    defaultWarehouse = '',
    loginName = name,
  }: { defaultRole?: string; defaultWarehouse?: string; loginName?: string | undefined } = {},
) => {
  account.users.set(name, {
    name,
    loginName,
    defaultRole,
    defaultWarehouse,
    comment: '',
    createdOn: Date.now(),
  });
};

const addRole = (account: Account, name: string, owner = 'USERADMIN') => {
  account.roles.set(name, { name, owner, comment: '', createdOn: Date.now() });
};

/** The user's role may make databases and roles, make schemas in the database, and let others into it. */
export const addStart = (account: Account, start: Start) => {
  const { user, role, warehouse, database, airbyteRole, people } = start;
  const createdOn = Date.now();
  for (const each of [role, airbyteRole]) addRole(account, each);
  addUser(account, user, { defaultRole: role, defaultWarehouse: warehouse });
  for (const name of people) addUser(account, name);
  account.memberships.push(member(role, 'USER', user));
  const given = { createdOn, grantedBy: 'ACCOUNTADMIN' };
  for (const privilege of ['CREATE DATABASE', 'CREATE ROLE', 'MANAGE GRANTS'])
    account.grants.push({ privilege, role, ...given });
  const made = newWarehouse(warehouse, 'SYSADMIN');
  made.grants.push(
    { privilege: 'USAGE', role, ...given },
    { privilege: 'OPERATE', role, ...given },
    { privilege: 'USAGE', role: airbyteRole, ...given },
  );
  account.warehouses.set(warehouse, made);
  if (database === '') return;
  const parent = newDatabase(database, 'SYSADMIN');
  parent.grants.push(
    { privilege: 'USAGE', role, ...given, hasOption: true },
    { privilege: 'CREATE SCHEMA', role, ...given },
  );
  account.databases.set(database, parent);
};

const name = z.string().min(1);

/** The body of POST /_simulator/seed: how many of each, by a name with a number behind it. */
export const Seed = z.strictObject({
  users: count,
  roles: count,
  /** Of the roles. */
  owner: name.default('USERADMIN'),
  /** The database that the roles may use. */
  uses: name.optional(),
  /** In `database`, which is made if it is missing. */
  schemas: count,
  database: name.default('SEEDED'),
  name: name.default('SEEDED'),
});
export type Seed = z.output<typeof Seed>;

export const seedAccount = (
  account: Account,
  { users, roles, owner, uses, schemas, database, name: prefix }: Seed,
) => {
  const names = (many: number) =>
    Array.from({ length: many }, (_none, index) => `${prefix}_${String(index + 1)}`);
  for (const each of names(users)) addUser(account, each);
  const given = { privilege: 'USAGE', grantedBy: 'SYSADMIN', createdOn: Date.now() };
  for (const role of names(roles)) {
    addRole(account, role, owner);
    if (uses !== undefined) account.databases.get(uses)?.grants.push({ role, ...given });
  }
  if (schemas > 0) {
    const parent = account.databases.get(database) ?? newDatabase(database, 'SYSADMIN');
    account.databases.set(database, parent);
    for (const each of names(schemas)) parent.schemas.set(each, newSchema(each, 'SYSADMIN'));
  }
  return { users, roles, schemas };
};

/** The body of POST /_simulator/objects: a table or view, as Airbyte would have made it. */
export const Objects = z.strictObject({
  database: name,
  schema: name,
  name,
  kind: z.enum([...OBJECT_KINDS, ...OTHER_KINDS]).default('TABLE'),
  /** A role. */
  owner: name.default('SYSADMIN'),
  columns: z.array(name).min(1).default(['ID']),
  /** Values, or how many rows there are. */
  rows: z.union([count, z.array(z.array(z.string().nullable()))]).default(0),
});
export type Objects = z.output<typeof Objects>;

const rowsOf = ({ rows, columns }: Objects) =>
  typeof rows === 'number'
    ? Array.from({ length: rows }, (_none, index) => columns.map(() => String(index + 1)))
    : rows;

/** Whether there is such a schema to make it in. */
export const addObjects = (account: Account, given: Objects): boolean => {
  const schema = account.databases.get(given.database)?.schemas.get(given.schema);
  if (!schema || !account.roles.has(given.owner)) return false;
  addObject(schema, {
    name: given.name,
    owner: given.owner,
    kind: given.kind,
    columns: given.columns.map((column) => [column, 'TEXT']),
    rows: rowsOf(given),
  });
  return true;
};
