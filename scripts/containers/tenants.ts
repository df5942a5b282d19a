import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { DEFAULT_WORKSPACE_ID } from '../../simulator/simulator';
import { CACHE, findProgram, read } from './place';
import { AIRBYTE, giveToImage } from './variables';

/* What a platform engineer writes to serve two teams: a configuration file, and all that it names. */

const FOLDER = path.join(CACHE, 'tenants');
/** The folder in the containers, and on this machine. */
export const CONFIG = '/config';
export const CONFIG_FOLDER = path.join(FOLDER, 'config');
export const SECRETS_FOLDER = path.join(FOLDER, 'secrets');

export const KEY_ID = 'first';

export type Team = 'finance' | 'marketing';
export type Client = Team | 'operator';

/** What only Airbyte may see. */
export const SECRETS = {
  AIRBYTE: 'simulator-secret',
  FINANCE: 'canary-of-finance',
  MARKETING: 'canary-of-marketing',
};

/** What the three call with; the file has their hashes. */
export const createTokens = (): Record<Client, string> => {
  const token = () => randomBytes(32).toString('hex');
  return { finance: token(), marketing: token(), operator: token() };
};

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const partOf = (team: Team) => ({
  team: {
    domains: [team],
    environments: ['development'],
    defaultFabric: { development: `${team}-dev` },
  },
  fabric: {
    type: 'snowflake',
    team,
    environments: ['development'],
    host: `${team}.snowflakecomputing.com`,
    warehouse: 'LOAD_WH',
    user: 'AIRBYTE',
    role: 'LOADER',
    credentials: { password: { secretRef: team.toUpperCase() } },
  },
});

const tokensOf = (teams: Team[], tokens: Record<Client, string>) => [
  ...teams.map((team) => ({
    name: `${team}-deploys`,
    sha256: sha256(tokens[team]),
    teams: [team],
    roles: ['deployer'],
  })),
  {
    name: 'platform',
    sha256: sha256(tokens.operator),
    roles: ['operator'],
    platformOperator: true,
  },
];

/** The file for these teams. */
export const fileFor = (teams: Team[], tokens: Record<Client, string>): string =>
  stringify({
    environments: {
      development: {
        airbyte: {
          url: AIRBYTE.AIRBYTE_URL,
          workspaceId: DEFAULT_WORKSPACE_ID,
          auth: { clientId: 'simulator', clientSecret: { secretRef: 'AIRBYTE' } },
        },
      },
    },
    teams: Object.fromEntries(teams.map((team) => [team, partOf(team).team])),
    fabrics: Object.fromEntries(teams.map((team) => [`${team}-dev`, partOf(team).fabric])),
    gateway: {
      auth: { mode: 'tokens', tokens: tokensOf(teams, tokens) },
      tls: { certFile: `${CONFIG}/tls/tls.crt`, keyFile: `${CONFIG}/tls/tls.key` },
    },
    encryption: { keysDir: `${CONFIG}/keys`, current: KEY_ID },
    audit: { log: 'stdout' },
  });

export const writeFile = (text: string): void => {
  giveToImage(CONFIG_FOLDER, { 'provisioner.yaml': text });
};

const CERTIFICATE = path.join(FOLDER, 'tls.crt');
const PRIVATE_KEY = path.join(FOLDER, 'tls.key');

/** A new certificate of this machine, which nobody else has signed; the path of it. */
export const writeCertificate = async (): Promise<string> => {
  await read({
    command: findProgram('openssl'),
    args: [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', PRIVATE_KEY, '-out', CERTIFICATE],
    ],
  });
  giveToImage(CONFIG_FOLDER, {
    'tls/tls.crt': readFileSync(CERTIFICATE, 'utf8'),
    'tls/tls.key': readFileSync(PRIVATE_KEY, 'utf8'),
  });
  return CERTIFICATE;
};

/** All of it anew. */
export const writeTenants = async (text: string): Promise<string> => {
  rmSync(FOLDER, { recursive: true, force: true });
  giveToImage(SECRETS_FOLDER, { ...SECRETS, 'gateway/none': '' });
  giveToImage(CONFIG_FOLDER, { [`keys/${KEY_ID}`]: randomBytes(32).toString('hex') });
  writeFile(text);
  return writeCertificate();
};
