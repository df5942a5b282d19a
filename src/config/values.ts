import { readFileSync } from 'node:fs';
import ms from 'ms';
import { z } from 'zod';
import { LONGEST_DURATION, durationText, inWords } from '../contract/durations';
import { hasUser, NO_USER } from '../contract/urls';
import { wordsFor } from '../contract/wording';

export type Environment = Record<string, string | undefined>;

/** A bad or missing variable. The message names every one of them, never a value. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

const isLong = (value: number) => value > 0;
const tooShort = 'must be longer than zero';
const fits = (value: number) => value <= LONGEST_DURATION;
const tooLong = `must not be longer than ${inWords(LONGEST_DURATION)}: timers hold no more`;

export const durationOrZero = (fallback: ms.StringValue) =>
  durationText
    .default(fallback)
    .transform((text) => Math.ceil(ms(text)))
    .refine(fits, tooLong);
/** A duration as the `ms` package reads it (`200ms`, `30s`, `15m`), in whole milliseconds, as timers take no others. */
export const duration = (fallback: ms.StringValue) =>
  durationOrZero(fallback).refine(isLong, tooShort);

export const port = (fallback: number) =>
  z.coerce
    .number({ message: 'must be a port number' })
    .int()
    .min(0, 'must be a port number')
    .max(65535, 'must be a port number')
    .default(fallback);

export const wholeNumber = ({ most, fallback }: { most?: number; fallback: number }) =>
  z.coerce
    .number({ message: 'must be a whole number' })
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(most ?? Infinity, `must be at most ${String(most)}`)
    .default(fallback);

/** No client takes a URL with a password in it, and it would be told wherever the address is. */
export const url = z
  .url({ protocol: /^https?$/, message: 'must be an http(s) URL', abort: true })
  .refine((text) => !hasUser(text), NO_USER);
export const optionalText = z.string().optional();

/** Names separated by commas. */
export const names = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
  );

/** An empty variable counts as absent, as container platforms set unset ones to "". */
export const withoutEmpty = (env: Environment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );

export const needMending = (problems: string[]) =>
  new ConfigError(`These environment variables need mending: ${problems.join('; ')}.`);

/** The secrets among the variables; each may be in a file instead, which `NAME_FILE` names. */
export const secretsIn = (shape: Readonly<Record<string, z.ZodType>>) =>
  Object.keys(shape).filter((name) => shape[name]?.meta()?.secret === true);

export const textIn = (file: string) => {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch {
    return '';
  }
};

/** The variables with the secrets that are in files, and what is wrong with those. */
const withFiles = (secrets: string[], env: Environment) => {
  const given: Environment = { ...env };
  const problems: string[] = [];
  for (const name of secrets) {
    const file = env[`${name}_FILE`];
    if (file === undefined) continue;
    const text = textIn(file);
    if (env[name] !== undefined) problems.push(`${name} and ${name}_FILE exclude each other`);
    else if (text === '')
      problems.push(`${name}_FILE must name a file that can be read and is not empty`);
    else given[name] = text;
  }
  return { given, problems };
};

/** The variables as the schema has them; throws a ConfigError that names all that are wrong. */
export const read = <Schema extends z.ZodObject<Record<string, z.ZodType>>>(
  schema: Schema,
  env: Environment,
): z.output<Schema> => {
  const { given, problems } = withFiles(secretsIn(schema.shape), withoutEmpty(env));
  const parsed = schema.safeParse(given, { error: wordsFor });
  if (parsed.success && problems.length === 0) return parsed.data;
  const issues = parsed.error?.issues ?? [];
  problems.push(...issues.map(({ path, message }) => `${path.join('.')} ${message}`));
  throw needMending(problems);
};
