import { z } from 'zod';
import { AIRBYTE, THING } from './fabric-model';
import { CATALOG } from './requests';
import { LAKE_LOADER, LAKE_MANAGER } from './secrets';

const Grants = z.record(z.string(), z.array(z.string()));

/** What exists in Databricks, as its simulator tells it past its API. */
export const Lakehouse = z.object({
  catalogs: z.array(z.object({ name: z.string(), grants: Grants })),
  schemas: z.array(
    z.object({
      name: z.string(),
      owner: z.string(),
      comment: z.string().optional(),
      properties: z.record(z.string(), z.string()).optional(),
      grants: Grants,
    }),
  ),
});
export type Lakehouse = z.infer<typeof Lakehouse>;

const TAG = 'provisioner:';
const READS = ['SELECT', 'USE_SCHEMA'];

/** A reader has what readers have, and no more or less; whatever else somebody has is told by its name. */
const grantsOf = (schema: string, principal: string, privileges: string[]): string[] => {
  if (principal === LAKE_LOADER)
    return privileges.map((privilege) => THING.grant(privilege, schema, AIRBYTE));
  const isReader = privileges.toSorted().join() === READS.join();
  return isReader
    ? [THING.member(principal.toUpperCase())]
    : privileges.map((privilege) => THING.grant(privilege, schema, principal));
};

/** One component's part of it. */
export const lakeThingsOf = (key: string, { schemas }: Lakehouse): string[] =>
  schemas
    .filter(({ comment }) => comment === `${TAG}${key}`)
    .flatMap(({ name, grants }) => [
      THING.schema(name),
      ...Object.entries(grants).flatMap(([principal, privileges]) =>
        grantsOf(name, principal, privileges),
      ),
    ]);

/** What belongs to no component of ours. */
export const lakeOrphans = ({ schemas }: Lakehouse, keys: string[]): string[] => {
  const tags = new Set(keys.map((key) => `${TAG}${key}`));
  return schemas
    .filter(({ owner, comment = '' }) => owner === LAKE_MANAGER || comment.startsWith(TAG))
    .filter(({ comment = '' }) => !tags.has(comment))
    .map(({ name }) => `the schema ${name} of the lakehouse belongs to no component`);
};

/** Whom a schema of ours remembers to have something there: Airbyte's user, and who reads. */
const rememberedIn = ({ comment = '', properties = {} }: Lakehouse['schemas'][number]) =>
  comment.startsWith(TAG)
    ? Object.entries(properties)
        .filter(([key]) => /^provisioner\.(loader|reader)\./.test(key))
        .map(([, note]) => z.object({ principal: z.string() }).parse(JSON.parse(note)).principal)
    : [];

/**
 * All that may read or write a schema of ours are let into the catalog, and nobody else of those whom only
 * we let in.
 */
export const catalogFlaws = ({ catalogs, schemas }: Lakehouse): string[] => {
  const letIn = catalogs
    .filter(({ name }) => name === CATALOG)
    .flatMap(({ grants }) =>
      Object.entries(grants).filter(([, privileges]) => privileges.includes('USE_CATALOG')),
    )
    .map(([principal]) => principal)
    .filter((principal) => principal !== LAKE_MANAGER);
  const needed = new Set(schemas.flatMap(rememberedIn));
  return [
    ...letIn
      .filter((principal) => !needed.has(principal))
      .map(
        (principal) => `${principal} may use the catalog of the lakehouse, and needs it no more`,
      ),
    ...[...needed]
      .filter((principal) => !letIn.includes(principal))
      .map((principal) => `${principal} may not use the catalog of the lakehouse`),
  ];
};
