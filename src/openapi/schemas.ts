import { z } from 'zod';

/* The JSON Schemas of an OpenAPI document, from the zod schemas the gateway reads and answers with. */

type JsonSchema = z.core.JSONSchema.BaseSchema;

const schemasOf = (module: Record<string, unknown>) =>
  Object.values(module).filter((value) => value instanceof z.ZodType);

export const reference = (id: string) => ({ $ref: `#/components/schemas/${id}` });

/** What zod says of a schema, mended where it says too much or too little. */
const mend = ({ zodSchema, jsonSchema }: { zodSchema: unknown; jsonSchema: JsonSchema }) => {
  // The format says it; zod's pattern of it is 300 characters.
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  // Text that is made an enum's, whatever its case: tell the enum.
  if (zodSchema instanceof z.ZodPipe && zodSchema.out instanceof z.ZodEnum)
    jsonSchema.enum = zodSchema.out.options;
};

/** Every schema that has an id, by it. */
export const componentsOf = (modules: Record<string, unknown>[]) => {
  const registry = z.registry<{ id: string }>();
  for (const schema of modules.flatMap(schemasOf)) {
    const id = schema.meta()?.id;
    if (id) registry.add(schema, { id });
  }
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    io: 'input',
    unrepresentable: 'any',
    override: mend,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]),
  );
};
