import { readFile } from 'node:fs/promises';
import { Refusal } from '../../contract/problems';
import type { Redactor } from '../../secrets/masking';
import { whenWritten } from '../../secrets/written';
import type { PlatformFabric } from '../platform';
import { destinationOf, mustNotSteer } from './account';

/** The one Snowflake that the variables describe; a password or a key. */
export interface PlatformSnowflake {
  host: string;
  role: string;
  warehouse: string;
  username: string;
  password: string | undefined;
  privateKeyFile: string | undefined;
  privateKeyPassword: string | undefined;
}

const credentialsOf = async (
  { password, privateKeyFile, privateKeyPassword }: PlatformSnowflake,
  redactor: Redactor,
) => {
  if (!privateKeyFile) return { password: password ?? '' };
  // A line break alone is no key, either: whoever writes it may not be done.
  const read = async () => {
    const text = await readFile(privateKeyFile, 'utf8');
    return text.trim() === '' ? '' : text;
  };
  const privateKey = await whenWritten(read).catch((cause: unknown) => {
    throw new Error('The file SNOWFLAKE_PRIVATE_KEY_FILE names cannot be read.', { cause });
  });
  if (privateKey === '')
    throw new Error(
      'The file SNOWFLAKE_PRIVATE_KEY_FILE names is empty. Ask the platform operator to put the key there.',
    );
  redactor.remember(privateKey);
  return { privateKey, privateKeyPassword };
};

const noSnowflake = () =>
  new Refusal(
    'This provisioner knows no Snowflake to write to.',
    'Ask the platform operator to set the SNOWFLAKE_ variables of the worker, or bring host, role, warehouse, username and credentials.',
  );

/** As the SNOWFLAKE_ variables describe it; undefined: they are not set. Its secrets are masked from now on. */
export const platformSnowflake = (
  account: PlatformSnowflake | undefined,
  redactor: Redactor,
): PlatformFabric => {
  redactor.remember(account?.password);
  redactor.remember(account?.privateKeyPassword);
  return {
    type: 'snowflake',
    destination: async (configuration) => {
      if (!account) throw noSnowflake();
      mustNotSteer(configuration);
      const { host, role, warehouse, username } = account;
      const credentials = await credentialsOf(account, redactor);
      return destinationOf({ host, role, warehouse, username, credentials });
    },
  };
};
