import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../child';
import type { Engine } from './engine';
import { binaryOf } from './go-programs';
import { OVERRIDE } from './override';
import { CACHE, outputOf, read } from './place';
import type { Output } from './place';

/* The real docker-compose.yml, brought up by the real Compose. */

const NAME = 'provisioner-test-containers';

/** Where commands of documents are typed, and leave their files. */
export const WORK = path.join(CACHE, 'work');

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

export const writeEnvironment = (name: string, variables: Variables) => {
  const file = path.join(WORK, `${name}.env`);
  mkdirSync(WORK, { recursive: true });
  writeFileSync(
    file,
    Object.entries(variables)
      .map(([variable, value]) => `${variable}=${value}\n`)
      .join(''),
  );
  return file;
};

/** The built Compose, on the real file; without an engine it can at least say what is wrong with it. */
export const createCompose = (env: NodeJS.ProcessEnv, name = NAME) => {
  mkdirSync(CACHE, { recursive: true });
  const override = path.join(CACHE, 'override.yml');
  writeFileSync(override, stringify(OVERRIDE));
  const files = [path.join(ROOT, 'docker-compose.yml'), override];
  const command = (variables: Variables, args: string[]) => ({
    command: binaryOf('docker-compose'),
    args: [
      ...['--project-name', name, '--env-file', writeEnvironment(name, variables)],
      ...[...files.flatMap((file) => ['--file', file]), ...args],
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
    /** Types commands as a document has them; throws when one of them fails. */
    type: (variables: Variables, commands: string): Promise<string> =>
      read({
        command: 'sh',
        args: ['-ec', commands],
        cwd: WORK,
        env: {
          ...env,
          COMPOSE_PROJECT_NAME: name,
          COMPOSE_FILE: files.join(':'),
          COMPOSE_ENV_FILES: writeEnvironment(name, variables),
          // Of the command line, which runs on this machine.
          TEMPORAL_ADDRESS: `127.0.0.1:${variables.TEMPORAL_PORT ?? ''}`,
        },
      }),
  };
};
export type Compose = ReturnType<typeof createCompose>;

export const createProject = ({ env, docker, tryDocker }: Engine, name = NAME) => {
  const container = (service: string) => `${name}-${service}-1`;
  const stateOf = async (service: string): Promise<State> =>
    State.parse(
      JSON.parse(await docker('inspect', '--format', '{{ json .State }}', container(service))),
    );

  const until = async (service: string, isThere: (state: State) => boolean, what: string) => {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const state = await stateOf(service);
      if (isThere(state)) return state;
      if (Date.now() > deadline) {
        const { all } = await tryDocker('logs', '--tail', '5', container(service));
        const found = `${service} is ${state.Status}, not ${what}, after ${String(PATIENCE)} ms`;
        throw new Error(`${found}:\n${all}`);
      }
      await pause(POLL);
    }
  };

  return {
    ...createCompose(env, name),
    stateOf,
    /** The id of the image that a service runs. */
    imageOf: async (service: string) =>
      (await docker('inspect', '--format', '{{ .Image }}', container(service))).trim(),
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
      await docker('volume', 'rm', `${name}_${volume}`);
    },
  };
};
export type Project = ReturnType<typeof createProject>;
