import type { Place } from '../../../connectors/snowflake-place';
import { isRefused } from '../../../contract/call-error';
import { Refusal } from '../../../contract/problems';
import type { Step, Table } from '../../fabric';
import type { Kind } from '../sql/administration';
import { bare } from '../sql/names';
import type { SqlApi } from '../api/sql-api';
import { LOOKS, PAGE } from '../sql/statements';
import type { Contents, Statement } from '../sql/statements';

/* Lists of Snowflake's, as it gives them now. */

/** Rows of a SHOW, which answers with no more. */
export const MAX_ROWS = 10_000;
/** Schemas of a database, and roles of the account, that are looked at. */
const MAX_PAGED = 50_000;

export interface Named {
  name: string;
  comment: string;
  owner: string;
  /** Milliseconds since 1970. */
  madeAt?: number;
}

export interface Grant {
  privilege: string;
  /** `WAREHOUSE`, `DATABASE`, `SCHEMA`, `TABLE`, `ROLE`, `ACCOUNT`. */
  on: string;
  name: string;
  grantee: string;
  by: string;
  /** Whether the grantee may grant it, too. */
  hasOption: boolean;
}

/** Grants as far as Snowflake tells them: what is not in a list that is cut may be there all the same. */
export interface GrantList {
  grants: Grant[];
  isCut: boolean;
}

/** The roles that a role has, of what was granted to it. */
export const rolesIn = (grants: readonly Grant[]) =>
  grants
    .filter(({ privilege, on }) => privilege === 'USAGE' && on === 'ROLE')
    .map(({ name }) => bare(name));

export interface Future {
  privilege: string;
  /** `TABLE`, `VIEW`. */
  on: string;
  grantee: string;
}

/** A table or a view. */
export interface Found {
  name: string;
  kind: string;
}

/** Something in a schema, of whatever kind. */
export interface Content {
  name: string;
  owner: string;
}

/** Rows by the names of their columns. */
export const recordsOf = ({ columns, rows }: Table): Record<string, string>[] =>
  rows.map((row) =>
    Object.fromEntries(columns.map((column, index) => [column.toLowerCase(), row[index] ?? ''])),
  );

/** Seconds, with a fraction and, of some types, an offset after it. */
const timeIn = (text = '') => {
  const seconds = /^\d+(\.\d+)?(?= |$)/.exec(text)?.[0];
  return seconds === undefined ? {} : { madeAt: Number(seconds) * 1000 };
};

const namedIn = (record: Record<string, string>): Named => ({
  name: record.name ?? '',
  comment: record.comment ?? '',
  owner: bare(record.owner ?? ''),
  ...timeIn(record.created_on),
});

const grantIn = (record: Record<string, string>): Grant => ({
  privilege: record.privilege ?? '',
  on: (record.granted_on ?? '').replaceAll('_', ' '),
  name: record.name ?? '',
  grantee: bare(record.grantee_name ?? ''),
  by: bare(record.granted_by ?? ''),
  hasOption: record.grant_option?.toLowerCase() === 'true',
});

const futureIn = (record: Record<string, string>): Future => ({
  privilege: record.privilege ?? '',
  on: record.grant_on ?? record.granted_on ?? '',
  grantee: bare(record.grantee_name ?? ''),
});

const isToRole = ({ granted_to: to = 'ROLE' }: Record<string, string>) => to.endsWith('ROLE');

export type Looks = ReturnType<typeof createLooks>;

interface SchemaList {
  schemas: Named[];
  /** There are more than were looked at. */
  areSchemasCut: boolean;
}

interface RoleList {
  roles: Named[];
  /** There are more than were looked at. */
  areRolesCut: boolean;
}

const tooLong = ({ text }: Statement) =>
  new Refusal(
    `Snowflake tells only the first ${String(MAX_ROWS)} of ${text}, so that what is not among them cannot be told from what is not there.`,
    'Ask the platform operator to have fewer of them.',
  );

/** Lists that looks share, by what they are of. */
interface Lists {
  databases: Map<string, Promise<Named | undefined>>;
  schemas: Map<string, Promise<SchemaList>>;
  onDatabases: Map<string, Promise<GrantList>>;
  toLoaders: Map<string, Promise<GrantList>>;
  roles: Map<string, Promise<RoleList>>;
}

const shared = new WeakMap<object, Lists>();

const listsOf = ({ sharing }: Step): Lists => {
  const lists = (sharing && shared.get(sharing)) ?? {
    databases: new Map(),
    schemas: new Map(),
    onDatabases: new Map(),
    toLoaders: new Map(),
    roles: new Map(),
  };
  if (sharing) shared.set(sharing, lists);
  return lists;
};

/** Looks of one step. Each throws a CallError. */
export const createLooks = (api: SqlApi, step: Step) => {
  const lists = listsOf(step);

  const once = <Listed>(
    known: Map<string, Promise<Listed>>,
    of: string,
    list: () => Promise<Listed>,
  ) => {
    if (!step.sharing) return list();
    const listed = known.get(of) ?? list();
    known.set(of, listed);
    // One that failed is asked for again by the next look.
    void listed.catch(() => known.get(of) === listed && known.delete(of));
    return listed;
  };

  const records = async (statement: Statement) =>
    recordsOf(await api.query(statement, step, MAX_ROWS));

  /** Snowflake gives no more rows than that, and does not say that there are others. */
  const asFarAsTold = async (statement: Statement) => {
    const { isCut, ...table } = await api.query(statement, step, MAX_ROWS);
    const found = recordsOf({ ...table, isCut });
    return { found, isCut: isCut || found.length >= MAX_ROWS };
  };

  const named = async (statement: Statement, name: string): Promise<Named | undefined> => {
    const { found, isCut } = await asFarAsTold(statement);
    const meant = found.map(namedIn).find((each) => each.name === name);
    if (!meant && isCut) throw tooLong(statement);
    return meant;
  };

  const paged = async (pageAfter: (last: string | undefined) => Statement) => {
    const found = new Map<string, Named>();
    for (let last: string | undefined; found.size < MAX_PAGED;) {
      const page = (await records(pageAfter(last))).map(namedIn);
      const before = found.size;
      for (const each of page) found.set(each.name, each);
      const next = page.at(-1)?.name;
      if (page.length < PAGE || next === undefined || found.size === before)
        return { all: [...found.values()], isCut: false };
      last = next;
    }
    return { all: [...found.values()], isCut: true };
  };

  const schemas = async (database: string): Promise<SchemaList> => {
    const { all, isCut } = await paged((last) => LOOKS.schemas(database, last));
    return { schemas: all, areSchemasCut: isCut };
  };

  const grantsBy = async (statement: Statement): Promise<GrantList> => {
    const { found, isCut } = await asFarAsTold(statement);
    return { grants: found.filter(isToRole).map(grantIn), isCut };
  };

  const grantsOn = (kind: Kind | 'WAREHOUSE', parts: readonly string[]) =>
    grantsBy(LOOKS.grantsOn(kind, parts));

  /** On the account; none where that may not be looked at. */
  const grantsOnAccount = async (): Promise<Grant[]> => {
    try {
      return (await grantsBy(LOOKS.grantsOnAccount())).grants;
    } catch (err) {
      if (isRefused(err)) return [];
      throw err;
    }
  };

  /** Of a role that owns much, by a list that is cut: what it has on the account is in a short one, too. */
  const grantsTo = async (role: string): Promise<GrantList> => {
    const { grants, isCut } = await grantsBy(LOOKS.grantsTo(role));
    if (!isCut) return { grants, isCut };
    const onAccount = (await grantsOnAccount()).filter(({ grantee }) => grantee === role);
    return { grants: [...grants, ...onAccount], isCut };
  };

  const objects = async ({ database, schema }: Place) => {
    const { found, isCut } = await asFarAsTold(LOOKS.contents('OBJECTS', [database, schema]));
    const objects = found.map(({ name = '', kind = '' }): Found => ({ name, kind }));
    return { objects, areObjectsCut: isCut };
  };

  const readRoles = () =>
    once(lists.roles, '', async (): Promise<RoleList> => {
      const { all, isCut } = await paged(LOOKS.readRoles);
      return { roles: all, areRolesCut: isCut };
    });

  /** The role that reads a component's data: by itself, unless there is a list of all of these. */
  const role = async (name: string) => {
    if (!step.sharing) return named(LOOKS.role(name), name);
    const { roles, areRolesCut } = await readRoles();
    const listed = roles.find((each) => each.name === name);
    return listed ?? (areRolesCut ? named(LOOKS.role(name), name) : undefined);
  };

  /** The latest of the dropped of that name. */
  const lastDropped = async (history: Statement, name: string): Promise<Named | undefined> => {
    const all = await records(history);
    const gone = all.filter((each) => each.name === name && (each.dropped_on ?? '') !== '');
    const inOrder = gone.sort((one, other) =>
      (one.dropped_on ?? '').localeCompare(other.dropped_on ?? ''),
    );
    return inOrder.map(namedIn).at(-1);
  };

  return {
    records,
    database: (name: string) =>
      once(lists.databases, name, () => named(LOOKS.databases(name), name)),
    onDatabase: (name: string) => once(lists.onDatabases, name, () => grantsOn('DATABASE', [name])),
    schema: ({ database, schema }: Place) => named(LOOKS.schema(database, schema), schema),
    schemas: (database: string) => once(lists.schemas, database, () => schemas(database)),
    readRoles,
    role,
    grantsTo,
    grantsToLoader: (role: string) => once(lists.toLoaders, role, () => grantsTo(role)),
    grantsOn,
    /** Whether a role has another, by the list of who has that one, which is the shorter. */
    isGranted: async (role: string, to: string) => {
      const statement = LOOKS.members(role);
      const { found, isCut } = await asFarAsTold(statement);
      const has = found.some(
        ({ granted_to: kind, grantee_name: name = '' }) => kind === 'ROLE' && bare(name) === to,
      );
      if (!has && isCut) throw tooLong(statement);
      return has;
    },
    objects,
    /** What of these is in a schema; of those that Snowflake itself brings, none. */
    contents: async (contents: Contents, { database, schema }: Place): Promise<Content[]> => {
      const all = await records(LOOKS.contents(contents, [database, schema]));
      return all
        .filter(({ is_builtin: isBuiltin = 'N' }) => isBuiltin !== 'Y')
        .map(({ name = '', owner = '' }) => ({ name, owner: bare(owner) }));
    },
    /** Tables and views whose names begin so, as far as Snowflake tells. */
    objectsFrom: async (start: string, { database, schema }: Place) => {
      const { found, isCut } = await asFarAsTold(LOOKS.objectsFrom(start, [database, schema]));
      const objects = found.map(({ name = '', owner = '' }): Content => ({
        name,
        owner: bare(owner),
      }));
      return { objects, isCut };
    },
    droppedDatabase: (name: string) => lastDropped(LOOKS.databaseHistory(name), name),
    droppedSchema: ({ database, schema }: Place) =>
      lastDropped(LOOKS.schemaHistory(database, schema), schema),
    future: async ({ database, schema }: Place) => {
      const statement = LOOKS.futureGrants(database, schema);
      const { found, isCut } = await asFarAsTold(statement);
      if (isCut) throw tooLong(statement);
      return found.filter(({ grant_to: to = 'ROLE' }) => to.endsWith('ROLE')).map(futureIn);
    },
  };
};
