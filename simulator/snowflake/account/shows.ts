import type { Access, Session } from './access';
import type { Account, Database, Schema, SchemaObject } from './account';
import { narrow } from './narrow';
import { nothingToShow, SqlProblem } from '../sql/problems';
import { type Result, shownTime, table } from './result';
import { OBJECT_KINDS, type StatementOf } from '../sql/statement';

interface World {
  account: Account;
  access: Access;
  session: Session;
}

/** Names of columns, with spaces between them. */
const columns = (names: string) => names.split(' ');

const DATABASES = columns(
  'created_on name is_default is_current origin owner comment options retention_time kind owner_role_type',
);
const SCHEMAS = columns(
  'created_on name is_default is_current database_name owner comment options retention_time owner_role_type',
);
const OBJECTS = columns(
  'created_on name database_name schema_name kind comment cluster_by rows bytes owner retention_time owner_role_type',
);
const ROLES = columns(
  'created_on name is_default is_current is_inherited assigned_to_users granted_to_roles granted_roles owner comment',
);
const USERS = columns(
  'name created_on login_name display_name first_name last_name email disabled default_warehouse default_role owner comment',
);
const WAREHOUSES = columns(
  'name state type size running queued is_default is_current auto_suspend auto_resume created_on owner comment',
);

const yes = (is: boolean) => (is ? 'Y' : 'N');
const ownerType = (owner: string) => (owner === '' ? '' : 'ROLE');

const shownDropped = (hasDropped: boolean, droppedOn: number | null) =>
  hasDropped ? { dropped_on: droppedOn === null ? null : shownTime(droppedOn) } : {};

export const showDatabases = (
  { account, access, session }: World,
  { narrowed, hasDropped }: StatementOf<'showDatabases'>,
): Result => {
  const all = [...account.databases.values(), ...(hasDropped ? account.dropped : [])];
  return table(
    hasDropped ? [...DATABASES, 'dropped_on'] : DATABASES,
    narrow(all.filter(access.sees), narrowed).map(
      ({ name, owner, comment, createdOn, droppedOn }) => ({
        created_on: shownTime(createdOn),
        name,
        is_default: 'N',
        is_current: yes(session.database === name),
        owner,
        comment,
        retention_time: '1',
        kind: 'STANDARD',
        owner_role_type: ownerType(owner),
        ...shownDropped(hasDropped, droppedOn),
      }),
    ),
  );
};

const optionsOf = ({ isManaged }: Schema) => (isManaged ? 'MANAGED ACCESS' : '');

/** A place that is missing is told otherwise by a SHOW than by a change. */
const shownPlace = <Place>(find: () => Place): Place => {
  try {
    return find();
  } catch (err) {
    if (err instanceof SqlProblem && err.code === '002003') throw nothingToShow();
    throw err;
  }
};

export const showSchemas = (
  { account, access, session }: World,
  { narrowed, hasDropped, database: named }: StatementOf<'showSchemas'>,
): Result => {
  const database = named ?? session.database;
  const databases: Database[] =
    database === undefined
      ? [...account.databases.values()].filter(access.sees)
      : [shownPlace(() => access.database(database))];
  const all = databases.flatMap((parent) =>
    [...parent.schemas.values(), ...(hasDropped ? parent.dropped : [])]
      .filter(access.seesSchema)
      .map((schema) => ({ name: schema.name, schema, parent })),
  );
  return table(
    hasDropped ? [...SCHEMAS, 'dropped_on'] : SCHEMAS,
    narrow(all, narrowed).map(({ schema, parent }) => ({
      created_on: shownTime(schema.createdOn),
      name: schema.name,
      is_default: 'N',
      is_current: yes(session.database === parent.name && session.schema === schema.name),
      database_name: parent.name,
      owner: schema.owner,
      comment: schema.comment,
      options: optionsOf(schema),
      retention_time: '1',
      owner_role_type: ownerType(schema.owner),
      ...shownDropped(hasDropped, schema.droppedOn),
    })),
  );
};

const isTableOrView = ({ kind }: SchemaObject) => OBJECT_KINDS.some((each) => each === kind);

const CONTENTS = columns('created_on name database_name schema_name owner comment');

/** Of the columns that each of these lists has those that all have. */
export const showContents = (
  { access }: World,
  { narrowed, of, schema: path }: StatementOf<'showContents'>,
): Result => {
  const [database = ''] = access.full(path, 2);
  const schema = shownPlace(() => access.schema(path));
  const meant = [...schema.objects.values()].filter(({ kind }) => kind === of);
  return table(
    CONTENTS,
    narrow(meant.filter(access.sees), narrowed).map((each) => ({
      created_on: shownTime(each.createdOn),
      name: each.name,
      database_name: database,
      schema_name: schema.name,
      owner: each.owner,
      comment: each.comment,
    })),
  );
};

export const showObjects = (
  { access }: World,
  { narrowed, schema: path }: StatementOf<'showObjects'>,
): Result => {
  const [database = ''] = access.full(path, 2);
  const schema = shownPlace(() => access.schema(path));
  return table(
    OBJECTS,
    narrow([...schema.objects.values()].filter(isTableOrView).filter(access.sees), narrowed).map(
      (object) => ({
        created_on: shownTime(object.createdOn),
        name: object.name,
        database_name: database,
        schema_name: schema.name,
        kind: object.kind,
        comment: object.comment,
        rows: String(object.rows.length),
        bytes: '0',
        owner: object.owner,
        retention_time: '1',
        owner_role_type: ownerType(object.owner),
      }),
    ),
  );
};

export const showRoles = (
  { account, access, session }: World,
  { narrowed }: StatementOf<'showRoles'>,
): Result => {
  const count = (isMeant: (each: Account['memberships'][number]) => boolean) =>
    String(account.memberships.filter(isMeant).length);
  const defaultRole = account.users.get(session.user)?.defaultRole;
  return table(
    ROLES,
    narrow(account.roles.values(), narrowed).map(({ name, owner, comment, createdOn }) => ({
      created_on: shownTime(createdOn),
      name,
      is_default: yes(defaultRole === name),
      is_current: yes(session.role === name),
      is_inherited: yes(session.role !== name && access.held.has(name)),
      assigned_to_users: count((each) => each.role === name && each.to === 'USER'),
      granted_to_roles: count((each) => each.role === name && each.to === 'ROLE'),
      granted_roles: count((each) => each.to === 'ROLE' && each.name === name),
      owner,
      comment,
    })),
  );
};

/** Without MANAGE GRANTS little more than the names. */
export const showUsers = (
  { account, access }: World,
  { narrowed }: StatementOf<'showUsers'>,
): Result =>
  table(
    USERS,
    narrow(account.users.values(), narrowed).map((user) => ({
      name: user.name,
      created_on: shownTime(user.createdOn),
      display_name: user.name,
      comment: user.comment,
      login_name: access.manages ? user.loginName : null,
      disabled: access.manages ? 'false' : null,
      default_warehouse: access.manages ? user.defaultWarehouse : null,
      default_role: access.manages ? user.defaultRole : null,
    })),
  );

export const showWarehouses = (
  { account, access, session }: World,
  { narrowed }: StatementOf<'showWarehouses'>,
): Result =>
  table(
    WAREHOUSES,
    narrow([...account.warehouses.values()].filter(access.sees), narrowed).map((warehouse) => ({
      name: warehouse.name,
      state: warehouse.state,
      type: 'STANDARD',
      size: 'X-Small',
      running: '0',
      queued: '0',
      is_default: yes(account.users.get(session.user)?.defaultWarehouse === warehouse.name),
      is_current: yes(session.warehouse === warehouse.name),
      auto_suspend: '600',
      auto_resume: String(warehouse.autoResume),
      created_on: shownTime(warehouse.createdOn),
      owner: warehouse.owner,
      comment: warehouse.comment,
    })),
  );
