import type { Step, Table } from '../fabric';
import type { Place } from '../../connectors/snowflake-place';
import type { Kind } from './administration';
import { bare } from './names';
import type { SqlApi } from './sql-api';
import { LOOKS, SCHEMAS_PAGE } from './statements';
import type { Contents, Statement } from './statements';

/* Lists of Snowflake's, as it gives them now. */

/** Rows of a SHOW, which answers with no more. */
export const MAX_ROWS = 10_000;
/** Schemas of a database that are looked at. */
const MAX_SCHEMAS = 50_000;

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

/** Lists that looks share, by what they are of. */
interface Lists {
  databases: Map<string, Promise<Named | undefined>>;
  schemas: Map<string, Promise<SchemaList>>;
  onDatabases: Map<string, Promise<Grant[]>>;
  roles: Map<string, Promise<Named[]>>;
}

const shared = new WeakMap<object, Lists>();

const listsOf = ({ sharing }: Step): Lists => {
  const lists = (sharing && shared.get(sharing)) ?? {
    databases: new Map(),
    schemas: new Map(),
    onDatabases: new Map(),
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
    return listed;
  };

  const records = async (statement: Statement) =>
    recordsOf(await api.query(statement, step, MAX_ROWS));

  const named = async (statement: Statement, name: string): Promise<Named | undefined> =>
    (await records(statement)).map(namedIn).find((each) => each.name === name);

  const schemas = async (database: string): Promise<SchemaList> => {
    const found = new Map<string, Named>();
    for (let last: string | undefined; found.size < MAX_SCHEMAS;) {
      const page = (await records(LOOKS.schemas(database, last))).map(namedIn);
      const before = found.size;
      for (const each of page) found.set(each.name, each);
      const next = page.at(-1)?.name;
      if (page.length < SCHEMAS_PAGE || next === undefined || found.size === before)
        return { schemas: [...found.values()], areSchemasCut: false };
      last = next;
    }
    return { schemas: [...found.values()], areSchemasCut: true };
  };

  const grantsOn = async (kind: Kind | 'WAREHOUSE', parts: readonly string[]) =>
    (await records(LOOKS.grantsOn(kind, parts))).filter(isToRole).map(grantIn);

  const objects = async ({ database, schema }: Place) => {
    const statement = LOOKS.contents('OBJECTS', [database, schema]);
    const { isCut, ...table } = await api.query(statement, step, MAX_ROWS);
    const found = recordsOf({ ...table, isCut }).map(({ name = '', kind = '' }) => ({
      name,
      kind,
    }));
    return { objects: found, areObjectsCut: isCut || found.length >= MAX_ROWS };
  };

  const roles = () =>
    once(lists.roles, '', async () => (await records(LOOKS.roles())).map(namedIn));

  /** By itself, unless there is a list of all, of which Snowflake tells no more than its first. */
  const role = async (name: string) => {
    const all = step.sharing ? await roles() : [];
    const isListed = step.sharing !== undefined && all.length < MAX_ROWS;
    return isListed ? all.find((each) => each.name === name) : named(LOOKS.role(name), name);
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
    roles,
    role,
    grantsTo: async (role: string) => (await records(LOOKS.grantsTo(role))).map(grantIn),
    grantsOn,
    objects,
    /** What of these is in a schema; of those that Snowflake itself brings, none. */
    contents: async (contents: Contents, { database, schema }: Place): Promise<Content[]> => {
      const all = await records(LOOKS.contents(contents, [database, schema]));
      return all
        .filter(({ is_builtin: isBuiltin = 'N' }) => isBuiltin !== 'Y')
        .map(({ name = '', owner = '' }) => ({ name, owner: bare(owner) }));
    },
    droppedDatabase: (name: string) => lastDropped(LOOKS.databaseHistory(name), name),
    droppedSchema: ({ database, schema }: Place) =>
      lastDropped(LOOKS.schemaHistory(database, schema), schema),
    future: async ({ database, schema }: Place) =>
      (await records(LOOKS.futureGrants(database, schema)))
        .filter(({ grant_to: to = 'ROLE' }) => to.endsWith('ROLE'))
        .map(futureIn),
  };
};
