import { z } from 'zod';
import { closed } from '../reading/closed-objects';

/* What is done to the rows of a stream on their way: Airbyte public API, ConfiguredStreamMapper. */

const text = z.string().min(1);

/** Newer versions of Airbyte have more fields, which go there as they are. */
const configuration = <Shape extends z.core.$ZodLooseShape>(fields: Shape) =>
  z.looseObject(fields).describe('As Airbyte wants it for this type.');

const mapper = <Type extends string, Configuration extends z.core.SomeType>(
  type: Type,
  mapperConfiguration: Configuration,
) =>
  closed(
    z.strictObject({
      type: z.literal(type),
      mapperConfiguration,
      id: z.guid().optional().describe('Airbyte’s own; it need not be given.'),
    }),
  );

const suffix = z.string().describe('Put behind the name of the field.');
const targetField = text.describe('The column it is about.');

const equal = z.looseObject({
  type: z.literal('EQUAL'),
  fieldName: text,
  comparisonValue: z.string(),
});

type Condition =
  z.infer<typeof equal> | { [field: string]: unknown; type: 'NOT'; conditions: Condition[] };

/** Which rows are kept. */
const condition: z.ZodType<Condition> = z.discriminatedUnion('type', [
  equal,
  z.looseObject({
    type: z.literal('NOT'),
    conditions: z.array(z.lazy(() => condition)).min(1),
  }),
]);

const NO_KEY =
  'is not supported with AES: its key is a secret that Airbyte never shows, so nobody could put it back. Use RSA with a publicKey, or hash the field';

/** A key in a descriptor would be read by all who read the descriptor. */
const encryption = configuration({
  algorithm: z.literal('RSA', {
    error: ({ input }) => (input === 'AES' ? NO_KEY : undefined),
  }),
  targetField,
  fieldNameSuffix: suffix,
  publicKey: text.describe('The public one: only who has the private one can read the field.'),
});

export const Mapper = z.discriminatedUnion('type', [
  mapper(
    'hashing',
    configuration({
      targetField,
      method: z.enum(['MD2', 'MD5', 'SHA-1', 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512']),
      fieldNameSuffix: suffix,
    }),
  ),
  mapper('field-renaming', configuration({ originalFieldName: text, newFieldName: text })),
  mapper('field-filtering', configuration({ targetField })),
  mapper('row-filtering', configuration({ conditions: condition })),
  mapper('encryption', encryption),
]);
export type Mapper = z.infer<typeof Mapper>;
