import { existsSync } from 'node:fs';
import path from 'node:path';
import { debianLibraries, unpackPackages } from '../containers/debian';
import { CACHE, findProgram, NotHere, read } from '../containers/place';

/* PostgreSQL's programs: those of this machine, else Debian's, unpacked into the cache. */

/** Under /usr/lib/postgresql. */
const MAJOR = '15';
const PACKAGES = [`postgresql-${MAJOR}`, `postgresql-client-${MAJOR}`];
const UNPACKED = path.join(CACHE, `postgresql-${MAJOR}`);

const binariesIn = (root: string) => path.join(root, 'usr', 'lib', 'postgresql', MAJOR, 'bin');

const roots = () => ['/', UNPACKED];
const rootOf = () => roots().find((root) => existsSync(path.join(binariesIn(root), 'initdb')));

export const hasPostgres = (): boolean => rootOf() !== undefined;

/** Of what the packages need, that which this machine lacks. */
const missing = async (): Promise<string[]> => {
  const options = ['--simulate', '--no-install-recommends', 'install'];
  const said = await read({ command: findProgram('apt-get'), args: [...options, ...PACKAGES] });
  return said.split('\n').flatMap((line) => /^Inst (\S+)/.exec(line)?.[1] ?? []);
};

/** Fetches and unpacks what is missing; nothing is installed. */
export const unpackPostgres = async (): Promise<void> =>
  unpackPackages([...new Set([...PACKAGES, ...(await missing())])], { target: UNPACKED });

const environment = (root: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  LC_ALL: 'C.UTF-8',
  ...(root === UNPACKED && { LD_LIBRARY_PATH: debianLibraries(UNPACKED).join(path.delimiter) }),
});

/**
 * How one of its programs is called. They refuse root, who is somebody else then, in a user namespace of
 * theirs: what they read and write remains root's.
 */
export const postgresProgram = (name: string, args: string[]) => {
  const root = rootOf();
  if (root === undefined) throw new NotHere('there is no PostgreSQL');
  const program = [path.join(binariesIn(root), name), ...args];
  const [command = '', ...rest] =
    process.getuid?.() === 0
      ? [findProgram('unshare'), '--user', '--map-user=1000', '--map-group=1000', ...program]
      : program;
  return { command, args: rest, env: environment(root) };
};
