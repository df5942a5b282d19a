import ms from 'ms';
import { z } from 'zod';
import { wordsFor } from './wording';

/* `group` says who sets a variable; docs/configuration.md is made of these. */

export const usual = (description: string) => ({ group: 'usual', description });
export const rare = (description: string) => ({ group: 'rare', description });

const DURATION = /^\d*\.?\d+ *(ms|s|m|h|d)$/;
const isDuration = (text: unknown): text is ms.StringValue =>
  typeof text === 'string' && DURATION.test(text);

export const duration = z.custom<ms.StringValue>(
  isDuration,
  'must be a duration with its unit, for example 30s or 1h',
);
export const secondsIn = (text: ms.StringValue) => ms(text) / 1000;

/** Commas between them. */
export const namesIn = (text: string) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

export const HOST = z
  .string()
  .default('127.0.0.1')
  .meta(usual('The address to listen on. `0.0.0.0` in a container'));

export const portOf = (usually: number) =>
  z.coerce.number().int().min(0).max(65535).default(usually).meta(usual('Where it listens'));

export const LOG_LEVEL = z
  .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
  .default('info')
  .meta(usual('What is logged'));

/** A bad variable: the message names every one of them. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

/** What the variables of the environment say; an empty one counts as absent. */
export const readVariables = <Form extends z.ZodType>(
  form: Form,
  env: Record<string, string | undefined>,
): z.output<Form> => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = form.safeParse(given, { error: wordsFor });
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new SettingsError(`These environment variables need mending: ${issues.join('; ')}.`);
};
