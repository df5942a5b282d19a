import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../child';
import { findFreePorts } from '../ports';
import type { Engine } from './engine';
import { binaryOf } from './go-programs';
import { OURS } from './images';
import { CACHE, outputOf, read } from './place';
import type { Output } from './place';

/* The real docker-compose.yml, brought up by the real Compose. */

const NAME = 'provisioner-test-containers';

/** The Dockerfile's. */
const IMAGES_USER = 1001;

/** Set aside for tests of networks (RFC 2544), so that it is no network of this machine. */
const NETWORK = '198.18.77';
const RESOLVER = `${NETWORK}.53`;

/** Knows no name: the engine has nobody to ask for those that are no container's, and would wait. */
const ANSWER_NOTHING = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (message, { port, address }) => {
  message[2] |= 0x80;
  message[3] = (message[3] & 0xf0) | 3;
  socket.send(message, port, address);
});
socket.bind(53);
process.once('SIGTERM', () => process.exit());
`;

const asking = [
  'settings',
  'gateway',
  'worker',
  'demo',
  'temporal-setup',
  'temporal-ui',
  'temporal',
];

/** All that the file is given here beside its variables. */
const OVERRIDE = {
  services: {
    resolver: {
      image: OURS,
      user: '0:0',
      command: ['node', '-e', ANSWER_NOTHING],
      healthcheck: { disable: true },
      networks: { default: { ipv4_address: RESOLVER } },
    },
    ...Object.fromEntries(
      asking.map((name) => [
        name,
        { dns: [RESOLVER], depends_on: { resolver: { condition: 'service_started' } } },
      ]),
    ),
  },
  networks: { default: { ipam: { config: [{ subnet: `${NETWORK}.0/24` }] } } },
};

/** Milliseconds between two looks, and until a service that does not get there is given up. */
const POLL = 200;
const PATIENCE = 120_000;

const State = z.object({
  Pid: z.number(),
  Status: z.string(),
  StartedAt: z.string(),
  ExitCode: z.number(),
  Health: z.object({ Status: z.string() }).optional(),
});
type State = z.infer<typeof State>;

export type Variables = Record<string, string>;

const writeEnvironment = (variables: Variables) => {
  const file = path.join(CACHE, 'variables.env');
  writeFileSync(
    file,
    Object.entries(variables)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  return file;
};

/** Secrets as files, which nobody but the image's user can read. */
export const writeSecrets = (secrets: Variables): Variables => {
  const folder = path.join(CACHE, 'secrets');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, value] of Object.entries(secrets)) {
    const file = path.join(folder, name);
    writeFileSync(file, `${value}\n`, { mode: 0o400 });
    chownSync(file, IMAGES_USER, IMAGES_USER);
  }
  return { SECRETS_DIR: folder };
};

/** Free ports for all that the file publishes. */
export const choosePorts = async () => {
  const [gateway = 0, temporal = 0, temporalUi = 0, simulator = 0, prometheus = 0] =
    await findFreePorts(5);
  const variables = {
    PORT: String(gateway),
    TEMPORAL_PORT: String(temporal),
    TEMPORAL_UI_PORT: String(temporalUi),
    SIMULATOR_PORT: String(simulator),
    PROMETHEUS_PORT: String(prometheus),
  };
  const url = (port: number) => `http://127.0.0.1:${String(port)}`;
  return {
    variables,
    gatewayUrl: url(gateway),
    temporalUiUrl: url(temporalUi),
    airbyteUrl: url(simulator),
    prometheusUrl: url(prometheus),
  };
};

/** The built Compose, on the real file; without an engine it can at least say what is wrong with it. */
export const createCompose = (env: NodeJS.ProcessEnv) => {
  mkdirSync(CACHE, { recursive: true });
  const override = path.join(CACHE, 'override.yml');
  writeFileSync(override, stringify(OVERRIDE));
  const command = (variables: Variables, args: string[]) => ({
    command: binaryOf('docker-compose'),
    args: [
      ...['--project-name', NAME, '--env-file', writeEnvironment(variables)],
      ...['--file', path.join(ROOT, 'docker-compose.yml'), '--file', override, ...args],
    ],
    env,
  });
  return {
    /** What `docker compose …` says; throws when it fails. */
    compose: (variables: Variables, ...args: string[]): Promise<string> =>
      read(command(variables, args)),
    /** The same, however it ends. */
    tryCompose: (variables: Variables, ...args: string[]): Promise<Output> =>
      outputOf(command(variables, args)),
    /** The same with something to read; throws when it fails. */
    feed: (variables: Variables, input: string, ...args: string[]): Promise<string> =>
      read({ ...command(variables, args), input }),
  };
};
export type Compose = ReturnType<typeof createCompose>;

export const createProject = ({ env, docker, tryDocker }: Engine) => {
  const container = (service: string) => `${NAME}-${service}-1`;
  const stateOf = async (service: string): Promise<State> =>
    State.parse(
      JSON.parse(await docker('inspect', '--format', '{{ json .State }}', container(service))),
    );

  const until = async (service: string, isThere: (state: State) => boolean, what: string) => {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const state = await stateOf(service);
      if (isThere(state)) return state;
      if (Date.now() > deadline)
        throw new Error(`${service} is ${state.Status}, not ${what}, after ${String(PATIENCE)} ms`);
      await pause(POLL);
    }
  };

  return {
    ...createCompose(env),
    stateOf,
    /** All that a service has written; its container's restarts included. */
    logOf: async (service: string) => (await tryDocker('logs', container(service))).all,
    /** Was started again since it was at this time, and is healthy where it has a check. */
    untilUp: (service: string, since: string) =>
      until(
        service,
        ({ StartedAt, Status, Health }) =>
          StartedAt !== since &&
          Status === 'running' &&
          (Health === undefined || Health.Status === 'healthy'),
        'up again',
      ),
    /** A service that does one thing: throws with its log when that failed. */
    untilEnded: async (service: string) => {
      const { ExitCode } = await until(service, ({ Status }) => Status === 'exited', 'done');
      if (ExitCode === 0) return;
      const { all } = await tryDocker('logs', container(service));
      throw new Error(`${service} ended with exit code ${String(ExitCode)}:\n${all}`);
    },
    /** As if its program had crashed: nobody has asked Docker to end it. */
    crash: async (service: string) => {
      const { Pid, StartedAt } = await stateOf(service);
      process.kill(Pid, 'SIGKILL');
      return StartedAt;
    },
    /** As an operator does: it stays ended until somebody brings it up. */
    kill: async (service: string) => {
      const { StartedAt } = await stateOf(service);
      await docker('kill', container(service));
      return StartedAt;
    },
    /** Nothing is left of a volume, of the service that has it and of these. */
    lose: async (volume: string, services: string[]) => {
      await docker('rm', '--force', ...[volume, ...services].map(container));
      await docker('volume', 'rm', `${NAME}_${volume}`);
    },
  };
};
export type Project = ReturnType<typeof createProject>;
