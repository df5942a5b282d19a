import { z } from 'zod';

/** What is said of a key that a closed object does not know. */
const CLOSED = new WeakMap<z.core.$ZodType, string>();

/**
 * Marks an object in which an unknown key is refused, whatever it is: what is ignored there would
 * be read from the source, or written, otherwise than somebody meant. Last of all, as zod copies a
 * schema that is described or refined.
 */
export const closed = <Shape extends z.core.$ZodLooseShape, Config extends z.core.$ZodObjectConfig>(
  schema: z.ZodObject<Shape, Config>,
  instead = `what there is: ${Object.keys(schema.shape).join(', ')}`,
) => {
  CLOSED.set(schema, instead);
  return schema;
};

/** What to write instead of an unknown key, where none is taken. */
export const insteadIn = (schema: unknown): string | undefined =>
  schema instanceof z.ZodObject ? CLOSED.get(schema) : undefined;
