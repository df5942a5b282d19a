import Ajv from 'ajv';
import type { ErrorObject } from 'ajv';

/** Connectors write for other validators than this one: drafts, formats and patterns vary. */
const OPTIONS = { strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false };

/** What is wrong with a field of a configuration, by its path; never the field's value. */
export interface Breach {
  path: string[];
  message: string;
}

const pathOf = ({ instancePath, keyword, params }: ErrorObject) => {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const missing: unknown = keyword === 'required' ? params.missingProperty : undefined;
  return typeof missing === 'string' ? [...path, missing] : path;
};

const messageOf = ({ keyword, params, message = 'is not accepted' }: ErrorObject) => {
  if (keyword === 'required') return 'is required';
  const allowed: unknown = params.allowedValues;
  if (keyword === 'enum' && Array.isArray(allowed))
    return `must be one of ${allowed.map(String).join(', ')}`;
  if (keyword === 'oneOf' || keyword === 'anyOf')
    return 'has none of the forms that the connector knows';
  return message;
};

/** A constant; some connectors write it as a list of one. */
const isConstant = ({ keyword, params }: ErrorObject) => {
  const allowed: unknown = params.allowedValues;
  return keyword === 'const' || (Array.isArray(allowed) && allowed.length === 1);
};

const isWithin = (pointer: string, other: string) =>
  pointer === other || pointer.startsWith(`${other}/`);

/**
 * Of an object that may have one of several forms, only what is wrong with the form it names: with
 * forms told apart by a constant, the others complain of that constant.
 */
const telling = (errors: ErrorObject[]) => {
  const branchOf = ({ schemaPath }: ErrorObject) =>
    /^(.*\/(?:oneOf|anyOf)\/\d+)\//.exec(schemaPath)?.[1];
  const named = errors.filter(isConstant).map(branchOf);
  const isOther = (error: ErrorObject) => named.includes(branchOf(error) ?? '-');
  const rest = errors.filter((error) => !isOther(error));
  const deeper = (error: ErrorObject) =>
    rest.some((other) => other !== error && isWithin(other.schemaPath, error.schemaPath));
  return rest.filter((error) => !(['oneOf', 'anyOf'].includes(error.keyword) && deeper(error)));
};

const compile = (schema: Record<string, unknown>) => {
  try {
    // A new one each time: it keeps what it has compiled for ever.
    return new Ajv(OPTIONS).compile(schema);
  } catch {
    return undefined;
  }
};

/**
 * Where a configuration breaks a connector's specification (JSON Schema) as Airbyte serves it;
 * undefined for a specification that cannot be read.
 */
export const breachesOf = (
  specification: Record<string, unknown>,
  configuration: unknown,
): Breach[] | undefined => {
  const { $schema: _draft, $id: _id, ...schema } = specification;
  const isValid = compile(schema);
  if (!isValid) return undefined;
  if (isValid(configuration)) return [];
  const breaches = telling(isValid.errors ?? []).map((error) => ({
    path: pathOf(error),
    message: messageOf(error),
  }));
  return [...new Map(breaches.map((breach) => [JSON.stringify(breach), breach])).values()];
};
