import Ajv from 'ajv';
import type { ErrorObject } from 'ajv';
import type { Problem, Path } from '../../src/contract/problems';
import { isRecord, withoutUndefined } from '../../src/contract/json';
import { isReference } from '../../src/contract/secret-reference';
import { referencesIn, withReferences } from '../../src/secrets/references';
import { MASK, maskRecord } from '../../src/secrets/masking';
import { closest, suggestion } from '../../src/reading/suggestions';
import { formatPath } from '../../src/contract/problems';
import { firstFew } from '../../workflows/protocol/lengths';
import { narrow, propertiesOf, variantsOf } from './specification-variants';
import type { Items, Notice, Schema } from './specification-variants';

const INLINE =
  'is a secret of this connector: put { secretRef: NAME } in its place, and have the platform operator provide it under that name';

/** Stands for a secret while the schema is looked at. */
const UNSEEN = 'unseen';

const problem = (path: Path, message: string): Problem => ({ path: formatPath(path), message });

/** A field is a secret as soon as one variant says so, whichever is chosen: as Airbyte sees it. */
const childrenOf = (schemas: Schema[], key: string): Schema[] =>
  schemas
    .flatMap((schema) => [schema, ...variantsOf(schema)])
    .map((schema) => propertiesOf(schema)[key])
    .filter(isRecord);

const itemsOf = (schemas: Schema[]) => schemas.map(({ items }) => items).filter(isRecord);

const inlineSecrets = (schemas: Schema[], value: unknown, path: Path): Problem[] => {
  if (isReference(value) || value === undefined || value === null || value === '') return [];
  if (schemas.some(({ airbyte_secret: marked }) => marked === true)) return [problem(path, INLINE)];
  if (Array.isArray(value))
    return value.flatMap((item, index) => inlineSecrets(itemsOf(schemas), item, [...path, index]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    inlineSecrets(childrenOf(schemas, key), inner, [...path, key]),
  );
};

const named = (values: unknown[]) => firstFew(values.map(String)).join(', ');

const oneOf = (values: unknown[], given: unknown) => {
  const meant = typeof given === 'string' ? suggestion(given, values.map(String)) : '';
  return `must be ${values.length > 1 ? 'one of ' : ''}${named(values)}${meant}`;
};

const notedIn = (notice: Notice): Problem[] => {
  if (notice.kind === 'undecided') {
    const { path, given, values } = notice;
    return [
      problem(path, `${given === undefined ? 'is required: it ' : ''}${oneOf(values, given)}`),
    ];
  }
  const meant = closest(notice.key, notice.absent);
  return meant === undefined
    ? []
    : [problem(notice.path, `is not known here; did you mean ${meant}?`)];
};

/** `/streams/0/name` as a path. */
const pathIn = (pointer: string): Path =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));

/** What an error of the schema says, and below which property. */
const said = ({ keyword, params, data, message, parentSchema }: ErrorObject): [string, string?] => {
  const { missingProperty, additionalProperty, allowedValues, allowedValue, type } = params;
  if (keyword === 'required') return ['is required', String(missingProperty)];
  if (keyword === 'additionalProperties')
    return ['is not known to this connector: remove it', String(additionalProperty)];
  if (keyword === 'type') return [`must be ${[type].flat().join(' or ')}`];
  if (keyword === 'enum' && Array.isArray(allowedValues)) return [oneOf(allowedValues, data)];
  if (keyword === 'const') return [oneOf([allowedValue], data)];
  const descriptor: unknown = parentSchema?.pattern_descriptor;
  if (keyword === 'pattern' && typeof descriptor === 'string') return [`must be ${descriptor}`];
  if (keyword === 'oneOf' || keyword === 'anyOf')
    return ['has none of the forms this connector takes'];
  return [message ?? 'is not as this connector wants it'];
};

/** About a form of several that were all tried. */
const isOfVariant = ({ schemaPath }: ErrorObject) => /\/(oneOf|anyOf)\/\d/.test(schemaPath);

const ABOUT_TEXT = ['pattern', 'minLength', 'maxLength', 'enum', 'const', 'format'];

/** Undefined for a schema that cannot be read here. */
const compiled = ({ $schema: _draft, ...schema }: Schema) => {
  const options = { strict: false, allErrors: true, validateFormats: false, verbose: true };
  try {
    const ajv = new Ajv({ ...options, validateSchema: false, unicodeRegExp: false, logger: false });
    return ajv.compile(schema);
  } catch {
    return undefined;
  }
};

/** Whether a specification can be held against a configuration here; else Airbyte judges alone. */
export const isReadable = (specification: Record<string, unknown>) =>
  compiled(specification) !== undefined;

interface Found {
  path: Path;
  error: ErrorObject;
}

/** Each schema is compiled once, for however many it is of; `root` has what schemas refer to. */
const errorsOf = (root: Schema, { schema, found }: Items): Found[] => {
  const { definitions, $defs } = root;
  const validate = compiled({ ...withoutUndefined({ definitions, $defs }), ...schema });
  return found.flatMap(({ path, value }) => {
    validate?.(withReferences(value, () => UNSEEN));
    return (validate?.errors ?? []).map((error) => ({
      path: [...path, ...pathIn(error.instancePath)],
      error,
    }));
  });
};

/**
 * What is wrong with a configuration by its connector's own specification (the JSON Schema that
 * Airbyte serves); `at` is where in the descriptor it is. Secrets are references: one written out in
 * a field that the specification marks as secret is a problem. No message carries a value.
 */
export const checkSpecification = (
  specification: Record<string, unknown>,
  configuration: Record<string, unknown>,
  at: Path,
): Problem[] => {
  const { schema, notices, items } = narrow(specification, configuration, at);
  const references = new Set(referencesIn(configuration, at).map(({ path }) => formatPath(path)));
  const whole = { schema, found: [{ path: at, value: configuration }] };
  const errors = [whole, ...items.values()]
    .flatMap((each) => errorsOf(specification, each))
    .filter(({ error }) => !isOfVariant(error))
    .flatMap(({ path, error }): Problem[] => {
      const isUnseen = references.has(formatPath(path)) && ABOUT_TEXT.includes(error.keyword);
      const [message, below] = said(error);
      return isUnseen ? [] : [problem(below === undefined ? path : [...path, below], message)];
    });
  const found = [
    ...inlineSecrets([specification], configuration, at),
    ...notices.flatMap(notedIn),
    ...errors,
  ];
  return [...new Map(found.toReversed().map((each) => [each.path, each])).values()].toReversed();
};

/** A secret's place, where its value is nobody's business. */
const hidden = (value: unknown): unknown => {
  if (value === MASK) return { secretRef: 'platform' };
  if (Array.isArray(value)) return value.map(hidden);
  return isRecord(value) ? mapped(value) : value;
};
const mapped = (record: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, hidden(value)]));

/** What the descriptor says, secrets as references, and what the platform adds. */
export const withPlatforms = (
  given: Record<string, unknown>,
  complete: Record<string, unknown>,
) => {
  const added = Object.entries(complete).filter(([key]) => !(key in given));
  return { ...mapped(maskRecord(Object.fromEntries(added))), ...given };
};
