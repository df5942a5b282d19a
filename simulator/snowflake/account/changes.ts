import type { Access } from './access';
import { type Account, newDatabase, newSchema, removeRole, type Role } from './account';
import {
  alreadyExists,
  cannotResume,
  denied,
  missing,
  shownName,
  SqlProblem,
} from '../sql/problems';
import { type Result, said } from './result';
import type { StatementOf } from '../sql/statement';

interface World {
  account: Account;
  access: Access;
}

const made = (kind: string, name: string) =>
  said(`${kind} ${shownName(name)} successfully created.`);
const wasThere = (name: string) => said(`${shownName(name)} already exists, statement succeeded.`);
const done = said('Statement executed successfully.');
const dropped = (name: string) => said(`${shownName(name)} successfully dropped.`);
const wasGone = (name: string) =>
  said(`Drop statement executed successfully (${shownName(name)} already dropped).`);

export const createDatabase = (
  { account, access }: World,
  { name, isLenient, comment }: StatementOf<'createDatabase'>,
): Result => {
  if (!access.inAccount('CREATE DATABASE')) throw denied('ACCOUNT', account.name);
  if (account.databases.has(name)) {
    if (isLenient) return wasThere(name);
    throw alreadyExists(name);
  }
  account.databases.set(name, newDatabase(name, access.role, comment));
  return made('Database', name);
};

export const createRole = (
  { account, access }: World,
  { name, isLenient, comment }: StatementOf<'createRole'>,
): Result => {
  if (!access.inAccount('CREATE ROLE')) throw denied('ACCOUNT', account.name);
  if (account.roles.has(name)) {
    if (isLenient) return wasThere(name);
    throw alreadyExists(name);
  }
  account.roles.set(name, { name, owner: access.role, comment, createdOn: Date.now() });
  return made('Role', name);
};

export const createSchema = (
  { access }: World,
  { schema, isLenient, isManaged, comment }: StatementOf<'createSchema'>,
): Result => {
  const [databaseName = '', name = ''] = access.full(schema, 2);
  const database = access.database(databaseName);
  if (!access.has(database, 'CREATE SCHEMA')) throw denied('DATABASE', databaseName);
  if (database.schemas.has(name)) {
    if (isLenient) return wasThere(name);
    throw alreadyExists(name);
  }
  database.schemas.set(name, newSchema(name, access.role, comment, isManaged));
  return made('Schema', name);
};

/** Undefined where IF EXISTS makes nothing of what is missing. */
const found = <Thing>(isLenient: boolean, find: () => Thing): Thing | undefined => {
  try {
    return find();
  } catch (err) {
    if (isLenient && err instanceof SqlProblem && err.code === '002003') return undefined;
    throw err;
  }
};

export const dropDatabase = (
  { account, access }: World,
  { name, isLenient }: StatementOf<'dropDatabase'>,
): Result => {
  const database = found(isLenient, () => access.database(name));
  if (!database) return wasGone(name);
  if (!access.owns(database)) throw denied('DATABASE', name);
  account.databases.delete(name);
  account.dropped.push({ ...database, droppedOn: Date.now() });
  return dropped(name);
};

export const dropSchema = (
  { access }: World,
  { schema: path, isLenient }: StatementOf<'dropSchema'>,
): Result => {
  const [databaseName = '', name = ''] = access.full(path, 2);
  const schema = found(isLenient, () => access.schema(path));
  if (!schema) return wasGone(name);
  if (!access.owns(schema)) throw denied('SCHEMA', name);
  const database = access.database(databaseName);
  database.schemas.delete(name);
  database.dropped.push({ ...schema, droppedOn: Date.now() });
  return dropped(name);
};

/** Brings the last one dropped back, with objects and grants. */
export const undropSchema = (
  { access }: World,
  { schema: path }: StatementOf<'undropSchema'>,
): Result => {
  const [databaseName = '', name = ''] = access.full(path, 2);
  const database = access.database(databaseName);
  const last = database.dropped.findLast((each) => each.name === name);
  if (!last || !access.sees(last)) throw missing('SCHEMA', databaseName, name);
  if (database.schemas.has(name)) throw alreadyExists(name);
  if (!access.owns(last)) throw denied('SCHEMA', name);
  if (!access.has(database, 'CREATE SCHEMA')) throw denied('DATABASE', databaseName);
  database.dropped = database.dropped.filter((each) => each !== last);
  database.schemas.set(name, { ...last, droppedOn: null });
  return said(`Schema ${shownName(name)} successfully restored.`);
};

export const undropDatabase = (
  { account, access }: World,
  { name }: StatementOf<'undropDatabase'>,
): Result => {
  const last = account.dropped.findLast((each) => each.name === name);
  if (!last || !access.sees(last)) throw missing('DATABASE', name);
  if (account.databases.has(name)) throw alreadyExists(name);
  if (!access.owns(last)) throw denied('DATABASE', name);
  account.dropped = account.dropped.filter((each) => each !== last);
  account.databases.set(name, { ...last, droppedOn: null });
  return said(`Database ${shownName(name)} successfully restored.`);
};

const roleNamed = (account: Account, name: string): Role => {
  const role = account.roles.get(name);
  if (!role) throw missing('ROLE', name);
  return role;
};

export const dropRole = (
  { account, access }: World,
  { name, isLenient }: StatementOf<'dropRole'>,
): Result => {
  const role = found(isLenient, () => roleNamed(account, name));
  if (!role) return wasGone(name);
  if (!access.owns(role)) throw denied('ROLE', name);
  removeRole(account, name, access.role);
  return dropped(name);
};

export const commentOn = (
  { account, access }: World,
  { on, path, comment }: StatementOf<'commentOn'>,
): Result => {
  const name = path.at(-1) ?? '';
  const finders = {
    DATABASE: () => access.database(name),
    SCHEMA: () => access.schema(path),
    ROLE: () => roleNamed(account, name),
  };
  const thing = finders[on]();
  if (!access.owns(thing)) throw denied(on, name);
  thing.comment = comment;
  return done;
};

export const resumeWarehouse = (
  { access }: World,
  { name, isLenient }: StatementOf<'resumeWarehouse'>,
): Result => {
  const warehouse = access.warehouse(name);
  if (!access.has(warehouse, 'OPERATE')) throw denied('WAREHOUSE', name);
  if (warehouse.state === 'STARTED' && !isLenient) throw cannotResume(name);
  warehouse.state = 'STARTED';
  return done;
};
