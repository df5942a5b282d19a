import { X509Certificate } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { needMending, textIn, withoutEmpty } from './values';
import type { Environment } from './values';

/* Temporal's own variables, which its SDK reads, and would refuse with errors that name none of them. */

const HOST_AND_PORT = /^(?:\[[\da-f:.]+\]|[^\s:/@[\]]+)(?::(?<port>\d{1,5}))?$/i;
const LAST_PORT = 65_535;

const FILES = [
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
];

/** Says that there is none, not even the one in the home of the user, which may be of another server. */
const NO_FILE = 'none';

const isReadable = (file: string): boolean => {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
};

const isAddress = (text: string) => {
  const found = HOST_AND_PORT.exec(text);
  return found !== null && Number(found.groups?.port ?? 0) <= LAST_PORT;
};

const asData = (name: string) => name.replace(/PATH$/, 'DATA');

const isGiven = (env: Environment, part: string) =>
  env[`TEMPORAL_TLS_${part}_PATH`] !== undefined || env[`TEMPORAL_TLS_${part}_DATA`] !== undefined;

/** What can be said of each variable by itself; none of their values is. */
const problemsIn = (env: Environment): string[] => {
  const { TEMPORAL_TLS: tls, TEMPORAL_API_KEY: apiKey = 'none' } = env;
  const { TEMPORAL_CONFIG_FILE: file = NO_FILE } = env;
  // Without TLS nobody reads its files.
  const read = tls === 'false' || tls === '0' ? [] : FILES;
  const twice = read.filter((name) => name.endsWith('_PATH') && env[name] && env[asData(name)]);
  return [
    ...(file === NO_FILE || isReadable(file)
      ? []
      : [`TEMPORAL_CONFIG_FILE must name a file that can be read, or be ${NO_FILE}`]),
    ...read
      .filter((name) => env[name] && textIn(env[name]) === '')
      .map((name) => `${name} must name a file that can be read and is not empty`),
    ...twice.map((name) => `${name} and ${asData(name)} exclude each other`),
    // The SDK takes any other word for no.
    ...(tls !== undefined && !['true', '1', 'false', '0'].includes(tls)
      ? ['TEMPORAL_TLS must be true or false']
      : []),
    ...(/^[\x20-\x7e]+$/.test(apiKey) ? [] : ['TEMPORAL_API_KEY must be one line']),
  ];
};

const load = (env: Record<string, string>) => {
  try {
    return loadClientConnectConfig({ overrideEnvVars: env });
  } catch {
    // Its message may have a piece of the file, and with it a secret.
    throw needMending([
      'TEMPORAL_CONFIG_FILE, or the file that is read without it, must be a TOML file with the profile that TEMPORAL_PROFILE names, and the files named in it must be there',
    ]);
  }
};

type Loaded = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

const isTaken = (take: () => unknown) => {
  try {
    take();
    return true;
  } catch {
    return false;
  }
};

const tlsProblems = ({ tls }: Loaded, env: Environment) => {
  if (typeof tls !== 'object' || tls === null) return [];
  const { serverRootCACertificate: ca, clientCertPair: pair } = tls;
  if (!pair && isGiven(env, 'CLIENT_CERT') !== isGiven(env, 'CLIENT_KEY'))
    return ['TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH need each other'];
  const asPair = ({ crt, key }: NonNullable<typeof pair>) =>
    createSecureContext({ cert: Buffer.from(crt), key: Buffer.from(key) });
  return [
    ...(!ca || isTaken(() => new X509Certificate(ca))
      ? []
      : ['TEMPORAL_TLS_SERVER_CA_CERT_PATH must have certificates as PEM']),
    ...(!pair || isTaken(() => asPair(pair))
      ? []
      : [
          'TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH must have a certificate and its key as PEM',
        ]),
  ];
};

export type TemporalConfig = ReturnType<typeof temporalConfig>;
/** How Temporal is reached: by the variables, or by the profile in a file that they name. */
export const temporalConfig = (env: Environment = process.env) => {
  const given = withoutEmpty(env);
  const problems = problemsIn(given);
  if (problems.length > 0) throw needMending(problems);
  const { connectionOptions, namespace = 'default' } = load(given);
  const { address = 'localhost:7233' } = connectionOptions;
  const where =
    given.TEMPORAL_ADDRESS === undefined ? 'address in TEMPORAL_CONFIG_FILE' : 'TEMPORAL_ADDRESS';
  const unusable = [
    ...(isAddress(address)
      ? []
      : [`${where} must be a host and its port without a scheme, such as localhost:7233`]),
    ...tlsProblems(connectionOptions, given),
  ];
  if (unusable.length > 0) throw needMending(unusable);
  return { connectionOptions: { ...connectionOptions, address }, namespace };
};
