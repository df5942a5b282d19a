import { z } from 'zod';
import type { CallInterest } from '../../../concurrency/call-interest';
import type { Client } from '../client';
import { UNITY, createUnity } from './calls';
import { createContents } from './contents';
import { createPermissions } from './permissions';
import { createSchemas } from './schemas';

/* Unity Catalog, as far as a component has something in it. */

/** The catalog of a fabric; `me` is who calls, for what people are told. */
export const createCatalog = (
  client: Client,
  { catalog, me }: { catalog: string; me: (interest: CallInterest) => Promise<string> },
) => {
  const unity = createUnity(client, { catalog, me });
  const { demand, aboutOf, needsOn } = unity;
  return {
    name: catalog,
    aboutOf,
    ...createSchemas(unity),
    ...createPermissions(unity),
    contents: createContents(unity),

    /** Who owns it; throws a CallError where there is none, or it may not be looked at. */
    owner: async (interest: CallInterest) => {
      const { owner } = await demand({
        method: 'GET',
        path: `${UNITY}/catalogs/${encodeURIComponent(catalog)}`,
        operation: `${UNITY}/catalogs/{catalog}`,
        answer: z.object({ name: z.string(), owner: z.string().optional() }),
        about: aboutOf(undefined),
        needs: await needsOn(undefined, ['USE_CATALOG'], interest),
        interest,
      });
      return owner;
    },
  };
};
export type Catalog = ReturnType<typeof createCatalog>;
