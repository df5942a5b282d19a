import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Each is a file server with a secret of its own, and a database with another. */
export const SERVERS = ['a', 'b', 'c'] as const;
export type Server = (typeof SERVERS)[number];

export const ENDS = ['source', 'destination'] as const;
type SecretEnd = (typeof ENDS)[number];

/** A reference and the only host that a descriptor names it for. */
export const secretNameOf = (end: SecretEnd, server: Server) =>
  `${end.toUpperCase()}_${server.toUpperCase()}`;
export const hostOf = (end: SecretEnd, server: Server) => `${end}-${server}.example.invalid`;

/** The fabric's host to Airbyte, and the secrets that the configuration file names. */
export const FABRIC_HOST = 'simulator.snowflakecomputing.com';
export const LOADER_PASSWORD = 'FABRIC_LOADER';
export const MANAGER_KEY = 'FABRIC_MANAGER_KEY';
/** The same of the lakehouse, which is reached through a proxy of ours. */
export const LAKEHOUSE_HOST = '127.0.0.1';
export const LAKE_LOADER_SECRET = 'LAKE_LOADER';
export const LAKE_MANAGER_SECRET = 'LAKE_MANAGER';
/** Service principals: whom Airbyte writes as there, and who makes and grants. */
export const LAKE_LOADER = '9d8c7b6a-5f4e-4d3c-8b2a-1f0e9d8c7b6a';
export const LAKE_MANAGER = '5f1a2b3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
export const AIRBYTE_SECRET = 'AIRBYTE';

const OF_DESCRIPTORS = ENDS.flatMap((end) =>
  SERVERS.map((server) => ({ name: secretNameOf(end, server), host: hostOf(end, server) })),
);
const ALL = [
  ...OF_DESCRIPTORS,
  { name: LOADER_PASSWORD, host: FABRIC_HOST },
  { name: LAKE_LOADER_SECRET, host: LAKEHOUSE_HOST },
];
/** Those that descriptors may use. */
export const SECRET_NAMES = OF_DESCRIPTORS.map(({ name }) => name);
/** Those that are sent to Airbyte, and change. */
const SENT_NAMES = ALL.map(({ name }) => name);

/** From then on (epoch milliseconds) this value, or none. */
interface Spell {
  since: number;
  value: string | undefined;
}

/** A write of a secret, as the simulator tells it. */
interface SentSecret {
  sha256: string | null;
  host: string | null;
}

export type Secrets = ReturnType<typeof createSecrets>;

/** The directory that SECRETS_DIR names, and what has been in it. */
export const createSecrets = (folder: string) => {
  const directory = path.join(folder, 'secrets');
  mkdirSync(directory);
  const spells = new Map<string, Spell[]>();
  /** Digests of all values there ever were, and where they may go. */
  const hosts = new Map<string, string>();
  const spellsOf = (name: string) => spells.get(name) ?? [];

  const begin = (name: string, value: string | undefined) => {
    const since = Date.now();
    spells.set(name, [...spellsOf(name), { since, value }]);
  };
  const rotate = (name: string) => {
    const value = `${name} number ${String(spellsOf(name).length + 1)}`;
    const host = ALL.find((each) => each.name === name)?.host ?? '';
    hosts.set(createHash('sha256').update(value).digest('hex'), host);
    // Noted first: it may be read as soon as it is there.
    begin(name, value);
    writeFileSync(path.join(directory, name), value);
  };
  const lose = (name: string) => {
    rmSync(path.join(directory, name), { force: true });
    begin(name, undefined);
  };
  for (const name of SENT_NAMES) rotate(name);
  writeFileSync(path.join(directory, AIRBYTE_SECRET), 'simulator-secret');

  return {
    directory,
    rotate,
    lose,
    /** What a reference meant at any time between these two. */
    during: (name: string, from: number, to: number): string[] =>
      spellsOf(name).flatMap(({ since, value }, index, all) => {
        const until = all[index + 1]?.since ?? Infinity;
        return value !== undefined && since <= to && until >= from ? [value] : [];
      }),
    /** Of what was sent: the secrets in places that no descriptor gave them to. */
    strays: (sent: SentSecret[]): string[] =>
      sent.flatMap(({ sha256, host }) => {
        if (sha256 === null) return [`asterisks were stored as a secret for ${host ?? 'nobody'}`];
        const right = hosts.get(sha256);
        return right === host ? [] : [`a secret for ${right ?? '?'} went to ${host ?? 'nobody'}`];
      }),
  };
};
