import { z } from 'zod';
import { DEFINITIONS } from './definitions';
import { endpoint } from './addresses';
import { asDefinition, flag, orElse, secret, text } from './fields';
import type { Product } from './fields';

const flattening = z.enum(['No flattening', 'Root level flattening']).default('No flattening');
const compression = z
  .strictObject({ compression_type: z.enum(['No Compression', 'GZIP']) })
  .default({ compression_type: 'GZIP' });

const codec = z.discriminatedUnion('codec', [
  z.strictObject({ codec: z.literal('no compression') }),
  z.strictObject({ codec: z.literal('Deflate'), compression_level: z.int().min(0).max(9) }),
  z.strictObject({ codec: z.literal('bzip2') }),
  z.strictObject({ codec: z.literal('xz'), compression_level: z.int().min(0).max(9) }),
  z.strictObject({
    codec: z.literal('zstandard'),
    compression_level: z.int().min(-5).max(22),
    include_checksum: flag.default(false),
  }),
  z.strictObject({ codec: z.literal('snappy') }),
]);

const format = z
  .discriminatedUnion('format_type', [
    z.strictObject({ format_type: z.literal('CSV'), flattening, compression }),
    z.strictObject({ format_type: z.literal('JSONL'), flattening, compression }),
    z.strictObject({
      format_type: z.literal('Avro'),
      compression_codec: codec.default({ codec: 'no compression' }),
    }),
    z.strictObject({
      format_type: z.literal('Parquet'),
      compression_codec: z
        .enum(['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZO', 'BROTLI', 'LZ4', 'ZSTD'])
        .default('UNCOMPRESSED'),
      block_size_mb: z.int().min(1).optional(),
      max_padding_size_mb: z.int().min(1).optional(),
      page_size_kb: z.int().min(1).optional(),
      dictionary_page_size_kb: z.int().min(1).optional(),
      dictionary_encoding: flag.optional(),
    }),
  ])
  .describe('The files that are written.');

/** The S3 destination (airbyte/destination-s3 1.9). */
export const s3Destination = ({ domain, name, major }: Product) =>
  z
    .strictObject({
      connector: z.literal('s3'),
      name: text.describe('The name of the destination in Airbyte.'),
      connectionConfiguration: z.strictObject({
        s3_bucket_name: text,
        s3_bucket_path: orElse([domain, name.replace(/\s/g, ''), major].join('/')).describe(
          'The directory to write to; by default domain/product/major version.',
        ),
        s3_bucket_region: z.string().default('').describe('Empty for stores other than AWS.'),
        format: format.default({
          format_type: 'JSONL',
          flattening: 'No flattening',
          compression: { compression_type: 'GZIP' },
        }),
        access_key_id: secret.optional(),
        secret_access_key: secret.optional(),
        role_arn: z.string().optional(),
        s3_endpoint: endpoint.optional(),
        s3_path_format: z.string().optional(),
        file_name_pattern: z.string().optional(),
      }),
    })
    .transform(asDefinition(DEFINITIONS.destination.s3));
