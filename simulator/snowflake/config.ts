import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { SettingsError } from '../config';
import { wordsFor } from '../wording';
import { PublicKeys } from './auth';

const identifier = z.string().min(1).max(255);

/** `group` says who sets a variable; docs/configuration.md is made of these. */
export const SnowflakeVariables = z.object({
  HOST: z.string().default('127.0.0.1').meta({
    group: 'usual',
    description: 'The address to listen on. `0.0.0.0` in a container',
  }),
  SNOWFLAKE_SIMULATOR_PORT: z.coerce.number().int().min(0).max(65535).default(8097).meta({
    group: 'usual',
    description: 'Where it listens',
  }),
  SNOWFLAKE_SIMULATOR_PUBLIC_KEY_FILE: z.string().default('').meta({
    group: 'usual',
    description:
      'A file with the user’s public RSA key in PEM; without it and a token nobody can call',
  }),
  SNOWFLAKE_SIMULATOR_TOKEN: z.string().default('').meta({
    group: 'usual',
    description: 'A programmatic access token of the user',
  }),
  SNOWFLAKE_SIMULATOR_ACCOUNT: identifier.default('SIMULATOR').meta({
    group: 'usual',
    description: 'The account, as a JWT names it',
  }),
  SNOWFLAKE_SIMULATOR_USER: identifier.default('PROVISIONER').meta({
    group: 'rare',
    description: 'The user that has the key and the token',
  }),
  SNOWFLAKE_SIMULATOR_ROLE: identifier.default('PROVISIONER').meta({
    group: 'rare',
    description: 'The user’s default role: it may make databases, roles and grants',
  }),
  SNOWFLAKE_SIMULATOR_WAREHOUSE: identifier.default('PROVISIONING').meta({
    group: 'rare',
    description: 'The warehouse that both roles may use',
  }),
  SNOWFLAKE_SIMULATOR_DATABASE: z.string().max(255).default('ANALYTICS').meta({
    group: 'rare',
    description: 'A database that the role may make schemas in',
  }),
  SNOWFLAKE_SIMULATOR_AIRBYTE_ROLE: identifier.default('AIRBYTE').meta({
    group: 'rare',
    description: 'The role that Airbyte writes with',
  }),
  SNOWFLAKE_SIMULATOR_PEOPLE: z.string().default('JANE.DOE@EXAMPLE.COM,JOHN.ROE@EXAMPLE.COM').meta({
    group: 'rare',
    description: 'Users that roles can be granted to, with commas between them',
  }),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .meta({ group: 'usual', description: 'What is logged' }),
});

const unreadable = (file: string) =>
  new SettingsError(
    `SNOWFLAKE_SIMULATOR_PUBLIC_KEY_FILE: ${file} has no public RSA key in PEM: make one with openssl rsa -in KEY -pubout.`,
  );

const keysIn = (file: string): string[] => {
  if (file === '') return [];
  try {
    return PublicKeys.parse([readFileSync(file, 'utf8')]);
  } catch {
    throw unreadable(file);
  }
};

/** What the variables of the environment say; an empty one counts as absent. */
export const snowflakeConfig = (env: Record<string, string | undefined> = process.env) => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = SnowflakeVariables.safeParse(given, { error: wordsFor });
  if (!parsed.success)
    throw new SettingsError(
      `These environment variables need mending: ${parsed.error.issues
        .map(({ path, message }) => `${path.join('.')} ${message}`)
        .join('; ')}.`,
    );
  const { data } = parsed;
  return {
    host: data.HOST,
    port: data.SNOWFLAKE_SIMULATOR_PORT,
    account: data.SNOWFLAKE_SIMULATOR_ACCOUNT,
    user: data.SNOWFLAKE_SIMULATOR_USER,
    role: data.SNOWFLAKE_SIMULATOR_ROLE,
    warehouse: data.SNOWFLAKE_SIMULATOR_WAREHOUSE,
    database: data.SNOWFLAKE_SIMULATOR_DATABASE,
    airbyteRole: data.SNOWFLAKE_SIMULATOR_AIRBYTE_ROLE,
    people: data.SNOWFLAKE_SIMULATOR_PEOPLE.split(',').filter((name) => name !== ''),
    publicKeys: keysIn(data.SNOWFLAKE_SIMULATOR_PUBLIC_KEY_FILE),
    tokens: data.SNOWFLAKE_SIMULATOR_TOKEN === '' ? [] : [data.SNOWFLAKE_SIMULATOR_TOKEN],
    logLevel: data.LOG_LEVEL,
  };
};
