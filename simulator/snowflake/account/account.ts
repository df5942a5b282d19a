import type { ObjectKind, OtherKind } from '../sql/statement';

export interface Grant {
  privilege: string;
  role: string;
  grantedBy: string;
  /** Whether who has it may grant it. */
  hasOption?: boolean;
  /** Epoch milliseconds, as all times here. */
  createdOn: number;
}

/** What privileges are granted on. `owner` is a role, '' for what is Snowflake's own. */
export interface Securable {
  name: string;
  owner: string;
  comment: string;
  createdOn: number;
  grants: Grant[];
}

export type Row = (string | null)[];

export interface SchemaObject extends Securable {
  kind: ObjectKind | OtherKind;
  columns: [name: string, type: string][];
  rows: Row[];
}

interface FutureGrant extends Omit<Grant, 'grantedBy'> {
  on: ObjectKind;
}

export interface Schema extends Securable {
  isManaged: boolean;
  objects: Map<string, SchemaObject>;
  futures: FutureGrant[];
  droppedOn: number | null;
}

export interface Database extends Securable {
  schemas: Map<string, Schema>;
  /** The last one dropped is the last. */
  dropped: Schema[];
  droppedOn: number | null;
}

export interface Role {
  name: string;
  owner: string;
  comment: string;
  createdOn: number;
}

export interface Membership {
  role: string;
  to: 'USER' | 'ROLE';
  name: string;
  grantedBy: string;
  createdOn: number;
}

export interface User {
  name: string;
  /** That who manages grants may see. */
  loginName: string;
  defaultRole: string;
  defaultWarehouse: string;
  comment: string;
  createdOn: number;
}

export interface Warehouse extends Securable {
  state: 'STARTED' | 'SUSPENDED';
  autoResume: boolean;
}

/** All that a Snowflake account remembers; names are as they are kept: without quotes, in their case. */
export interface Account {
  name: string;
  grants: Grant[];
  databases: Map<string, Database>;
  dropped: Database[];
  roles: Map<string, Role>;
  users: Map<string, User>;
  warehouses: Map<string, Warehouse>;
  memberships: Membership[];
}

const SYSTEM_ROLES = ['ACCOUNTADMIN', 'SECURITYADMIN', 'SYSADMIN', 'USERADMIN', 'PUBLIC'];

const SYSTEM_MEMBERSHIPS = [
  ['USERADMIN', 'SECURITYADMIN'],
  ['SECURITYADMIN', 'ACCOUNTADMIN'],
  ['SYSADMIN', 'ACCOUNTADMIN'],
] as const;

const SYSTEM_PRIVILEGES = [
  ['MANAGE GRANTS', 'SECURITYADMIN'],
  ['CREATE ROLE', 'USERADMIN'],
  ['CREATE USER', 'USERADMIN'],
  ['CREATE DATABASE', 'SYSADMIN'],
  ['CREATE WAREHOUSE', 'SYSADMIN'],
] as const;

const byName = <Named extends { name: string }>(all: Named[]) =>
  new Map(all.map((each) => [each.name, each]));

/** With the roles that every account has, and nothing else. */
export const createAccount = (name: string): Account => {
  const createdOn = Date.now();
  return {
    name,
    grants: SYSTEM_PRIVILEGES.map(([privilege, role]) => ({
      privilege,
      role,
      grantedBy: '',
      createdOn,
    })),
    databases: new Map(),
    dropped: [],
    roles: byName(SYSTEM_ROLES.map((role) => ({ name: role, owner: '', comment: '', createdOn }))),
    users: new Map(),
    warehouses: new Map(),
    memberships: SYSTEM_MEMBERSHIPS.map(([role, to]) => ({
      role,
      to: 'ROLE',
      name: to,
      grantedBy: '',
      createdOn,
    })),
  };
};

const securable = (name: string, owner: string, comment = ''): Securable => ({
  name,
  owner,
  comment,
  createdOn: Date.now(),
  grants: [],
});

export const newSchema = (
  name: string,
  owner: string,
  comment = '',
  isManaged = false,
): Schema => ({
  ...securable(name, owner, comment),
  isManaged,
  objects: new Map(),
  futures: [],
  droppedOn: null,
});

/** With the two schemas that every database has. */
export const newDatabase = (name: string, owner: string, comment = ''): Database => ({
  ...securable(name, owner, comment),
  schemas: byName([newSchema('INFORMATION_SCHEMA', ''), newSchema('PUBLIC', owner)]),
  dropped: [],
  droppedOn: null,
});

export const newWarehouse = (name: string, owner: string): Warehouse => ({
  ...securable(name, owner),
  state: 'STARTED',
  autoResume: true,
});

/** Into the schema, with the privileges that its future grants give. */
export const addObject = (
  schema: Schema,
  object: Pick<SchemaObject, 'name' | 'owner' | 'kind' | 'columns' | 'rows'>,
) => {
  const { owner, kind, name } = object;
  const made = { ...securable(name, owner), ...object };
  for (const { on, privilege, role } of schema.futures)
    if (on === kind)
      made.grants.push({ privilege, role, grantedBy: owner, createdOn: made.createdOn });
  schema.objects.set(name, made);
  return made;
};

const schemasOf = ({ databases, dropped }: Account) =>
  [...databases.values(), ...dropped].flatMap((database) => [
    ...database.schemas.values(),
    ...database.dropped,
  ]);

/** The role goes, with its grants and memberships; `heir` owns what it owned. */
export const removeRole = (account: Account, name: string, heir: string) => {
  account.roles.delete(name);
  account.memberships = account.memberships.filter(
    (each) => each.role !== name && !(each.to === 'ROLE' && each.name === name),
  );
  const schemas = schemasOf(account);
  const withoutRole = (holder: { grants: Grant[] }) => {
    holder.grants = holder.grants.filter(({ role }) => role !== name);
  };
  withoutRole(account);
  const securables: Securable[] = [
    ...account.databases.values(),
    ...account.dropped,
    ...account.warehouses.values(),
    ...schemas,
    ...schemas.flatMap(({ objects }) => [...objects.values()]),
  ];
  for (const each of securables) withoutRole(each);
  for (const schema of schemas) schema.futures = schema.futures.filter(({ role }) => role !== name);
  for (const each of [...securables, ...account.roles.values()])
    if (each.owner === name) each.owner = heir;
};
