import { z } from 'zod';
import { asDefinition, flag, orElse, secret, text, upperName } from './fields';
import type { Product } from './fields';

const credentials = z
  .discriminatedUnion('auth_type', [
    z.strictObject({ auth_type: z.literal('Username and Password'), password: secret }),
    z.strictObject({
      auth_type: z.literal('Key Pair Authentication'),
      private_key: secret,
      private_key_password: secret.optional(),
    }),
  ])
  .describe('Absent: the account, its user and its credentials are the platform’s.');

/** An account of the descriptor's own is all of this; credentials never go to a host they are not for. */
const account = {
  host: text.optional().describe('Only with credentials.'),
  role: text.optional().describe('Only with credentials.'),
  warehouse: text.optional().describe('Only with credentials.'),
  username: text.optional().describe('Only with credentials.'),
};

const ACCOUNT = ['host', 'role', 'warehouse', 'username'] as const;
const HOST = /^(https?:\/\/)?([\w-]+\.)+(snowflakecomputing\.com|localstack\.cloud)$/;

/** The reader takes issues marked as ignored for warnings. */
const IGNORED = 'is ignored: without credentials it is the platform that says';

const configuration = (product: Product) =>
  z
    .strictObject({
      database: orElse(product.domain)
        .transform((name) => name.toUpperCase())
        .describe('In upper case; by default the domain of the product.'),
      schema: orElse(upperName(product)).describe('By default the product and its major version.'),
      ...account,
      credentials: credentials.optional(),
      cdc_deletion_mode: z.enum(['Hard delete', 'Soft delete']).optional(),
      jdbc_url_params: z.string().optional(),
      raw_data_schema: z.string().optional(),
      disable_type_dedupe: flag.optional(),
      retention_period_days: z.int().min(0).optional(),
    })
    .superRefine((given, context) => {
      for (const field of ACCOUNT) {
        const issue = { code: 'custom' as const, path: [field] };
        const value = given[field];
        if (!given.credentials && value !== undefined)
          context.addIssue({ ...issue, message: IGNORED, params: { ignored: true } });
        if (given.credentials && value === undefined)
          context.addIssue({ ...issue, message: 'is required together with credentials' });
      }
      if (given.credentials && given.host !== undefined && !HOST.test(given.host))
        context.addIssue({
          code: 'custom',
          path: ['host'],
          message: 'must be a host such as <account>.snowflakecomputing.com',
        });
    });

/**
 * The Snowflake destination (airbyte/destination-snowflake 4.x). Host, role, warehouse, user and
 * credentials come from the fabric, in the worker, unless the descriptor brings all of them.
 */
export const snowflake = (product: Product) =>
  z
    .strictObject({
      connector: z.literal('snowflake').optional(),
      name: text.describe('The name of the destination in Airbyte.'),
      fabric: text
        .optional()
        .describe('The named place to write to; by default the one of the team and environment.'),
      connectionConfiguration: configuration(product).prefault({}),
    })
    .transform((given) => ({ ...given, connector: 'snowflake' as const }))
    .transform(asDefinition('424892c4-daac-4491-b35d-c6688ba547ba'));
