import { z } from 'zod';
import { file } from './file';
import { snowflake } from './snowflake';

/** What a connector may derive defaults from. */
export interface Product {
  name: string;
  domain: string;
  major: string;
}

/** Descriptors of the existing provisioner name no connector: it knew only one of each kind. */
const named = <Schema extends z.ZodType>(connector: string, schema: Schema) =>
  z.preprocess(
    (given) =>
      typeof given === 'object' && !Array.isArray(given) ? { connector, ...given } : given,
    schema,
  );

export const sourceOf = () => named('file', z.discriminatedUnion('connector', [file]));

export const destinationOf = (product: Product) =>
  named('snowflake', z.discriminatedUnion('connector', [snowflake(product)]));
