import type { Product } from './fields';
import { z } from 'zod';
import { bigquery } from './bigquery';
import { custom } from './custom';
import { databricks } from './databricks';
import { file } from './file';
import { postgresDestination } from './postgres-destination';
import { postgresSource } from './postgres-source';
import { s3Destination } from './s3-destination';
import { s3Source } from './s3-source';
import { snowflake } from './snowflake';

/*
 * Descriptors of the existing provisioner name no connector: it knew only one of each kind, and
 * here their `connector` is optional.
 */

export const sourceOf = () =>
  z.discriminatedUnion('connector', [file, postgresSource, s3Source, custom]);

export const destinationOf = (product: Product) =>
  z.discriminatedUnion('connector', [
    snowflake(product),
    postgresDestination(product),
    s3Destination(product),
    bigquery(product),
    databricks(product),
    custom,
  ]);
