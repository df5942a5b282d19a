import { readFile } from 'node:fs/promises';
import { Refusal } from '../contract/problems';
import type { Redactor } from '../secrets/masking';
import { whenWritten } from '../secrets/written';
import type { Fabrics } from './fabrics';
import { bringsAccount, destinationOf, mustNotSteer } from './snowflake/destination';

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
  const read = () => readFile(privateKeyFile, 'utf8');
  const privateKey = await whenWritten(read).catch((cause: unknown) => {
    throw new Error('The file SNOWFLAKE_PRIVATE_KEY_FILE names cannot be read.', { cause });
  });
  if (privateKey === '') throw new Error('The file SNOWFLAKE_PRIVATE_KEY_FILE names is empty.');
  redactor.remember(privateKey);
  return { privateKey, privateKeyPassword };
};

const noSnowflake = () =>
  new Refusal(
    'This provisioner knows no Snowflake to write to.',
    'Ask the platform operator to set the SNOWFLAKE_ variables of the worker, or bring host, role, warehouse, username and credentials.',
  );

const noNames = (name: string) =>
  new Refusal(
    `The descriptor names the fabric "${name}", and this provisioner knows none by name.`,
    'Leave specific.destination.fabric out, or ask the platform operator to describe fabrics in a configuration file (PROVISIONER_CONFIG).',
  );

/** Without a configuration file there is at most one Snowflake, for everybody. */
export const createPlatformFabrics =
  (snowflake: PlatformSnowflake | undefined, redactor: Redactor): Fabrics =>
  async ({ connector, configuration, fabric }) => {
    if (fabric !== undefined) throw noNames(fabric);
    if (connector !== 'snowflake' || bringsAccount(configuration)) return {};
    if (!snowflake) throw noSnowflake();
    mustNotSteer(configuration);
    const { host, role, warehouse, username } = snowflake;
    const credentials = await credentialsOf(snowflake, redactor);
    return destinationOf({ host, role, warehouse, username, credentials });
  };
