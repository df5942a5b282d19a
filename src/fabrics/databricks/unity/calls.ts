import { z } from 'zod';
import type { CallInterest } from '../../../concurrency/call-interest';
import { CallError } from '../../../contract/call-error';
import type { Client } from '../client';
import { grantStatement } from '../sql';

/* What all calls of Unity Catalog share. */

export const UNITY = '/api/2.1/unity-catalog';
/** Pages of a list that are read. */
const MOST_PAGES = 1000;

/** What there is not is left out, or null: implementations of Unity Catalog differ. */
export const optionalText = z
  .string()
  .nullish()
  .transform((given) => given ?? undefined);

/** On what: the catalog, or a schema in it. */
export type On = string | undefined;

/** A page, with how to ask for the one after it. */
export interface Page {
  next_page_token?: string | undefined;
}

/** A list that has more pages than are read. */
export class ListTooLong extends CallError {
  override name = 'ListTooLong';
}

export const pagesOf = async <P extends Page>(read: (token: string | undefined) => Promise<P>) => {
  const pages: P[] = [];
  let token: string | undefined;
  do {
    const page = await read(token);
    pages.push(page);
    token = page.next_page_token === '' ? undefined : page.next_page_token;
    if (token !== undefined && pages.length >= MOST_PAGES)
      throw new ListTooLong(`A list of Databricks has more than ${String(MOST_PAGES)} pages.`, {
        kind: 'refused',
        solution: 'Ask the platform operator for a catalog with fewer schemas.',
      });
  } while (token !== undefined);
  return pages;
};

/** One catalog, to whoever calls; `me` is who that is, for what people are told. */
export const createUnity = (
  { ask, demand }: Client,
  { catalog, me }: { catalog: string; me: (interest: CallInterest) => Promise<string> },
) => ({
  ask,
  demand,
  catalog,
  aboutOf: (on: On) =>
    on === undefined ? `the catalog ${catalog}` : `the schema ${catalog}.${on}`,
  needsOn: async (on: On, privileges: readonly string[], interest: CallInterest) =>
    grantStatement({ catalog, schema: on, privileges, principal: await me(interest) }),
});
export type Unity = ReturnType<typeof createUnity>;
