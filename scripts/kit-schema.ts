import { z } from 'zod';
import { Specific } from '../src/descriptor/specific';
import { Settings } from '../src/settings/settings';

type JsonSchema = z.core.JSONSchema.BaseSchema;

const NOTE =
  'The specific of a component of the Airbyte provisioner. It is a little stricter than the provisioner, which also takes other spellings (an upper-case format, a boolean as text); what JSON Schema cannot say, the provisioner checks.';

/** Where the provisioner tidies up first, what it then reads is told. */
const tidied = ({ zodSchema, jsonSchema }: { zodSchema: unknown; jsonSchema: JsonSchema }) => {
  if (zodSchema instanceof z.ZodPipe && zodSchema.in instanceof z.ZodTransform)
    Object.assign(jsonSchema, schemaOf(zodSchema.out));
};

const schemaOf = (schema: z.core.$ZodType): JsonSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: tidied,
  });
  return rest;
};

/** JSON Schema 2020-12 of `specific`, for editors and wizards: kit/schema/specific.schema.json. */
export const specificSchema = () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'specific of an Airbyte component',
  description: NOTE,
  ...schemaOf(Specific),
});

const FILE_NOTE =
  'The configuration file of the Airbyte provisioner, which PROVISIONER_CONFIG names. What is between its parts (each domain of one team, names that are there) `npx provisioner config check` checks.';

/** JSON Schema 2020-12 of the configuration file, for editors: kit/schema/provisioner.schema.json. */
export const settingsSchema = () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'configuration of the Airbyte provisioner',
  description: FILE_NOTE,
  ...schemaOf(Settings),
});
