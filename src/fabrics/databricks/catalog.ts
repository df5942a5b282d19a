import type { Step } from '../fabric';
import { z } from 'zod';
import { CallError } from '../../contract/call-error';
import type { CallInterest } from '../../concurrency/call-interest';
import type { Client } from './client';
import { grantStatement } from './sql';

/* Unity Catalog, as far as a component has something in it. */

const BASE = '/api/2.1/unity-catalog';
/** Pages of a list that are read. */
const MOST_PAGES = 200;

/** What there is not is left out, or null: implementations of Unity Catalog differ. */
const optionalText = z
  .string()
  .nullish()
  .transform((given) => given ?? undefined);

export const Schema = z.object({
  name: z.string(),
  comment: optionalText,
  owner: optionalText,
  properties: z
    .record(z.string(), z.string())
    .nullish()
    .transform((given) => given ?? {}),
});
export interface Schema extends z.output<typeof Schema> {
  /** Whether no more of it is known than that it is there. */
  isHidden?: true;
}

const Assignment = z.object({
  principal: z.string().default(''),
  privileges: z.array(z.string()).default([]),
});
const Assignments = z.object({
  privilege_assignments: z.array(Assignment).default([]),
  next_page_token: optionalText,
});
const Effective = z.object({
  privilege_assignments: z
    .array(
      z.object({
        principal: z.string().default(''),
        privileges: z.array(z.object({ privilege: z.string() })).default([]),
      }),
    )
    .default([]),
  next_page_token: optionalText,
});

/** Privileges by whom they were granted to. */
export type Grants = Map<string, Set<string>>;

export interface Change {
  principal: string;
  add: readonly string[];
  remove: readonly string[];
}

/** Privileges that are granted by themselves only. */
const APART = ['MANAGE', 'EXTERNAL_USE_SCHEMA', 'EXTERNAL_USE_LOCATION'];

/** Whether a grant of a kind stands: by itself, or in all privileges. */
export const conveys = (granted: Set<string> | undefined, privilege: string) =>
  granted !== undefined &&
  (granted.has(privilege) || (granted.has('ALL_PRIVILEGES') && !APART.includes(privilege)));

/** On what: the catalog, or a schema in it. */
type On = string | undefined;

const ABSENT = [
  'SCHEMA_DOES_NOT_EXIST',
  'SCHEMA_NOT_FOUND',
  'RESOURCE_DOES_NOT_EXIST',
  'NOT_FOUND',
];
const THERE = ['SCHEMA_ALREADY_EXISTS', 'RESOURCE_ALREADY_EXISTS', 'ALREADY_EXISTS'];

/** What is lacking is a privilege on the schema, which therefore is there. */
const HIDDEN = /does not have .* on schema/i;

/** A page, with how to ask for the one after it. */
interface Page {
  next_page_token?: string | undefined;
}

const pagesOf = async <P extends Page>(read: (token: string | undefined) => Promise<P>) => {
  const pages: P[] = [];
  let token: string | undefined;
  do {
    const page = await read(token);
    pages.push(page);
    token = page.next_page_token === '' ? undefined : page.next_page_token;
    if (token !== undefined && pages.length >= MOST_PAGES)
      throw new CallError(`A list of Databricks has more than ${String(MOST_PAGES)} pages.`, {
        kind: 'refused',
        solution: 'Ask the platform operator for a catalog with fewer schemas.',
      });
  } while (token !== undefined);
  return pages;
};

const Items = z
  .array(z.unknown())
  .nullish()
  .transform((given) => given ?? []);

/** What Unity Catalog has in schemas: views are listed with tables. */
const KINDS = [
  {
    path: 'tables',
    words: ['table', 'tables'],
    answer: z
      .object({ tables: Items, next_page_token: optionalText })
      .transform(({ tables: items, next_page_token }) => ({ items, next_page_token })),
  },
  {
    path: 'volumes',
    words: ['volume', 'volumes'],
    answer: z
      .object({ volumes: Items, next_page_token: optionalText })
      .transform(({ volumes: items, next_page_token }) => ({ items, next_page_token })),
  },
  {
    path: 'functions',
    words: ['function', 'functions'],
    answer: z
      .object({ functions: Items, next_page_token: optionalText })
      .transform(({ functions: items, next_page_token }) => ({ items, next_page_token })),
  },
  {
    path: 'models',
    words: ['model', 'models'],
    answer: z
      .object({ registered_models: Items, next_page_token: optionalText })
      .transform(({ registered_models: items, next_page_token }) => ({ items, next_page_token })),
  },
] as const;

/** How many there are on the first page that has any: pages may be empty, and others follow. */
const countedOf = async (
  read: (token: string | undefined) => Promise<{ items: unknown[] } & Page>,
) => {
  let count = 0;
  await pagesOf(async (token) => {
    const { items, next_page_token } = await read(token);
    count = items.length;
    return count > 0 ? {} : { next_page_token };
  });
  return count;
};

/** The catalog of a fabric; `me` is who calls, for what people are told. */
export const createCatalog = (
  { ask, demand }: Client,
  { catalog, me }: { catalog: string; me: (interest: CallInterest) => Promise<string> },
) => {
  const pathOf = (name: string) => `${BASE}/schemas/${encodeURIComponent(`${catalog}.${name}`)}`;
  const aboutOf = (name: On) =>
    name === undefined ? `the catalog ${catalog}` : `the schema ${catalog}.${name}`;
  const grantsPath = (kind: string, on: On) =>
    `${BASE}/${kind}/${on === undefined ? 'catalog' : 'schema'}/${encodeURIComponent(on === undefined ? catalog : `${catalog}.${on}`)}`;
  const onWhat = (on: On) => (on === undefined ? 'catalog' : 'schema');
  const needsOn = async (on: On, privileges: readonly string[], interest: CallInterest) =>
    grantStatement({ catalog, schema: on, privileges, principal: await me(interest) });

  const shared = new WeakMap<object, Promise<Schema[]>>();
  const list = async (interest: CallInterest): Promise<Schema[]> => {
    const needs = await needsOn(undefined, ['USE_CATALOG'], interest);
    const pages = await pagesOf((page_token) =>
      demand({
        method: 'GET',
        path: `${BASE}/schemas`,
        operation: `${BASE}/schemas`,
        query: { catalog_name: catalog, max_results: 0, page_token },
        answer: z.object({
          schemas: z.array(Schema).default([]),
          next_page_token: optionalText,
        }),
        about: aboutOf(undefined),
        needs,
        interest,
      }),
    );
    return pages.flatMap(({ schemas }) => schemas);
  };

  return {
    name: catalog,
    aboutOf,

    /** One that is there and that whoever calls may not see has nothing but its name. */
    schema: async (name: string, interest: CallInterest): Promise<Schema | undefined> => {
      const needs = await needsOn(undefined, ['USE_CATALOG'], interest);
      try {
        return await ask({
          method: 'GET',
          path: pathOf(name),
          operation: `${BASE}/schemas/{schema}`,
          answer: Schema,
          about: aboutOf(name),
          needs,
          absent: ABSENT,
          interest,
        });
      } catch (err) {
        const isHidden = err instanceof CallError && err.status === 403 && HIDDEN.test(err.message);
        if (isHidden) return { ...Schema.parse({ name }), isHidden };
        throw err;
      }
    },

    /** All there are; for looks that share their lists, as they were at the first of these. */
    schemas: (step: Step): Promise<Schema[]> => {
      const { sharing, interest } = step;
      const listed = (sharing && shared.get(sharing)) ?? list(interest);
      if (sharing) shared.set(sharing, listed);
      return listed;
    },

    /** Whether it was made; false: one of that name is there. */
    create: async (
      name: string,
      {
        interest,
        ...more
      }: { comment: string; properties?: Record<string, string>; interest: CallInterest },
    ): Promise<boolean> => {
      const made = await ask({
        method: 'POST',
        path: `${BASE}/schemas`,
        operation: `${BASE}/schemas`,
        body: { name, catalog_name: catalog, ...more },
        answer: Schema,
        writes: true,
        about: aboutOf(name),
        needs: await needsOn(undefined, ['USE_CATALOG', 'CREATE_SCHEMA'], interest),
        absent: THERE,
        interest,
      });
      return made !== undefined;
    },

    setProperties: async (
      name: string,
      { properties, interest }: { properties: Record<string, string>; interest: CallInterest },
    ) => {
      await demand({
        method: 'PATCH',
        path: pathOf(name),
        operation: `${BASE}/schemas/{schema}`,
        body: { properties },
        answer: Schema,
        writes: true,
        about: aboutOf(name),
        needs: await needsOn(name, ['MANAGE'], interest),
        interest,
      });
    },

    /** With `force` and all that is in it. One that is gone is gone. */
    drop: async (name: string, { force, interest }: { force: boolean; interest: CallInterest }) => {
      await ask({
        method: 'DELETE',
        path: pathOf(name),
        operation: `${BASE}/schemas/{schema}`,
        ...(force && { query: { force } }),
        answer: z.unknown(),
        writes: true,
        about: aboutOf(name),
        needs: await needsOn(name, ['MANAGE'], interest),
        absent: ABSENT,
        interest,
      });
    },

    /** What is in it, as far as is counted: `2 tables`, `1 volume`. */
    contents: async (name: string, interest: CallInterest): Promise<string[]> => {
      const needs = await needsOn(name, ['USE_SCHEMA'], interest);
      const all = await Promise.all(
        KINDS.map(async ({ path, words: [one, many], answer }) => {
          const count = await countedOf((page_token) =>
            demand({
              method: 'GET',
              path: `${BASE}/${path}`,
              operation: `${BASE}/${path}`,
              query: { catalog_name: catalog, schema_name: name, page_token },
              answer,
              about: aboutOf(name),
              needs,
              interest,
            }),
          );
          return count === 0 ? [] : [`${String(count)} ${count === 1 ? one : many}`];
        }),
      );
      return all.flat();
    },

    /** Who owns it; throws a CallError where there is none, or it may not be looked at. */
    owner: async (interest: CallInterest) => {
      const { owner } = await demand({
        method: 'GET',
        path: `${BASE}/catalogs/${encodeURIComponent(catalog)}`,
        operation: `${BASE}/catalogs/{catalog}`,
        answer: z.object({ name: z.string(), owner: z.string().optional() }),
        about: aboutOf(undefined),
        needs: await needsOn(undefined, ['USE_CATALOG'], interest),
        interest,
      });
      return owner;
    },

    /** What was granted on it directly, as far as whoever calls may see it. */
    grants: async (on: On, interest: CallInterest): Promise<Grants> => {
      const needs = await needsOn(on, ['MANAGE'], interest);
      const pages = await pagesOf((page_token) =>
        demand({
          method: 'GET',
          path: grantsPath('permissions', on),
          operation: `${BASE}/permissions/${onWhat(on)}/{name}`,
          query: { page_token },
          answer: Assignments,
          about: aboutOf(on),
          needs,
          interest,
        }),
      );
      const all = pages.flatMap(({ privilege_assignments: each }) => each);
      return new Map(all.map(({ principal, privileges }) => [principal, new Set(privileges)]));
    },

    /** All that somebody has by whatever way, as far as whoever calls may see it. */
    effective: async (
      on: On,
      { principal, interest }: { principal: string; interest: CallInterest },
    ): Promise<Set<string>> => {
      const pages = await pagesOf((page_token) =>
        demand({
          method: 'GET',
          path: grantsPath('effective-permissions', on),
          operation: `${BASE}/effective-permissions/${onWhat(on)}/{name}`,
          query: { principal, page_token },
          answer: Effective,
          about: aboutOf(on),
          interest,
        }),
      );
      const all = pages.flatMap(({ privilege_assignments: each }) => each);
      return new Set(all.flatMap(({ privileges }) => privileges.map(({ privilege }) => privilege)));
    },

    /** All of these changes, or none. */
    change: async (
      on: On,
      { changes, interest }: { changes: Change[]; interest: CallInterest },
    ) => {
      if (changes.length === 0) return;
      await demand({
        method: 'PATCH',
        path: grantsPath('permissions', on),
        operation: `${BASE}/permissions/${onWhat(on)}/{name}`,
        body: { changes },
        answer: z.unknown(),
        writes: true,
        about: aboutOf(on),
        needs: await needsOn(on, ['MANAGE'], interest),
        interest,
      });
    },
  };
};
export type Catalog = ReturnType<typeof createCatalog>;
