import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../../workflows/words/causes';
import { isRecord } from '../contract/json';
import { referenceIn } from '../contract/secret-reference';
import type { Redactor } from './masking';
import { Refusal, formatPath } from '../contract/problems';
import type { Path } from '../contract/problems';

/** Bytes; the key of a service account has some 2,400. */
const MAX_SIZE = 64 * 1024;

/** No path: a name that begins with two dots is one of Kubernetes' own in a mounted directory. */
const NAME = /^(?!\.\.)(?!\.$)[A-Za-z0-9._-]+$/;

/** What is wrong with one reference; the message never carries a value. */
class Unresolved extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** Every reference in a configuration, and where it is. */
export const referencesIn = (value: unknown, at: Path = []): { path: Path; name: string }[] => {
  const name = referenceIn(value);
  if (name !== undefined) return [{ path: at, name }];
  if (Array.isArray(value))
    return value.flatMap((item, index) => referencesIn(item, [...at, index]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => referencesIn(inner, [...at, key]));
};

/** A copy with each reference replaced. */
export const withReferences = (value: unknown, secretOf: (name: string) => string): unknown => {
  const name = referenceIn(value);
  if (name !== undefined) return secretOf(name);
  if (Array.isArray(value)) return value.map((item) => withReferences(item, secretOf));
  return isRecord(value) ? recordWith(value, secretOf) : value;
};

const recordWith = (
  record: Record<string, unknown>,
  secretOf: (name: string) => string,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(record).map(([key, inner]) => [key, withReferences(inner, secretOf)]),
  );

/** Links are followed (a mounted secret is two of them), but not out of the directory. */
const readSecret = async (directory: string, name: string): Promise<string | undefined> => {
  const unreadable = (why: string) =>
    new Unresolved(
      `the file of the secret "${name}" ${why}`,
      `Ask the platform operator to look at the file ${name} in the directory SECRETS_DIR names.`,
    );
  try {
    const root = await realpath(directory);
    const target = await realpath(path.join(root, name));
    if (!target.startsWith(root + path.sep)) throw unreadable('is a link out of its directory');
    const file = await stat(target);
    if (!file.isFile()) throw unreadable('is no file');
    if (file.size > MAX_SIZE) throw unreadable('is larger than 64 KiB');
    return await readFile(target, 'utf8');
  } catch (err) {
    if (err instanceof Unresolved) throw err;
    if (codeOf(err) === 'ENOENT') return undefined;
    throw unreadable(`cannot be read (${codeOf(err) ?? 'unknown error'})`);
  }
};

const refusal = (unresolved: { path: Path; err: Unresolved }[]) =>
  new Refusal(
    unresolved.map(({ path: at, err }) => `${formatPath(at)}: ${err.message}.`).join(' '),
    [...new Set(unresolved.map(({ err }) => err.remedy))].join(' '),
  );

/** Where secrets are, and which of them descriptors may use. */
interface SecretSources {
  /** A file for each, by its name. */
  directory: string | undefined;
  allowed: readonly string[];
  /** Of those that are allowed. */
  fromEnvironment: ReadonlyMap<string, string | undefined>;
}

export type SecretReferences = ReturnType<typeof createSecretReferences>;

/**
 * Looks secrets up by name: a file of the mounted directory, else a variable of the environment;
 * only those the deployment allows. Read anew for each call, so that a rotated one is noticed.
 */
export const createSecretReferences = (
  { directory, allowed, fromEnvironment }: SecretSources,
  redactor: Redactor,
) => {
  const lookUp = async (name: string) => {
    if (!NAME.test(name) || !allowed.includes(name))
      throw new Unresolved(
        `the secret "${name}" is not one that descriptors may use`,
        `Name another secret, or ask the platform operator to add ${name} to SECRETS_ALLOWED.`,
      );
    const file = directory === undefined ? undefined : await readSecret(directory, name);
    const secret = (file ?? fromEnvironment.get(name) ?? '').replace(/\r?\n$/, '');
    if (secret !== '') return secret;
    throw new Unresolved(
      `the secret "${name}" ${file === undefined ? 'is not there' : 'is empty'}`,
      `Ask the platform operator to provide the secret ${name}, as a file in SECRETS_DIR or as a variable of the worker.`,
    );
  };

  return {
    /** The configuration with its secrets in clear; refused with every one that cannot be had. */
    resolve: async (configuration: Record<string, unknown>, at: Path) => {
      const found = new Map<string, string>();
      const unresolved: { path: Path; err: Unresolved }[] = [];
      for (const { path: inside, name } of referencesIn(configuration)) {
        try {
          const secret = found.get(name) ?? (await lookUp(name));
          redactor.remember(secret);
          found.set(name, secret);
        } catch (err) {
          if (!(err instanceof Unresolved)) throw err;
          unresolved.push({ path: [...at, ...inside], err });
        }
      }
      if (unresolved.length > 0) throw refusal(unresolved);
      return recordWith(configuration, (name) => found.get(name) ?? '');
    },
  };
};
