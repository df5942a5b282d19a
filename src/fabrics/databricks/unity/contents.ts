import { z } from 'zod';
import type { CallInterest } from '../../../concurrency/call-interest';
import { UNITY, optionalText, pagesOf } from './calls';
import type { Page, Unity } from './calls';

/* What is in a schema. */

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

/** What is in a schema, as far as is counted: `2 tables`, `1 volume`. */
export const createContents =
  ({ demand, catalog, aboutOf, needsOn }: Unity) =>
  async (name: string, interest: CallInterest): Promise<string[]> => {
    const needs = await needsOn(name, ['USE_SCHEMA'], interest);
    const all = await Promise.all(
      KINDS.map(async ({ path, words: [one, many], answer }) => {
        const count = await countedOf((page_token) =>
          demand({
            method: 'GET',
            path: `${UNITY}/${path}`,
            operation: `${UNITY}/${path}`,
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
  };
