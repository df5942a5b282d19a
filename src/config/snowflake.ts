import type { PlatformSnowflake } from '../fabrics/snowflake/platform';
import { optionalText } from './values';

export const snowflakeVariables = {
  SNOWFLAKE_HOST: optionalText.meta({
    group: 'usual',
    description:
      'The platform’s Snowflake; all of these or none. Without them a descriptor needs an account of its own',
  }),
  SNOWFLAKE_ROLE: optionalText.meta({ group: 'usual', description: 'Its role' }),
  SNOWFLAKE_WAREHOUSE: optionalText.meta({ group: 'usual', description: 'Its warehouse' }),
  SNOWFLAKE_USER: optionalText.meta({ group: 'usual', description: 'Its user' }),
  SNOWFLAKE_PASSWORD: optionalText.meta({
    group: 'usual',
    secret: true,
    description: 'This or `SNOWFLAKE_PRIVATE_KEY_FILE`, and only one of them',
  }),
  SNOWFLAKE_PRIVATE_KEY_FILE: optionalText.meta({
    group: 'usual',
    description: 'The path of a file with the private key (PEM), which is read at each call',
  }),
  SNOWFLAKE_PRIVATE_KEY_PASSWORD: optionalText.meta({
    group: 'rare',
    secret: true,
    description: 'What the private key is encrypted with',
  }),
};

type Given = Partial<Record<keyof typeof snowflakeVariables, string | undefined>>;

const NEEDED = [
  'SNOWFLAKE_HOST',
  'SNOWFLAKE_ROLE',
  'SNOWFLAKE_WAREHOUSE',
  'SNOWFLAKE_USER',
] as const;

const isUnset = (given: Given) =>
  NEEDED.every((name) => !given[name]) &&
  !given.SNOWFLAKE_PASSWORD &&
  !given.SNOWFLAKE_PRIVATE_KEY_FILE;

interface Rule {
  path: string[];
  message: string;
  holds: (given: Given) => boolean;
}

/** All of them or none: without, no descriptor can write to Snowflake. */
export const snowflakeRules: Rule[] = [
  ...NEEDED.map((name) => ({
    path: [name],
    message: 'is required with the other SNOWFLAKE_ ones',
    holds: (given: Given) => isUnset(given) || Boolean(given[name]),
  })),
  {
    path: ['SNOWFLAKE_PASSWORD'],
    message: 'or SNOWFLAKE_PRIVATE_KEY_FILE is required, and only one of them',
    holds: (given) =>
      isUnset(given) || !given.SNOWFLAKE_PASSWORD !== !given.SNOWFLAKE_PRIVATE_KEY_FILE,
  },
];

/** The Snowflake that descriptors write to; undefined: none. */
export const snowflakeOf = (given: Given): PlatformSnowflake | undefined => {
  const { SNOWFLAKE_HOST: host, SNOWFLAKE_ROLE: role, SNOWFLAKE_WAREHOUSE: warehouse } = given;
  const username = given.SNOWFLAKE_USER;
  if (!host || !role || !warehouse || !username) return undefined;
  return {
    host,
    role,
    warehouse,
    username,
    password: given.SNOWFLAKE_PASSWORD,
    privateKeyFile: given.SNOWFLAKE_PRIVATE_KEY_FILE,
    privateKeyPassword: given.SNOWFLAKE_PRIVATE_KEY_PASSWORD,
  };
};
