import type { z } from 'zod';

/*
 * What zod finds wrong, in words that follow a path, a flag or a variable. Whatever users send or set
 * is parsed with `wordsFor`; a schema's own message comes before it. Zod's never reach anybody.
 */

export const REQUIRED = 'is required';
const WRONG_FORM = 'has the wrong form';

const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  nan: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
};

const FORMS: Record<string, string> = {
  url: 'an address (URL)',
  guid: 'an id such as 6f1c3c5e-0000-4000-8000-000000000000',
  uuid: 'an id such as 6f1c3c5e-0000-4000-8000-000000000000',
  datetime: 'a time such as 2026-01-31T12:00:00Z',
  email: 'an email address',
  json_string: 'JSON',
};

const kindOf = (input: unknown) => (Array.isArray(input) ? 'a list' : typeof input);

const typeWords = ({ expected, input }: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>) => {
  if (input === undefined) return REQUIRED;
  if (expected === 'string')
    return `must be text, not ${kindOf(input)}; put it in quotes if it is meant as text`;
  return `must be ${KINDS[expected] ?? expected}`;
};

const bounded = (origin: string, bound: string) => {
  if (origin === 'string') return `must have ${bound} characters`;
  return ['array', 'set', 'map', 'object'].includes(origin)
    ? `must have ${bound} entries`
    : `must be ${bound}`;
};

export const oneOf = (values: readonly unknown[]) => {
  const texts = values.filter((value) => value !== undefined).map(String);
  return `must be ${texts.length > 1 ? 'one of ' : ''}${texts.join(', ')}`;
};

/** For `safeParse(value, { error: wordsFor })`. */
export const wordsFor = (issue: z.core.$ZodRawIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return typeWords(issue);
    case 'too_small':
      if (issue.origin === 'string' || issue.origin === 'array') {
        if (Number(issue.minimum) <= 1) return 'must not be empty';
      }
      return bounded(issue.origin, `at least ${String(issue.minimum)}`);
    case 'too_big':
      return bounded(issue.origin, `at most ${String(issue.maximum)}`);
    case 'invalid_value':
      return issue.input === undefined
        ? `${REQUIRED}: it ${oneOf(issue.values)}`
        : oneOf(issue.values);
    case 'invalid_format': {
      const form = FORMS[issue.format];
      return form === undefined ? WRONG_FORM : `must be ${form}`;
    }
    case 'unrecognized_keys':
      return `has what is not known: ${issue.keys.join(', ')}`;
    case 'not_multiple_of':
      return `must be a multiple of ${String(issue.divisor)}`;
    default:
      return WRONG_FORM;
  }
};
