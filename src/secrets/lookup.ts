import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../../workflows/protocol/causes';
import { SECRET_NAME } from '../contract/secret-reference';
import type { Redactor } from './masking';
import { whenWritten } from './written';

/** Bytes; the key of a service account has some 2,400. */
const MAX_SIZE = 64 * 1024;

/** What is wrong with one reference; the message never carries a value. */
export class Unresolved extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

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

const withoutBreak = (text: string) => text.replace(/\r?\n$/, '');

/** Undefined: there is no such file. */
const readWritten = (directory: string, name: string) =>
  whenWritten(async () => {
    const text = await readSecret(directory, name);
    return text === undefined ? undefined : withoutBreak(text);
  });

/** Where secrets are. */
interface SecretSources {
  /** A file for each, by its name. */
  directory: string | undefined;
  /** A variable of the worker's environment. */
  variable: (name: string) => string | undefined;
}

export type SecretLookup = ReturnType<typeof createSecretLookup>;

/**
 * Looks a secret up by its name: a file of the mounted directory, else a variable of the environment. Read
 * anew for each call, so that a rotated one is noticed; what was read is masked from then on. Throws
 * Unresolved.
 */
export const createSecretLookup =
  ({ directory, variable }: SecretSources, redactor: Redactor) =>
  async (name: string): Promise<string> => {
    const isName = SECRET_NAME.test(name);
    const file =
      directory === undefined || !isName ? undefined : await readWritten(directory, name);
    const secret = file ?? withoutBreak((isName ? variable(name) : undefined) ?? '');
    redactor.remember(secret);
    if (secret !== '') return secret;
    throw new Unresolved(
      `the secret "${name}" ${file === undefined ? 'is not there' : 'is empty'}`,
      `Ask the platform operator to provide the secret ${name}, as a file in SECRETS_DIR or as a variable of the worker.`,
    );
  };
