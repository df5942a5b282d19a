import { z } from 'zod';
import { isRecord } from '../contract/json';
import { SECRET_NAME } from '../contract/secret-reference';
import { closed } from './closed-objects';

/** Characters of the names in the file: they are parts of tokens and of messages. */
const MAX_NAME = 100;
/** Characters of an address, a user, a role and the like. */
const MAX_TEXT = 1000;

const NAMES =
  'may have only letters, digits, dots, dashes and underscores, with a letter or digit first';

/** A name that is made of what tokens are made of. */
export const name = z
  .string()
  .min(1)
  .max(MAX_NAME)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, NAMES);

/** Text that is not empty, and one line. */
export const text = z
  .string()
  .min(1)
  .max(MAX_TEXT)
  .regex(/^[^\p{Cc}]*$/u, 'must be one line');

const isBare = (address: string) => {
  const { username, password, search, hash } = new URL(address);
  // To some parsers a backslash ends the host, and to others it is a part of the user.
  return !address.includes('\\') && [username, password, search, hash].every((part) => part === '');
};

/** The root of a host or of a path below it, without a slash at its end. */
export const address = z
  .url({
    protocol: /^https?$/,
    error: ({ input }) => (input === undefined ? undefined : 'must be an http(s) URL'),
  })
  .max(MAX_TEXT)
  .refine((given) => !URL.canParse(given) || isBare(given), {
    message: 'must have no credentials, no query and no fragment',
    abort: true,
  })
  .transform((given) => given.replace(/\/+$/, ''));

const CLEAR =
  'must be a reference such as { secretRef: NAME }: a secret in clear is not taken, and should be changed where it stood in a file';

/** As it may stand in a descriptor. */
export const secretName = z
  .string()
  .min(1)
  .max(MAX_NAME)
  .regex(SECRET_NAME, 'may have only letters, digits, dots, dashes and underscores');

/** What is a secret is never told, however it was meant. */
const aboutClear = ({ input }: z.core.$ZodRawIssue) =>
  input === undefined || isRecord(input) ? undefined : CLEAR;

/** A secret by its name, which is looked up anew whenever it is needed. */
export const secret = closed(
  z.strictObject({ secretRef: secretName }, { error: aboutClear }).meta({
    description: 'A secret by its name: a file in SECRETS_DIR, else a variable of the environment',
  }),
);
export type Secret = z.output<typeof secret>;

/** An absolute path of a file or a directory. */
export const file = text.regex(/^\//, 'must be an absolute path');

/** Teams, environments and the like in one list. */
export const MAX_NAMED = 1000;

export const namesOf = (one: z.ZodType<string>) => z.array(one).max(MAX_NAMED);
