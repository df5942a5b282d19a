import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  HOST,
  LOG_LEVEL,
  namesIn,
  portOf,
  rare,
  readVariables,
  SettingsError,
  usual,
} from '../steering/variables';
import { PublicKeys } from './api/auth';

const identifier = z.string().min(1).max(255);

/** docs/configuration.md is made of these. */
export const SnowflakeVariables = z.object({
  HOST,
  SNOWFLAKE_SIMULATOR_PORT: portOf(8097),
  SNOWFLAKE_SIMULATOR_PUBLIC_KEY_FILE: z
    .string()
    .default('')
    .meta(
      usual('A file with the user’s public RSA key in PEM; without it and a token nobody can call'),
    ),
  SNOWFLAKE_SIMULATOR_TOKEN: z
    .string()
    .default('')
    .meta(usual('A programmatic access token of the user')),
  SNOWFLAKE_SIMULATOR_ACCOUNT: identifier
    .default('SIMULATOR')
    .meta(usual('The account, as a JWT names it')),
  SNOWFLAKE_SIMULATOR_USER: identifier
    .default('PROVISIONER')
    .meta(rare('The user that has the key and the token')),
  SNOWFLAKE_SIMULATOR_ROLE: identifier
    .default('PROVISIONER')
    .meta(rare('The user’s default role: it may make databases, roles and grants')),
  SNOWFLAKE_SIMULATOR_WAREHOUSE: identifier
    .default('PROVISIONING')
    .meta(rare('The warehouse that both roles may use')),
  SNOWFLAKE_SIMULATOR_DATABASE: z
    .string()
    .max(255)
    .default('ANALYTICS')
    .meta(rare('A database that the role may make schemas in')),
  SNOWFLAKE_SIMULATOR_AIRBYTE_ROLE: identifier
    .default('AIRBYTE')
    .meta(rare('The role that Airbyte writes with')),
  SNOWFLAKE_SIMULATOR_PEOPLE: z
    .string()
    .default('JANE.DOE@EXAMPLE.COM,JOHN.ROE@EXAMPLE.COM')
    .meta(rare('Users that roles can be granted to, with commas between them')),
  LOG_LEVEL,
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
  const data = readVariables(SnowflakeVariables, env);
  return {
    host: data.HOST,
    port: data.SNOWFLAKE_SIMULATOR_PORT,
    account: data.SNOWFLAKE_SIMULATOR_ACCOUNT,
    user: data.SNOWFLAKE_SIMULATOR_USER,
    role: data.SNOWFLAKE_SIMULATOR_ROLE,
    warehouse: data.SNOWFLAKE_SIMULATOR_WAREHOUSE,
    database: data.SNOWFLAKE_SIMULATOR_DATABASE,
    airbyteRole: data.SNOWFLAKE_SIMULATOR_AIRBYTE_ROLE,
    people: namesIn(data.SNOWFLAKE_SIMULATOR_PEOPLE),
    publicKeys: keysIn(data.SNOWFLAKE_SIMULATOR_PUBLIC_KEY_FILE),
    tokens: data.SNOWFLAKE_SIMULATOR_TOKEN === '' ? [] : [data.SNOWFLAKE_SIMULATOR_TOKEN],
    logLevel: data.LOG_LEVEL,
  };
};
