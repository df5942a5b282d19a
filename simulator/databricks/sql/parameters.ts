import { z } from 'zod';
import type { Parameters } from './cursor';
import { sqlError } from './errors';

export const Parameter = z.strictObject({
  name: z.string().min(1),
  value: z.string().nullish(),
  type: z.string().default('STRING'),
});

const FORMS: Record<string, RegExp> = {
  STRING: /^/,
  INT: /^[+-]?\d+$/,
  BIGINT: /^[+-]?\d+$/,
  DOUBLE: /^[+-]?\d+(\.\d+)?$/,
  BOOLEAN: /^(true|false)$/i,
  DATE: /^\d{4}-\d\d-\d\d$/,
  TIMESTAMP: /^\d{4}-\d\d-\d\d/,
};

/** By their names; a value that does not fit its type fails the statement. */
export const parametersOf = (parameters: z.output<typeof Parameter>[]): Parameters =>
  new Map(
    parameters.map(({ name, value, type: given }) => {
      const type = given.toUpperCase();
      const form = FORMS[type];
      if (!form)
        throw sqlError(
          'INVALID_PARAMETER_MARKER_VALUE.INVALID_DATA_TYPE',
          '22023',
          `An invalid parameter mapping was provided: the value for parameter '${name}' cannot be of the type ${type}.`,
        );
      if (typeof value === 'string' && !form.test(value))
        throw sqlError(
          'INVALID_PARAMETER_MARKER_VALUE.INVALID_VALUE_FOR_DATA_TYPE',
          '22023',
          `The value for parameter '${name}' cannot be cast to ${type} because it is malformed.`,
        );
      return [name, { type, value: value ?? null }];
    }),
  );
