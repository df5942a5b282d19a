import { z } from 'zod';
import { DEFINITIONS } from './definitions';
import { asDefinition, flag, lowerName, orElse, text } from './fields';
import type { Product } from './fields';

/** Characters of a schema's name in Unity Catalog, and of one that Airbyte's connector does not shorten. */
const MAX_SCHEMA = 255;

/**
 * What is wrong with the name of a schema: Airbyte's connector writes to another one where a name has anything
 * else, or a digit first, and Unity Catalog keeps all in lower case. Undefined: nothing.
 */
export const schemaProblem = (name: string): string | undefined => {
  if (!/^[a-z_][a-z0-9_]*$/.test(name))
    return 'must be letters, digits and underscores, with no digit first: Airbyte would write to another schema';
  if (name.length > MAX_SCHEMA)
    return `must not be longer than ${String(MAX_SCHEMA)} characters, as Unity Catalog holds no more: it has ${String(name.length)}`;
  if (name === 'information_schema')
    return `is a schema that Unity Catalog keeps for itself: ${name}`;
  return undefined;
};

/** Such as `cash_flow_0`; where the product's name begins with a digit, `_2nd_flow_0`. */
const defaultSchema = (product: Product) => lowerName(product).replace(/^(?=\d)/, '_');

/** The reader takes issues marked as ignored for warnings. */
const IGNORED = 'is ignored: it is the fabric that says';

/** The platform's, whatever the descriptor says. */
const PLATFORMS = ['hostname', 'http_path', 'port', 'database', 'accept_terms'] as const;

const ignored = z.unknown().optional().describe('Ignored: the fabric says it.');

const configuration = (product: Product) =>
  z
    .strictObject({
      schema: orElse(defaultSchema(product))
        .transform((name) => name.toLowerCase())
        .describe(
          'The schema to write to, in lower case; by default the product and its major version.',
        ),
      cdc_deletion_mode: z.enum(['Hard delete', 'Soft delete']).optional(),
      purge_staging_data: flag
        .optional()
        .describe('Whether staged files are removed. True unless given.'),
      raw_schema_override: z
        .string()
        .optional()
        .describe('Of connectors before 4.0: where raw tables are.'),
      hostname: ignored,
      http_path: ignored,
      port: ignored,
      database: ignored,
      accept_terms: ignored,
    })
    .superRefine((given, context) => {
      const problem = schemaProblem(given.schema);
      if (problem !== undefined)
        context.addIssue({ code: 'custom', path: ['schema'], message: problem });
      for (const field of PLATFORMS)
        if (given[field] !== undefined)
          context.addIssue({
            code: 'custom',
            path: [field],
            message: IGNORED,
            params: { ignored: true },
          });
    });

/**
 * The Databricks destination (airbyte/destination-databricks 4.0). Host, HTTP path, catalog and credentials
 * come from the fabric, in the worker: a descriptor brings none of its own.
 */
export const databricks = (product: Product) =>
  z
    .strictObject({
      connector: z.literal('databricks'),
      name: text.describe('The name of the destination in Airbyte.'),
      fabric: text
        .optional()
        .describe('The named place to write to; by default the one of the team and environment.'),
      connectionConfiguration: configuration(product).prefault({}),
    })
    .transform(asDefinition(DEFINITIONS.destination.databricks));
