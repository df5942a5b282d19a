import { createHash } from 'node:crypto';
import { Refusal } from '../../contract/problems';

/* How Databricks' SQL writes names and texts. */

/** All users of the account are in it without being its members, and SCIM does not list it. */
export const EVERYBODY = 'account users';

/** Groups that Databricks itself fills with all users, of the account or of a workspace. */
export const isEverybody = (name: string) =>
  /^(account users|users|_workspace_users_.*)$/i.test(name.trim());

/** Characters of a name in Unity Catalog. */
const MAX_NAME = 255;

/** A name in SQL: in backquotes, which are doubled. Throws a Refusal for what no name can have in it. */
export const quoted = (name: string): string => {
  if (name === '' || name.length > MAX_NAME || /\p{Cc}/u.test(name))
    throw new Refusal(
      `Databricks holds no name such as ${JSON.stringify(name.slice(0, 80))}.`,
      `Give a name of 1 to ${String(MAX_NAME)} characters without control characters.`,
    );
  return `\`${name.replaceAll('`', '``')}\``;
};

/** A text in SQL. A backslash escapes, so it is doubled before anything else. */
export const literal = (text: string) =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\0', '\\0')}'`;

/** The same for the same principal, and short enough for the name of a property. */
export const digestOf = (principal: string) =>
  createHash('sha256').update(principal).digest('hex').slice(0, 16);
