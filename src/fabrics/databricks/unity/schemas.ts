import { z } from 'zod';
import type { CallInterest } from '../../../concurrency/call-interest';
import { CallError } from '../../../contract/call-error';
import type { Step } from '../../fabric';
import { isTooLarge } from '../../http';
import { ListTooLong, UNITY, optionalText, pagesOf } from './calls';
import type { Unity } from './calls';

/* The schemas of a catalog. */

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

const ABSENT = [
  'SCHEMA_DOES_NOT_EXIST',
  'SCHEMA_NOT_FOUND',
  'RESOURCE_DOES_NOT_EXIST',
  'NOT_FOUND',
];
const THERE = ['SCHEMA_ALREADY_EXISTS', 'RESOURCE_ALREADY_EXISTS', 'ALREADY_EXISTS'];

/**
 * Schemas of a page, one way after the other where an answer is too large: at first as many as the server
 * likes. Their properties, which tell who reads them, may be long.
 */
const PAGE_SIZES = [0, 100, 10];

/** Whether there are more schemas than can be listed, be it for what they say of themselves. */
export const isTooLong = (err: unknown) => err instanceof ListTooLong || isTooLarge(err);

/** What is lacking is a privilege on the schema, which therefore is there. */
const HIDDEN = /does not have .* on schema/i;

export const createSchemas = ({ ask, demand, catalog, aboutOf, needsOn }: Unity) => {
  const pathOf = (name: string) => `${UNITY}/schemas/${encodeURIComponent(`${catalog}.${name}`)}`;

  const shared = new WeakMap<object, Promise<Schema[]>>();
  const listBy = async (max_results: number, interest: CallInterest): Promise<Schema[]> => {
    const needs = await needsOn(undefined, ['USE_CATALOG'], interest);
    const pages = await pagesOf((page_token) =>
      demand({
        method: 'GET',
        path: `${UNITY}/schemas`,
        operation: `${UNITY}/schemas`,
        query: { catalog_name: catalog, max_results, page_token },
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

  const list = async (
    interest: CallInterest,
    [size = 0, ...smaller] = PAGE_SIZES,
  ): Promise<Schema[]> => {
    try {
      return await listBy(size, interest);
    } catch (err) {
      if (smaller.length === 0 || !isTooLarge(err)) throw err;
      return list(interest, smaller);
    }
  };

  return {
    /** One that is there and that whoever calls may not see has nothing but its name. */
    schema: async (name: string, interest: CallInterest): Promise<Schema | undefined> => {
      const needs = await needsOn(undefined, ['USE_CATALOG'], interest);
      try {
        return await ask({
          method: 'GET',
          path: pathOf(name),
          operation: `${UNITY}/schemas/{schema}`,
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
      if (!sharing) return listed;
      shared.set(sharing, listed);
      // One that failed is asked for again by the next look.
      void listed.catch(() => shared.get(sharing) === listed && shared.delete(sharing));
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
        path: `${UNITY}/schemas`,
        operation: `${UNITY}/schemas`,
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
        operation: `${UNITY}/schemas/{schema}`,
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
        operation: `${UNITY}/schemas/{schema}`,
        ...(force && { query: { force } }),
        answer: z.unknown(),
        writes: true,
        about: aboutOf(name),
        needs: await needsOn(name, ['MANAGE'], interest),
        absent: ABSENT,
        interest,
      });
    },
  };
};
