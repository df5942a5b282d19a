import { z } from 'zod';

/* What a zod schema looks like inside: the keys it knows, and where anything goes. */

type Schema = z.core.$ZodType;

/** The schema of what is written, without the layers that transform it or fill it in. */
export const written = (schema: Schema): Schema => {
  if (schema instanceof z.ZodPipe)
    return written(schema.in instanceof z.ZodTransform ? schema.out : schema.in);
  if (schema instanceof z.ZodLazy) return written(schema.def.getter());
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  )
    return written(schema.def.innerType);
  return schema;
};

/** The fields an object schema names. */
export const fieldsOf = (schema: Schema): Record<string, Schema> =>
  schema instanceof z.ZodObject ? schema.shape : {};

const valueOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

/** The field that tells the variants of a union apart. */
export const discriminatorOf = (schema: Schema): string | undefined =>
  schema instanceof z.ZodDiscriminatedUnion ? schema.def.discriminator : undefined;

/** The variants of a union that a value is one of, by its discriminator; else all of them. */
export const variantsOf = (schema: Schema, value: unknown): Schema[] => {
  if (!(schema instanceof z.ZodUnion)) return [];
  const options = schema.options.map(written);
  const by = discriminatorOf(schema);
  const chosen = options.filter((option) => {
    const field = by === undefined ? undefined : fieldsOf(option)[by];
    return field && z.safeParse(field, valueOf(value, by ?? '')).success;
  });
  return chosen.length > 0 ? chosen : options;
};

const isAnything = (schema: Schema) => schema instanceof z.ZodUnknown || schema instanceof z.ZodAny;

/** A map whose keys and values are somebody else's: a connector's, a file reader's. */
export const isFree = (schema: Schema): boolean =>
  isAnything(schema) ||
  (schema instanceof z.ZodRecord && isAnything(written(schema.def.valueType)));

/** Whether an object passes on what it does not know. */
const isOpen = (schema: Schema) =>
  schema instanceof z.ZodObject &&
  schema.def.catchall !== undefined &&
  isAnything(schema.def.catchall);

/** What a value may be meant as: more than one where nothing in it tells. */
const meaningsOf = (schema: Schema, value: unknown): Schema[] => {
  const given = written(schema);
  if (!(given instanceof z.ZodUnion)) return [given];
  return variantsOf(given, value).flatMap((option) => meaningsOf(option, value));
};

const itemsOf = (schemas: Schema[]) =>
  schemas.flatMap((schema) => (schema instanceof z.ZodArray ? [schema.def.element] : []));

const hasOwn = (schema: Schema, key: string) => Object.hasOwn(fieldsOf(schema), key);

const inValue = (value: unknown, schemas: Schema[]): unknown => {
  if (typeof value !== 'object' || value === null || schemas.some(isFree)) return value;
  if (Array.isArray(value))
    return value.map((item) =>
      inValue(
        item,
        itemsOf(schemas).flatMap((element) => meaningsOf(element, item)),
      ),
    );
  const isOthers = (key: string) => schemas.some((each) => isOpen(each) && !hasOwn(each, key));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
      if (isOthers(key)) return [[key, inner]];
      if (inner === null) return [];
      const fields = schemas.flatMap((each) => (hasOwn(each, key) ? [fieldsOf(each)[key]] : []));
      const meant = fields.flatMap((field) => (field ? meaningsOf(field, inner) : []));
      return [[key, inValue(inner, meant)]];
    }),
  );
};

const hasNull = (value: unknown): boolean =>
  value === null ||
  (typeof value === 'object' && Object.values(value).some((inner: unknown) => hasNull(inner)));

/**
 * An explicit null at a field that the schema knows says the same as nothing: Witboost writes it for
 * what the wizard left empty. In free maps it is a value like any other, and stays.
 */
export const withoutNulls = (value: object, schema: Schema): unknown =>
  hasNull(value) ? inValue(value, meaningsOf(schema, value)) : value;
