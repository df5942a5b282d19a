import { z } from 'zod';

/* Where something is. Who may log in there stands elsewhere, by reference: a descriptor is read by many. */

const OPEN =
  'must have no user and no password in it: a secret is given as { secretRef: NAME }, in a field of its own';

/** Parsers of URLs drop these wherever they stand. */
const withoutBreaks = (text: string) => text.replace(/[\t\r\n]/g, '').trim();

/** With whatever stands before an `@` where a host begins; a backslash is a slash to some parsers only. */
const AUTHORITY = /^([a-z][a-z0-9+.-]*:)*[\\/]*[^/?#]*@/i;

/** Whether a URL or the address of a host has a user or a password in it, to whichever parser. */
export const hasCredentials = (text: string) => AUTHORITY.test(withoutBreaks(text));

/** The name or address of a host. */
export const host = z
  .string()
  .min(1)
  .refine((text) => !hasCredentials(text), OPEN)
  .regex(/^[^\s/\\?#]+$/, { error: 'must be the name or the address of a host', abort: true });

/** A URL, or a host. */
export const endpoint = z.string().refine((text) => !hasCredentials(text), OPEN);

export const problemOfAddress = (url: string) => (hasCredentials(url) ? OPEN : undefined);
