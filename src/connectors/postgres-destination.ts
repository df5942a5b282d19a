import { z } from 'zod';
import { DEFINITIONS } from './definitions';
import { host } from './addresses';
import { plainSslMode, tunnelMethod } from './database';
import { asDefinition, flag, lowerName, orElse, port, secret, text } from './fields';
import type { Product } from './fields';

/** The Postgres destination (airbyte/destination-postgres 3.0). */
export const postgresDestination = (product: Product) =>
  z
    .strictObject({
      connector: z.literal('postgres'),
      name: text.describe('The name of the destination in Airbyte.'),
      connectionConfiguration: z.strictObject({
        host: host.describe('Host name of the database.'),
        port: port(5432),
        database: text,
        schema: orElse(lowerName(product)).describe(
          'The schema to write to; by default the product and its major version.',
        ),
        username: text,
        password: secret.optional(),
        ssl_mode: plainSslMode.default({ mode: 'prefer' }),
        jdbc_url_params: z.string().optional(),
        tunnel_method: tunnelMethod.default({ tunnel_method: 'NO_TUNNEL' }),
        cdc_deletion_mode: z.enum(['Hard delete', 'Soft delete']).optional(),
        raw_data_schema: z.string().optional(),
        disable_type_dedupe: flag.optional(),
        drop_cascade: flag.optional(),
        unconstrained_number: flag.optional(),
      }),
    })
    .transform(asDefinition(DEFINITIONS.destination.postgres));
