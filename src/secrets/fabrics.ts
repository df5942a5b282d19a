import { readFile } from 'node:fs/promises';
import { Refusal } from '../contract/problems';
import { withoutUndefined } from '../contract/json';
import type { Redactor } from './masking';

/**
 * Where destinations run and with which credentials, by connector: the part of Airbyte's
 * configuration that is not the descriptor's. Read anew for each call, so that a rotated key file
 * is noticed; the result never leaves the activity that asked for it.
 */
export type Fabrics = Readonly<
  Record<string, (given: Record<string, unknown>) => Promise<Record<string, unknown>>>
>;

/** The Snowflake that descriptors without credentials of their own write to; a password or a key. */
export interface Snowflake {
  host: string;
  role: string;
  warehouse: string;
  username: string;
  password: string | undefined;
  privateKeyFile: string | undefined;
  privateKeyPassword: string | undefined;
}

/** destination-snowflake 4.x: `credentials` is one of two kinds, told apart by auth_type. */
const credentialsOf = async (
  { password, privateKeyFile, privateKeyPassword }: Snowflake,
  redactor: Redactor,
) => {
  if (!privateKeyFile) return { auth_type: 'Username and Password', password };
  const privateKey = await readFile(privateKeyFile, 'utf8').catch((cause: unknown) => {
    throw new Error('The file SNOWFLAKE_PRIVATE_KEY_FILE names cannot be read.', { cause });
  });
  redactor.remember(privateKey);
  return withoutUndefined({
    auth_type: 'Key Pair Authentication',
    private_key: privateKey,
    private_key_password: privateKeyPassword,
  });
};

const noSnowflake = () =>
  new Refusal(
    'This provisioner knows no Snowflake to write to.',
    'Ask the platform operator to set the SNOWFLAKE_ variables of the worker, or bring host, role, warehouse, username and credentials.',
  );

export const createFabrics = (
  { snowflake }: { snowflake: Snowflake | undefined },
  redactor: Redactor,
): Fabrics => ({
  /** A descriptor with credentials of its own brings the whole account. */
  snowflake: async ({ credentials }) => {
    if (credentials !== undefined) return {};
    if (!snowflake) throw noSnowflake();
    const { host, role, warehouse, username } = snowflake;
    return {
      host,
      role,
      warehouse,
      username,
      credentials: await credentialsOf(snowflake, redactor),
    };
  },
});
