import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CACHE, findProgram, read, runLogged } from './place';

/* Programs from Debian's packages, unpacked into the cache: nothing is installed on this machine. */

/** Those of the engine and what they need, but for what every Debian has. */
const PACKAGES = [
  ...['docker.io', 'containerd', 'runc', 'tini', 'libdevmapper1.02.1', 'debootstrap'],
  // By these the engine leads names asked for in a container to its own resolver, in the container only.
  ...['iptables', 'libxtables12', 'libip4tc2', 'libip6tc2', 'libnetfilter-conntrack3'],
  ...['libmnl0', 'libnfnetlink0', 'libnftnl11'],
];

const UNPACKED = path.join(CACHE, 'debian');
const FOLDERS = ['usr/sbin', 'usr/bin', 'sbin', 'bin'];

export const isUnpacked = (): boolean => existsSync(UNPACKED);

/** Folders of libraries, which are in one of each platform's name. */
export const debianLibraries = (root = UNPACKED): string[] =>
  ['lib', 'usr/lib']
    .map((folder) => path.join(root, folder))
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)))
    .filter((folder) => folder.endsWith('-linux-gnu'));

/** With the unpacked programs before those of this machine. */
export const debianEnvironment = (): NodeJS.ProcessEnv => {
  const folders = FOLDERS.map((folder) => path.join(UNPACKED, folder));
  const [extensions = ''] = debianLibraries()
    .map((folder) => path.join(folder, 'xtables'))
    .filter(existsSync);
  return {
    HOME: process.env.HOME,
    PATH: [...folders, process.env.PATH ?? ''].join(path.delimiter),
    LD_LIBRARY_PATH: debianLibraries().join(path.delimiter),
    XTABLES_LIBDIR: extensions,
  };
};

export const debianProgram = (name: string): string => {
  const files = FOLDERS.map((folder) => path.join(UNPACKED, folder, name));
  const found = files.find((file) => existsSync(file));
  if (found) return found;
  throw new Error(`Debian's packages have no ${name}.`);
};

const download = async (folder: string, packages: string[]) => {
  const command = findProgram('apt-get');
  const args = ['download', ...packages];
  const fetch = () => runLogged('apt-get-download', { command, args, cwd: folder });
  // The lists of this machine may be absent, or older than what Debian still has.
  await fetch().catch(async () => {
    await runLogged('apt-get-update', { command, args: ['update'] });
    await fetch();
  });
};

/** Fetches packages, without what they need, and unpacks them; `target` is whole, or not there. */
export const unpackPackages = async (
  packages: string[],
  { target, finish }: { target: string; finish?: (unpacked: string) => void },
): Promise<void> => {
  const half = `${target}.${String(process.pid)}`;
  const debs = path.join(half, 'packages');
  mkdirSync(debs, { recursive: true });
  try {
    await download(debs, packages);
    for (const name of readdirSync(debs))
      await read({ command: findProgram('dpkg-deb'), args: ['-x', path.join(debs, name), half] });
    rmSync(debs, { recursive: true });
    finish?.(half);
    renameSync(half, target);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
};

/** Those of the engine. */
export const unpack = (): Promise<void> =>
  unpackPackages(PACKAGES, {
    target: UNPACKED,
    // What the package's script does when it is installed.
    finish: (unpacked) => {
      symlinkSync('iptables-nft', path.join(unpacked, 'usr', 'sbin', 'iptables'));
    },
  });

/** The authorities that this machine trusts, one of which may be its own. */
const BUNDLES = [
  process.env.NODE_EXTRA_CA_CERTS,
  process.env.SSL_CERT_FILE,
  '/etc/ssl/certs/ca-certificates.crt',
];

const SUPERFLUOUS = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'var/cache/apt',
  'var/lib/apt/lists',
];

/** A Debian in a folder, as small as Debian's own images. */
export const bootstrap = async (target: string): Promise<void> => {
  const scripts = path.join(UNPACKED, 'usr', 'share', 'debootstrap');
  await runLogged('debootstrap', {
    command: debianProgram('debootstrap'),
    args: ['--variant=minbase', '--include=ca-certificates', 'bookworm', target],
    env: { ...debianEnvironment(), LD_LIBRARY_PATH: '', DEBOOTSTRAP_DIR: scripts },
  });
  for (const each of SUPERFLUOUS) rmSync(path.join(target, each), { recursive: true, force: true });
  for (const each of ['var/cache/apt/archives/partial', 'var/lib/apt/lists/partial'])
    mkdirSync(path.join(target, each), { recursive: true });
  const bundle = BUNDLES.find((file) => file && existsSync(file));
  if (bundle) cpSync(bundle, path.join(target, 'etc', 'ssl', 'certs', 'ca-certificates.crt'));
};

const Packed = z.array(z.object({ filename: z.string() }));

/** A package of npm, unpacked into a folder; nothing of it is run. */
export const unpackNpm = async (name: string, target: string): Promise<void> => {
  mkdirSync(target, { recursive: true });
  const said = await read({
    command: findProgram('npm'),
    args: ['pack', '--json', '--pack-destination', target, name],
    cwd: target,
  });
  const [packed] = Packed.parse(JSON.parse(said));
  const file = path.join(target, packed?.filename ?? '');
  const args = ['-xzf', file, '-C', target, '--strip-components=1'];
  await read({ command: findProgram('tar'), args });
  rmSync(file);
};
