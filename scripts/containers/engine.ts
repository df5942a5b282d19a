import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { launch, untilReady } from '../child';
import { debianEnvironment, debianProgram } from './debian';
import { binaryOf } from './go-programs';
import { CACHE, outputOf, read } from './place';
import type { Output } from './place';

/* A Docker engine of our own, beside any that runs: its data, socket and containers are in the cache. */

const DATA = path.join(CACHE, 'engine');
/** Where the command line finds its plugins. */
const CONFIG = path.join(CACHE, 'docker-config');
const RUN = path.join(CACHE, 'run');
const SOCKET = path.join(RUN, 'docker.sock');
const START_TIMEOUT = 60_000;

/** Neither the firewall of this machine nor its routing is touched. */
const NO_HOST_NETWORKING = [
  '--iptables=false',
  '--ip6tables=false',
  '--ip-forward=false',
  '--ip-masq=false',
  '--bridge=none',
];

/** Of the programs that talk to the engine, and of nothing else: no variable of the user gets through. */
const environment = () => ({
  ...debianEnvironment(),
  DOCKER_HOST: `unix://${SOCKET}`,
  DOCKER_CONFIG: CONFIG,
  DOCKER_BUILDKIT: '0',
  COMPOSE_ANSI: 'never',
  COMPOSE_PROGRESS: 'plain',
});

const dockerCommand = (args: string[]) => ({
  command: debianProgram('docker'),
  args,
  env: environment(),
});

export interface Engine {
  env: NodeJS.ProcessEnv;
  /** What `docker …` says; throws when it fails. */
  docker: (...args: string[]) => Promise<string>;
  /** The same, however it ends. */
  tryDocker: (...args: string[]) => Promise<Output>;
  /** Ends all containers and the engine. */
  stop: () => Promise<void>;
}

const Ids = z.string().transform((text) => text.split('\n').filter(Boolean));

/** So that `docker compose` is the built one. */
const installCompose = () => {
  const plugins = path.join(CONFIG, 'cli-plugins');
  rmSync(plugins, { recursive: true, force: true });
  mkdirSync(plugins, { recursive: true });
  symlinkSync(binaryOf('docker-compose'), path.join(plugins, 'docker-compose'));
};

export const startEngine = async (onLaunch: (kill: () => void) => void): Promise<Engine> => {
  installCompose();
  mkdirSync(RUN, { recursive: true });
  rmSync(SOCKET, { force: true });
  const child = launch({
    name: 'dockerd',
    command: debianProgram('dockerd'),
    args: [
      ...['--data-root', DATA, '--exec-root', path.join(RUN, 'exec')],
      ...['--pidfile', path.join(RUN, 'dockerd.pid'), '--host', `unix://${SOCKET}`],
      // There is no bridge to take it from. What listens on this machine is not to be reached.
      ...['--host-gateway-ip', '127.0.0.1'],
      ...NO_HOST_NETWORKING,
    ],
    env: debianEnvironment(),
    logFile: path.join(CACHE, 'logs', 'dockerd.log'),
  });
  onLaunch(child.kill);
  const docker = (...args: string[]) => read(dockerCommand(args));
  const tryDocker = (...args: string[]) => outputOf(dockerCommand(args));
  const isReady = async () => (await tryDocker('version')).code === 0;
  await untilReady(child, { isReady, timeout: START_TIMEOUT });
  const removeAll = async () => {
    const ids = Ids.parse(await docker('ps', '--all', '--quiet'));
    if (ids.length > 0) await docker('rm', '--force', '--volumes', ...ids);
    // Each has a bridge on this machine.
    await docker('network', 'prune', '--force');
  };
  // Of a run that was killed.
  await removeAll();
  const stop = async () => {
    await removeAll().catch(() => undefined);
    await child.stop();
    // The engine leaves it mounted, and the cache could not be deleted.
    await outputOf({ command: 'umount', args: [path.join(RUN, 'exec', 'netns', 'default')] });
  };
  return { env: environment(), docker, tryDocker, stop };
};
