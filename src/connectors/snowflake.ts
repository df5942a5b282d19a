import { z } from 'zod';
import type { Product } from './index';

const derivedSchema = ({ name, major }: Product) =>
  `${name.replace(/\s/g, '').toUpperCase()}_${major}`;

/** A blank counts as absent, as the wizard leaves optional fields empty. */
const orElse = (fallback: string) =>
  z
    .string()
    .default('')
    .transform((text) => text.trim() || fallback);

/**
 * The Snowflake destination (airbyte/destination-snowflake 4.x). Host, role, warehouse, user and
 * credentials are not the descriptor's: they come from the fabric, in the worker.
 */
export const snowflake = (product: Product) =>
  z
    .strictObject({
      connector: z.literal('snowflake'),
      name: z.string().min(1),
      connectionConfiguration: z
        .strictObject({
          database: orElse(product.domain).transform((text) => text.toUpperCase()),
          schema: orElse(derivedSchema(product)),
          cdc_deletion_mode: z.enum(['Hard delete', 'Soft delete']).optional(),
          jdbc_url_params: z.string().optional(),
          raw_data_schema: z.string().optional(),
          disable_type_dedupe: z.boolean().optional(),
          retention_period_days: z.int().min(0).optional(),
        })
        .prefault({}),
    })
    .transform(({ connector, name, connectionConfiguration }) => ({
      connector,
      name,
      definitionId: '424892c4-daac-4491-b35d-c6688ba547ba',
      configuration: connectionConfiguration,
    }));
