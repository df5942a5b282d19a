import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CACHE, findProgram, read, runLogged } from './place';

/* The programs that are built from their Go modules. */

interface GoProgram {
  name: string;
  module: string;
  version: string;
  /** Of the package in the module. */
  folder: string;
  flags?: string;
}

const TEMPORAL = { module: 'go.temporal.io/server', version: 'v1.32.0' };
const COMPOSE = 'github.com/docker/compose/v2';
const COMPOSE_VERSION = 'v2.40.3';

const PROGRAMS = {
  'temporal-server': { ...TEMPORAL, folder: './cmd/server' },
  'temporal-sql-tool': { ...TEMPORAL, folder: './cmd/tools/sql' },
  'ui-server': {
    module: 'github.com/temporalio/ui-server/v2',
    version: 'v2.54.1',
    folder: './cmd/server',
  },
  'docker-compose': {
    module: COMPOSE,
    version: COMPOSE_VERSION,
    folder: './cmd',
    flags: `-X ${COMPOSE}/internal.Version=${COMPOSE_VERSION}`,
  },
} satisfies Record<string, Omit<GoProgram, 'name'>>;
export type GoProgramName = keyof typeof PROGRAMS;
export const GO_PROGRAMS: GoProgramName[] = [
  'docker-compose',
  'temporal-server',
  'temporal-sql-tool',
  'ui-server',
];

const BINARIES = path.join(CACHE, 'bin');

const go = () => findProgram('go', ['/usr/local/go/bin']);

const Downloaded = z.object({ Dir: z.string() });

/** The folder of a module's sources, which Go keeps. */
export const moduleOf = async (name: GoProgramName): Promise<string> => {
  const { module, version } = PROGRAMS[name];
  const args = ['mod', 'download', '-json', `${module}@${version}`];
  return Downloaded.parse(JSON.parse(await read({ command: go(), args, cwd: '/' }))).Dir;
};

/** Where a program is, or will be. */
export const binaryOf = (name: GoProgramName): string =>
  path.join(BINARIES, `${name}-${PROGRAMS[name].version}`);

export const isBuilt = (name: GoProgramName): boolean => existsSync(binaryOf(name));

/** In a copy of its module, which is then the main one: what it replaces is followed. */
export const build = async (name: GoProgramName, signal?: AbortSignal): Promise<void> => {
  const { folder, ...program }: Omit<GoProgram, 'name'> = PROGRAMS[name];
  mkdirSync(BINARIES, { recursive: true });
  const copy = mkdtempSync(path.join(CACHE, `build-${name}-`));
  const binary = binaryOf(name);
  const half = `${binary}.${String(process.pid)}`;
  try {
    cpSync(await moduleOf(name), copy, { recursive: true });
    const flags = ['-trimpath', '-ldflags', `-s -w ${program.flags ?? ''}`];
    await runLogged(`build-${name}`, {
      command: findProgram('nice'),
      args: ['-n', '19', go(), 'build', '-p', '2', ...flags, '-o', half, folder],
      cwd: copy,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -buildvcs=false' },
      signal,
    });
    renameSync(half, binary);
  } finally {
    rmSync(half, { force: true });
    rmSync(copy, { recursive: true, force: true });
  }
};
