import { lengthProblem, isWithin } from '../../workflows/protocol/lengths';

/* Where the Snowflake destination writes, and what Snowflake cannot hold of it. */

/** Characters of a name of Snowflake's (docs.snowflake.com, Identifier requirements). */
export const MAX_IDENTIFIER = 255;

export interface Place {
  database: string;
  schema: string;
}

/** These cannot be, or are Snowflake's own; some versions of the destination prefix the others with `_`. */
const RESERVED = [
  ...['INFORMATION_SCHEMA', 'CONSTRAINT', 'CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP'],
  ...['CURRENT_USER', 'LOCALTIME', 'LOCALTIMESTAMP'],
];

/** As destination-snowflake 4.x writes a name: in upper case, and without what begins a variable of scripts. */
export const asWritten = (name: string) =>
  (name.includes('${') ? name.replace(/[${}]/g, '_') : name).toUpperCase();

/** Why Snowflake cannot have something of this name; undefined: it can. */
export const identifierProblem = (name: string): string | undefined => {
  if (name === '') return 'must not be empty';
  if (/[\p{Cc}\p{Cs}]/u.test(name)) return 'has characters that no name of Snowflake’s may have';
  if (!isWithin(name, MAX_IDENTIFIER))
    return lengthProblem(name, MAX_IDENTIFIER, 'a name of Snowflake’s');
  return undefined;
};

const problemOf = (given: unknown): string | undefined => {
  if (typeof given !== 'string') return 'must be a text';
  const name = asWritten(given);
  const problem = identifierProblem(name);
  if (problem !== undefined) return problem;
  return RESERVED.includes(name) ? `is a word that Snowflake keeps for itself: ${name}` : undefined;
};

/** What is wrong with the schema that Airbyte is to keep raw tables in; without one it has its own. */
export const rawSchemaProblem = (given: string | undefined): string | undefined =>
  given === undefined || given === '' ? undefined : problemOf(given);

/** What of the configuration of a Snowflake destination Snowflake cannot hold. */
export const placeProblems = (configuration: Record<string, unknown>) =>
  (['database', 'schema'] as const).flatMap((field) => {
    const message = problemOf(configuration[field]);
    return message === undefined ? [] : [{ field, message }];
  });

/** The schema that Airbyte writes to, as Snowflake calls it; undefined where there are problems. */
export const placeOf = (configuration: Record<string, unknown>): Place | undefined => {
  const { database, schema } = configuration;
  if (placeProblems(configuration).length > 0) return undefined;
  return { database: asWritten(String(database)), schema: asWritten(String(schema)) };
};
