import { z } from 'zod';
import { Connection } from './connection';
import { destinationOf, sourceOf } from './connectors';
import type { Product } from './connectors';
import { placesIn, strayBeside } from './key-places';
import type { Reader } from './reader';
import { withoutNulls } from './schema-shape';
import { isSecretKey, secretsIn } from './secrets';
import type { Path } from './yaml';

const REFERENCE =
  'carries a secret. Put { secretRef: NAME } in its place, and have the platform operator provide it under that name';
const REMOVE =
  'carries a secret. Remove it: whoever reads the descriptor, or Airbyte, could see it';

/** `specific` of a component. Unknown keys are the reader's to judge. */
export const specificOf = (product: Product) =>
  z.strictObject({
    source: sourceOf().describe('Where the data comes from.'),
    destination: destinationOf(product).describe('Where it goes to.'),
    connection: Connection.describe('What is synced, how and when.'),
  });

const createSpecificOf = () => {
  let latest: { key: string; schema: ReturnType<typeof specificOf> } | undefined;
  return (product: Product) => {
    const key = JSON.stringify(product);
    if (latest?.key !== key) latest = { key, schema: specificOf(product) };
    return latest.schema;
  };
};

/** Making the schema takes as long as reading with it, and a product's requests come together. */
const rememberedSpecificOf = createSpecificOf();

/** The same for readers of the schema; what depends on the product is named as such. */
export const Specific = specificOf({ name: 'PRODUCT', domain: 'DOMAIN', major: 'MAJOR' });

/** The parts of a component's pipeline, defaults filled in, no secrets. */
export type Pipeline = z.output<typeof Specific>;

/** What of a component's pipeline stands beside its `specific`, where nobody reads it. */
export const refuseStray = (
  reader: Reader,
  component: Record<string, unknown>,
  { product, at }: { product: Product; at: Path },
) => {
  const places = placesIn(rememberedSpecificOf(product), component.specific);
  for (const { key, message } of strayBeside(places, component))
    reader.refuse([...at, key], message);
};

/** Every problem goes to the reader; undefined when there is any that keeps it from being read. */
export const readSpecific = (
  reader: Reader,
  raw: object,
  { product, at }: { product: Product; at: Path },
): Pipeline | undefined => {
  const schema = rememberedSpecificOf(product);
  const specific = withoutNulls(raw, schema);
  for (const path of secretsIn(specific)) {
    const isField = isSecretKey(String(path.at(-1)));
    reader.refuse([...at, ...path], isField ? REFERENCE : REMOVE);
  }
  return reader.read(schema, specific, at);
};
