import { z } from 'zod';
import { DEFINITIONS } from './definitions';
import { asDefinition, flag, orElse, secret, text, upperName } from './fields';
import type { Product } from './fields';
import { placeProblems, rawSchemaProblem } from './snowflake-place';

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

/** Of Snowflake's JDBC driver, and of its sessions: none says whom it talks to, how, or as whom. */
const HARMLESS_PARAMETERS = [
  ...['CLIENT_SESSION_KEEP_ALIVE', 'CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY'],
  ...['CLIENT_PREFETCH_THREADS', 'CLIENT_RESULT_CHUNK_SIZE', 'CLIENT_MEMORY_LIMIT'],
  ...['CLIENT_TIMESTAMP_TYPE_MAPPING', 'TIMESTAMP_TYPE_MAPPING', 'TIMEZONE', 'WEEK_START'],
  ...['QUERY_TAG', 'ABORT_DETACHED_QUERY', 'LOCK_TIMEOUT'],
  ...['STATEMENT_TIMEOUT_IN_SECONDS', 'STATEMENT_QUEUED_TIMEOUT_IN_SECONDS'],
  ...['loginTimeout', 'networkTimeout', 'queryTimeout'],
];

const isHarmless = (parameter: string) => {
  // Nothing that is decoded, or that ends a value in another reader's eyes.
  const [, name = ''] = /^([\w]+)=[\w.:+/ -]*$/.exec(parameter) ?? [];
  return HARMLESS_PARAMETERS.some((known) => known.toLowerCase() === name.toLowerCase());
};

/**
 * What is wrong with the `jdbc_url_params` of whoever uses credentials that are not his: others turn off
 * TLS, name a proxy or another host, and so say where the credentials go. Undefined: nothing.
 */
export const parametersProblem = (given: unknown): string | undefined => {
  if (given === undefined || given === '') return undefined;
  if (typeof given === 'string' && given.split('&').every(isHarmless)) return undefined;
  return `may only set ${HARMLESS_PARAMETERS.join(', ')} (NAME=value&…) without credentials of the descriptor’s own: others could say where the platform’s credentials go`;
};

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
      jdbc_url_params: z
        .string()
        .optional()
        .describe('Without credentials only parameters that do not say where those go.'),
      raw_data_schema: z
        .string()
        .optional()
        .describe('Where Airbyte keeps raw tables, in the same database: no component’s schema.'),
      disable_type_dedupe: flag.optional(),
      retention_period_days: z.int().min(0).optional(),
    })
    .superRefine((given, context) => {
      for (const { field, message } of placeProblems(given))
        context.addIssue({ code: 'custom', path: [field], message });
      const ofRaw = rawSchemaProblem(given.raw_data_schema);
      if (ofRaw !== undefined)
        context.addIssue({ code: 'custom', path: ['raw_data_schema'], message: ofRaw });
      for (const field of ACCOUNT) {
        const issue = { code: 'custom' as const, path: [field] };
        const value = given[field];
        if (!given.credentials && value !== undefined)
          context.addIssue({ ...issue, message: IGNORED, params: { ignored: true } });
        if (given.credentials && value === undefined)
          context.addIssue({ ...issue, message: 'is required together with credentials' });
      }
      const problem = given.credentials ? undefined : parametersProblem(given.jdbc_url_params);
      if (problem !== undefined)
        context.addIssue({ code: 'custom', path: ['jdbc_url_params'], message: problem });
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
    .transform(asDefinition(DEFINITIONS.destination.snowflake));
