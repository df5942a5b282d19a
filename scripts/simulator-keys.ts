import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './child';

/* The secrets of the stand-ins, for programs that look them up in SECRETS_DIR: good for nothing else. */

const FOLDER = path.join(ROOT, '.cache', 'simulator');
/** A file for each, as examples/fabrics.yaml names them. */
export const SECRETS_DIR = path.join(FOLDER, 'secrets');

const SECRETS = {
  AIRBYTE_SIMULATOR: 'simulator-secret',
  SNOWFLAKE_SIMULATOR_PASSWORD: 'not-a-real-password',
  DATABRICKS_SIMULATOR: 'simulator-secret',
};

/** Of the user that prepares and grants in the Snowflake simulator; made once. */
export const snowflakeKeys = () => {
  const publicKeyFile = path.join(FOLDER, 'snowflake-public-key.pem');
  const privateKeyFile = path.join(SECRETS_DIR, 'SNOWFLAKE_SIMULATOR_KEY');
  mkdirSync(SECRETS_DIR, { recursive: true });
  for (const [name, value] of Object.entries(SECRETS))
    writeFileSync(path.join(SECRETS_DIR, name), value, { mode: 0o600 });
  if (existsSync(publicKeyFile) && existsSync(privateKeyFile)) return { publicKeyFile };
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(privateKeyFile, privateKey, { mode: 0o600 });
  writeFileSync(publicKeyFile, publicKey);
  return { publicKeyFile };
};
