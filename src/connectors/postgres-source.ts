import { z } from 'zod';
import { DEFINITIONS } from './definitions';
import { host } from './addresses';
import { sslMode, tunnelMethod } from './database';
import { asDefinition, port, secret, text } from './fields';

const replicationMethod = z
  .discriminatedUnion('method', [
    z.strictObject({ method: z.literal('Standard') }),
    z.strictObject({ method: z.literal('Xmin') }),
    z.strictObject({
      method: z.literal('CDC'),
      replication_slot: text,
      publication: text,
      plugin: z.literal('pgoutput').default('pgoutput'),
      initial_waiting_seconds: z.int().min(120).max(2400).optional(),
      queue_size: z.int().min(1000).max(10_000).optional(),
      lsn_commit_behaviour: z
        .enum(['While reading Data', 'After loading Data in the destination'])
        .optional(),
      heartbeat_action_query: z.string().optional(),
      invalid_cdc_cursor_position_behavior: z.enum(['Fail sync', 'Re-sync data']).optional(),
      initial_load_timeout_hours: z.int().min(4).max(24).optional(),
    }),
  ])
  .describe('How changes are found: by a cursor (Standard), by Xmin, or from the log (CDC).');

const configuration = z.strictObject({
  host: host.describe('Host name of the database.'),
  port: port(5432),
  database: text,
  schemas: z.array(text).min(1).default(['public']).describe('Schemas to read, case-sensitive.'),
  username: text,
  password: secret.optional(),
  jdbc_url_params: z.string().optional().describe('key=value pairs, separated by &.'),
  ssl_mode: sslMode.default({ mode: 'prefer' }),
  replication_method: replicationMethod.default({ method: 'Standard' }),
  tunnel_method: tunnelMethod.default({ tunnel_method: 'NO_TUNNEL' }),
});

/** The Postgres source (airbyte/source-postgres 3.7): one stream a table, in its schema's namespace. */
export const postgresSource = z
  .strictObject({
    connector: z.literal('postgres'),
    name: text.describe('The name of the source in Airbyte.'),
    connectionConfiguration: configuration,
  })
  .transform(asDefinition(DEFINITIONS.source.postgres));
