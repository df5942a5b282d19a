import type { z } from 'zod';
import { Connection } from './connection';
import { destinationOf, sourceOf } from './connectors';
import type { Product } from './connectors';
import type { Reader } from './reader';
import { secretsIn } from './secrets';
import type { Path } from './yaml';

/** `specific` of a component: the parts of its pipeline, defaults filled in, no secrets. */
export interface Pipeline {
  source: z.output<ReturnType<typeof sourceOf>>;
  destination: z.output<ReturnType<typeof destinationOf>>;
  connection: Connection;
}

/** An explicit null says the same as nothing: Witboost writes it for what the wizard left empty. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  return typeof value === 'object' && value !== null ? fieldsOf(value) : value;
};

const fieldsOf = (value: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );

/** Every problem goes to the reader; undefined when there is any that keeps it from being read. */
export const readSpecific = (
  reader: Reader,
  raw: object,
  { product, at }: { product: Product; at: Path },
): Pipeline | undefined => {
  const specific = fieldsOf(raw);
  for (const path of secretsIn(specific))
    reader.refuse(
      [...at, ...path],
      'carries a secret. Remove it: credentials belong to the environment of the provisioner',
    );
  const part = <Schema extends z.ZodType>(key: string, schema: Schema) =>
    reader.read(schema, specific[key], [...at, key]);
  const source = part('source', sourceOf());
  const destination = part('destination', destinationOf(product));
  const connection = part('connection', Connection);
  return source && destination && connection ? { source, destination, connection } : undefined;
};
