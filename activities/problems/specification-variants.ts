import { isRecord } from '../../src/contract/json';
import type { Path } from '../../src/contract/problems';

/*
 * The part of JSON Schema (draft 7) that connectors' specifications use: an object's `oneOf` holds
 * variants, told apart by a property with one value, such as `auth_type` or `mode`.
 */

export type Schema = Record<string, unknown>;

const recordsIn = (value: unknown): Schema[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

export const variantsOf = (schema: Schema) => [
  ...recordsIn(schema.oneOf),
  ...recordsIn(schema.anyOf),
];

export const propertiesOf = ({ properties }: Schema): Record<string, unknown> =>
  isRecord(properties) ? properties : {};

/** The only value a property may have; undefined where there are more. */
const onlyValue = (property: unknown): unknown => {
  if (!isRecord(property)) return undefined;
  if (property.const !== undefined) return property.const;
  const values: unknown[] = Array.isArray(property.enum) ? property.enum : [];
  return values.length === 1 ? values[0] : undefined;
};

/** The property that tells variants apart: each has one value of its own for it. */
const discriminatorOf = (variants: Schema[]) => {
  const [first] = variants;
  return Object.keys(first ? propertiesOf(first) : {}).find((key) => {
    const values = variants.map((variant) => onlyValue(propertiesOf(variant)[key]));
    return values.every((value) => value !== undefined) && new Set(values).size === values.length;
  });
};

const namesIn = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const merged = (common: Schema, variant: Schema): Schema => ({
  ...common,
  ...variant,
  properties: { ...propertiesOf(common), ...propertiesOf(variant) },
  required: [...new Set([...namesIn(common.required), ...namesIn(variant.required)])],
});

/** What narrowing has noticed. */
export type Notice =
  /** The property at `path` does not say which variant is meant: it may be one of `values`. */
  | { kind: 'undecided'; path: Path; given: unknown; values: unknown[] }
  /** The schema has no property `key`; it has those that are `absent`. */
  | { kind: 'unknown'; path: Path; key: string; absent: string[] };

/** Items of lists, which are judged one by one: a list may have thousands, but of few forms. */
export interface Items {
  schema: Schema;
  found: { path: Path; value: unknown }[];
}

interface Narrowed {
  schema: Schema;
  notices: Notice[];
  /** By the text of their schema. */
  items: Map<string, Items>;
}

const joined = (parts: readonly Pick<Narrowed, 'items'>[]) => {
  const all = new Map<string, Items>();
  for (const { items } of parts)
    for (const [text, { schema, found }] of items) {
      const known = all.get(text);
      if (known) for (const one of found) known.found.push(one);
      else all.set(text, { schema, found: [...found] });
    }
  return all;
};

/** With the variant that a value has chosen in the place of all of them. */
const withVariant = (
  schema: Schema,
  value: Record<string, unknown>,
  path: Path,
): Omit<Narrowed, 'items'> => {
  const variants = variantsOf(schema);
  const key = discriminatorOf(variants);
  if (key === undefined) return { schema, notices: [] };
  const valueOf = (variant: Schema) => onlyValue(propertiesOf(variant)[key]);
  const chosen = variants.find((variant) => valueOf(variant) === value[key]);
  const { oneOf: _oneOf, anyOf: _anyOf, ...common } = schema;
  if (chosen) return { schema: merged(common, chosen), notices: [] };
  const values = variants.map(valueOf);
  const at = [...path, key];
  return { schema: {}, notices: [{ kind: 'undecided', path: at, given: value[key], values }] };
};

const unknownIn = (schema: Schema, value: Record<string, unknown>, path: Path): Notice[] => {
  if (schema.properties === undefined || variantsOf(schema).length > 0) return [];
  const known = Object.keys(propertiesOf(schema));
  const absent = known.filter((key) => value[key] === undefined);
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => ({ kind: 'unknown', path: [...path, key], key, absent }));
};

const narrowObject = (given: Schema, value: Record<string, unknown>, path: Path): Narrowed => {
  const { schema, notices } = withVariant(given, value, path);
  const parts = Object.entries(propertiesOf(schema)).map(([key, property]) => {
    const isGiven = isRecord(property) && value[key] !== undefined;
    return { key, part: isGiven ? narrow(property, value[key], [...path, key]) : undefined };
  });
  const narrowed = parts.flatMap(({ key, part }) => (part ? [[key, part.schema] as const] : []));
  return {
    schema: {
      ...schema,
      ...(narrowed.length > 0 && {
        properties: { ...propertiesOf(schema), ...Object.fromEntries(narrowed) },
      }),
    },
    notices: [
      ...notices,
      ...unknownIn(schema, value, path),
      ...parts.flatMap(({ part }) => part?.notices ?? []),
    ],
    items: joined(parts.flatMap(({ part }) => part ?? [])),
  };
};

const narrowList = (schema: Schema, value: unknown[], path: Path): Narrowed => {
  const { items } = schema;
  if (!isRecord(items) || value.length === 0) return { schema, notices: [], items: new Map() };
  const parts = value.map((item, index) => narrow(items, item, [...path, index]));
  const own = parts.map((part, index) => {
    const found = [{ path: [...path, index], value: value[index] }];
    return {
      items: new Map([[JSON.stringify(part.schema), { schema: part.schema, found }]]),
    };
  });
  return {
    schema: { ...schema, items: {} },
    notices: parts.flatMap(({ notices }) => notices),
    items: joined([...own, ...parts]),
  };
};

/** The schema for this very value: only the variants it has chosen, so that errors are about them. */
export const narrow = (schema: Schema, value: unknown, path: Path): Narrowed => {
  if (Array.isArray(value)) return narrowList(schema, value, path);
  return isRecord(value)
    ? narrowObject(schema, value, path)
    : { schema, notices: [], items: new Map() };
};
