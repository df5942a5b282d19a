import { createHash } from 'node:crypto';
import { identifierProblem, MAX_IDENTIFIER } from '../../../connectors/snowflake-place';
import { Refusal } from '../../../contract/problems';
import { readable } from '../../../../workflows/protocol/one-line';

/* Names and texts in statements. Nothing gets into one but through these. */

const RENAME = 'Give another name in the descriptor, then deploy again.';

/** An identifier, whatever is in the name. Throws a Refusal for what Snowflake can hold in no way. */
export const quoted = (name: string) => {
  const problem = identifierProblem(name);
  if (problem !== undefined)
    throw new Refusal(`A name that is meant for Snowflake ${problem}.`, RENAME);
  return `"${name.replaceAll('"', '""')}"`;
};

/** A text in a statement: a backslash begins an escape there. Throws a Refusal for what is no text. */
export const literal = (text: string) => {
  if (/[\p{Cc}\p{Cs}]/u.test(text))
    throw new Refusal('A text that is meant for Snowflake has control characters.', RENAME);
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
};

const asItIs = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&');

/** A pattern that only this name fits, in any case. */
export const pattern = (name: string) => literal(asItIs(name));

/** A pattern that all names fit which begin so, in any case. */
export const patternFrom = (start: string) => literal(`${asItIs(start)}%`);

/** A name as it is given in settings: what is not quoted there is in upper case to Snowflake. */
export const identifierIn = (given: string) => {
  if (/^".+"$/.test(given)) return given.slice(1, -1).replaceAll('""', '"');
  return /^[A-Za-z_][\w$]*$/.test(given) ? given.toUpperCase() : given;
};

/** The role that every user has, however it is written. */
export const isEverybody = (role: string) => identifierIn(role.trim()).toUpperCase() === 'PUBLIC';

const PART = /"((?:[^"]|"")*)"|([^."]+)/g;

/** The parts of a name as lists of grants have it: `FINANCE."cash flow".ORDERS`. */
export const partsOf = (qualified: string) =>
  [...qualified.matchAll(PART)].map(([, inQuotes, bare = '']) =>
    inQuotes === undefined ? bare : inQuotes.replaceAll('""', '"'),
  );

/** A name as one text, however a list writes it. */
export const canonical = (parts: readonly string[]) => JSON.stringify(parts);

/** The name of an object of an account as lists have it, where some are in quotes. */
export const bare = (name: string) =>
  /^".*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;

/** Whether a list means this by a name, however it writes it. */
export const isNamed = (listed: string, parts: readonly string[]) =>
  listed === parts.join('.') ||
  (parts.length === 1 && bare(listed) === parts[0]) ||
  canonical(partsOf(listed)) === canonical(parts);

const DIGITS = 8;
const READS = '_READ_';

/** What all roles that read a component's data fit, and few others. */
export const READ_ROLES = `%${READS}${'_'.repeat(DIGITS)}`;

/** The role that reads a component's data: what is in it for people, and what tells it from all others. */
export const readRoleOf = (key: string) => {
  const digest = createHash('sha256').update(key).digest('hex').slice(0, DIGITS).toUpperCase();
  const end = `${READS}${digest}`;
  const [, ...rest] = key.slice(key.indexOf('/') + 1).split('.');
  const people = rest
    .join('_')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/g, '_');
  return `${people.slice(0, MAX_IDENTIFIER - end.length)}${end}`;
};

/** What would be read as several names, or as none, without its quotes. */
const shown = (part: string) => (/[."]/.test(part) ? `"${part.replaceAll('"', '""')}"` : part);

/** For people: `FINANCE.CASHFLOW_0`, `FINANCE."a.b"`; what cannot be seen in a name is escaped. */
export const shownAs = (...parts: string[]) => readable(parts.map(shown).join('.'));
