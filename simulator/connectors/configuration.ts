import Ajv from 'ajv';
import type { Schema } from './specs';
import { unprocessable } from '../problems';

export type Configuration = Record<string, unknown>;

/** What every secret reads back as; sent back in a write, it keeps the stored value. */
export const SECRET_MASK = '**********';

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const describe = (path: string, message = 'is invalid') =>
  `$${path.replaceAll('/', '.')}: ${message}`;

/** 422 when the connector's own schema does not accept the configuration. */
export const validateConfiguration = (spec: Schema, configuration: Configuration) => {
  if (ajv.validate(spec, configuration)) return;
  const errors = (ajv.errors ?? []).map((error) => describe(error.instancePath, error.message));
  throw unprocessable(
    `json schema validation failed when comparing the data to the json schema. \nErrors: ${errors.join(', ')}`,
  );
};

// A key is a secret as soon as one variant of a oneOf says so, whichever variant is chosen.
const childrenOf = (schemas: Schema[], key: string) =>
  schemas
    .flatMap((schema) => [schema, ...(schema.oneOf ?? [])])
    .flatMap((schema) => schema.properties?.[key] ?? []);

const mapValues = (values: Configuration, change: (key: string, value: unknown) => unknown) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(key, value)]));

const maskAll = (values: Configuration, schemas: Schema[]): Configuration =>
  mapValues(values, (key, value) => {
    const children = childrenOf(schemas, key);
    if (children.some((child) => child.airbyte_secret)) return SECRET_MASK;
    return isObject(value) ? maskAll(value, children) : value;
  });

export const maskSecrets = (configuration: Configuration, spec: Schema) =>
  maskAll(configuration, [spec]);

const fieldsIn = (values: Configuration, schemas: Schema[], at: string[]): string[][] =>
  Object.entries(values).flatMap(([key, value]) => {
    const children = childrenOf(schemas, key);
    const path = [...at, key];
    if (children.some((child) => child.airbyte_secret)) return [path];
    return isObject(value) ? fieldsIn(value, children, path) : [];
  });

/** The paths of the secrets that a configuration gives. */
export const secretFields = (configuration: Configuration, spec: Schema) =>
  fieldsIn(configuration, [spec], []);

const unmaskAll = (given: Configuration, stored: unknown, schemas: Schema[]): Configuration =>
  mapValues(given, (key, value) => {
    const kept = isObject(stored) ? stored[key] : undefined;
    const children = childrenOf(schemas, key);
    if (isObject(value)) return unmaskAll(value, kept, children);
    const secret = children.some((child) => child.airbyte_secret);
    return secret && value === SECRET_MASK && kept !== undefined ? kept : value;
  });

/** `given` with each mask replaced by what is stored in its place. */
export const unmaskSecrets = (given: Configuration, stored: Configuration, spec: Schema) =>
  unmaskAll(given, stored, [spec]);

/** PATCH: objects merge key by key, so a changed `oneOf` variant keeps the old one's keys. */
export const mergeConfiguration = (stored: Configuration, given: Configuration): Configuration => ({
  ...stored,
  ...mapValues(given, (key, value) => {
    const before = stored[key];
    return isObject(before) && isObject(value) ? mergeConfiguration(before, value) : value;
  }),
});
