import { z } from 'zod';
import { DEFINITIONS } from './definitions';
import { asDefinition, flag, lowerName, orElse, secret, text } from './fields';
import type { Product } from './fields';

const KEEP = 'Keep all tmp files in GCS';
const DELETE = 'Delete all tmp files from GCS';

const loadingMethod = z
  .discriminatedUnion('method', [
    z.strictObject({ method: z.literal('Standard') }),
    z.strictObject({
      method: z.literal('GCS Staging'),
      gcs_bucket_name: text,
      gcs_bucket_path: text,
      'keep_files_in_gcs-bucket': z.enum([DELETE, KEEP]).optional(),
      credential: z.strictObject({
        credential_type: z.literal('HMAC_KEY').default('HMAC_KEY'),
        hmac_key_access_id: secret,
        hmac_key_secret: secret,
      }),
    }),
  ])
  .describe('Batched inserts (Standard), or files in a bucket first (GCS Staging).');

/** The BigQuery destination (airbyte/destination-bigquery 3.0). */
export const bigquery = (product: Product) =>
  z
    .strictObject({
      connector: z.literal('bigquery'),
      name: text.describe('The name of the destination in Airbyte.'),
      connectionConfiguration: z.strictObject({
        project_id: text.describe('The GCP project of the dataset.'),
        dataset_location: text.describe('For example EU, US or europe-west8.'),
        dataset_id: orElse(lowerName(product))
          .refine((id) => /^[\w:.-]+$/.test(id), 'must be letters, digits and underscores')
          .describe('The dataset to write to; by default the product and its major version.'),
        credentials_json: secret.optional().describe('The key of a service account, as JSON.'),
        loading_method: loadingMethod.default({ method: 'Standard' }),
        job_project_id: z.string().optional(),
        cdc_deletion_mode: z.enum(['Hard delete', 'Soft delete']).optional(),
        raw_data_dataset: z.string().optional(),
        disable_type_dedupe: flag.optional(),
      }),
    })
    .transform(asDefinition(DEFINITIONS.destination.bigquery));
