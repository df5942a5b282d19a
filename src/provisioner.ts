#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { createAdoption } from './operator/adoption';
import type { Adoption } from './operator/adoption';
import { addAdoptCommand } from './cli/adopt';
import { addConfigCommand } from './cli/config';
import { addDescribeCommand } from './cli/describe';
import { addDriftCommand } from './cli/drift';
import { UNKNOWN } from './cli/engineer';
import { addFabricsCommand } from './cli/fabrics';
import { Unknown } from './cli/gateway';
import { addKeysCommand } from './cli/keys';
import { addPlanCommand } from './cli/plan';
import { addProvisionCommand } from './cli/provision';
import { addRunsCommand } from './cli/runs';
import { writerTo } from './cli/tables';
import { addValidateCommand } from './cli/validate';
import { cliConfig, ConfigError } from './config/config';
import type { CliConfig } from './config/config';
import { temporalConfig } from './config/temporal';
import { addressOf, openForLook } from './environments/fabrics';
import { createDrift } from './operator/drift';
import { codeOf } from '../workflows/protocol/causes';
import { RequestError, SystemProblem } from './contract/problems';
import { createKeys } from './operator/keys';
import { createOperations } from './operator/operations';
import {
  createLogger,
  encryptionBy,
  keysIn,
  onSignal,
  readConfiguration,
  runProgram,
} from './program';
import { createStartRun } from './runs/start';
import { createStatus } from './runs/status';
import { answers } from './temporal/calls';
import { createTemporalClient } from './temporal/client';
import { dataConverterOf } from './temporal/payload-codec';
import { oneQueue, queuesOf } from './temporal/queues';
import { lastingProblem } from './temporal/errors';

/** Milliseconds Temporal has to answer before the command gives up. */
const REACH_DEADLINE = 3000;

const WRONG_USAGE = 2;

/** They ask the gateway or a fabric, or look at a file; those of keys reach Temporal by themselves. */
const WITHOUT_TEMPORAL = ['validate', 'plan', 'provision', 'describe', 'config', 'fabrics', 'keys'];

/** `fabrics` of `fabrics check`. */
const firstWordOf = (command: Command): string =>
  command.parent?.parent ? firstWordOf(command.parent) : command.name();

const print = writerTo(process.stdout);
const say = writerTo(process.stderr);

const noAnswer = (address: string, cause: unknown) =>
  new SystemProblem(`Temporal does not answer at ${address}.`, {
    solutions: [
      'Set TEMPORAL_ADDRESS to the host and port of its frontend, which npm start prints, and TEMPORAL_TLS or TEMPORAL_API_KEY where it asks for them.',
      'If they are right, Temporal is down.',
    ],
    cause,
  });

/** Fails at once with a few lines, where each call would try for long. */
const reached = async (client: Parameters<typeof createKeys>[0]['client'], address: string) => {
  try {
    await answers(client, client.options.namespace, REACH_DEADLINE);
  } catch (err) {
    throw lastingProblem(err) ?? noAnswer(address, err);
  }
};

/** What operators' commands do, in a Temporal that is there. */
const createOperator = ({ file, taskQueue, temporalUiUrl }: CliConfig) => {
  const settings = file === undefined ? undefined : readConfiguration(file);
  const encryption = encryptionBy(settings);
  const { client, address } = createTemporalClient(temporalConfig(), {
    dataConverter: dataConverterOf(encryption),
  });
  // What goes wrong is told on the terminal; there is no log to keep.
  const log = createLogger('provisioner', 'silent');
  const queues = settings ? queuesOf(() => settings.environments, taskQueue) : oneQueue(taskQueue);
  const startRun = createStartRun({ client, queues, log });
  const statusOf = createStatus({ client, queues, temporalUiUrl });
  const deps = { client, queues, temporalUiUrl, startRun, statusOf, log };
  return {
    reach: () => reached(client, address),
    statusOf,
    operations: createOperations(deps),
    drift: createDrift({ client, queues, say }),
    adoption: createAdoption({ client, queues, say }),
    /** The names of those in the configuration file; undefined: there is none. */
    environments: settings && Object.keys(settings.environments),
  };
};

/** Which keys are needed is asked most of all where one is missing: nothing of it needs them. */
const listKeys = async ({ file }: CliConfig, observe: (read: number) => void) => {
  const encryption = file === undefined ? undefined : readConfiguration(file).encryption;
  const { client, address } = createTemporalClient(temporalConfig(), { dataConverter: {} });
  await reached(client, address);
  const ring = encryption && {
    ids: keysIn(encryption.keysDir),
    current: encryption.current,
  };
  return createKeys({ client, ring, observe })();
};

/** Made when the first command asks for it: those of engineers need no Temporal, be it set up or not. */
const operatorOnce = (config: CliConfig) => {
  let made: ReturnType<typeof createOperator> | undefined;
  return () => (made ??= createOperator(config));
};

/** The fabrics of the file, with secrets where the worker has them. */
const fabricsOf = ({ file, secrets, requestTimeout }: CliConfig) => ({
  settings: () => (file === undefined ? undefined : readConfiguration(file)),
  addressOf,
  open: (named: Parameters<typeof openForLook>[0]) =>
    openForLook(named, { secrets, requestTimeout, log: createLogger('provisioner', 'silent') }),
});

/** Over with the first Ctrl-C, or the end of the terminal; the second Ctrl-C ends the program at once. */
const interruption = () => {
  const controller = new AbortController();
  const end = () => {
    controller.abort();
  };
  onSignal(end);
  process.once('SIGHUP', end);
  return controller.signal;
};

const createProgram = (config: CliConfig) => {
  const operator = operatorOnce(config);
  const exitWith = (code: number) => (process.exitCode = code);
  const terminal = { print, say, exitWith };
  const statusOf = (token: string) => operator().statusOf(token);
  const program = new Command('provisioner')
    .description(
      'For who writes descriptors: validate, plan, provision, describe, through the gateway. For operators: runs, drift, adopt, keys, through Temporal; config, fabrics, by the configuration file.',
    )
    .exitOverride()
    .hook('preAction', async (_program, command) => {
      if (!WITHOUT_TEMPORAL.includes(firstWordOf(command))) await operator().reach();
    });
  addRunsCommand(program, { operations: () => operator().operations, statusOf, ...terminal });
  addDriftCommand(program, {
    drift: {
      check: (environment) => operator().drift.check(environment),
      last: (environment) => operator().drift.last(environment),
      knows: (whose) => operator().drift.knows(whose),
    },
    environments: () => operator().environments,
    replay: (token) => operator().operations.replay(token, { force: true }),
    statusOf,
    ...terminal,
  });
  const { minSyncInterval, gatewayUrl, gatewayToken } = config;
  const adoption: Adoption = (asked) => operator().adoption(asked);
  const environments = () => operator().environments;
  addAdoptCommand(program, { adoption, environments, minSyncInterval, ...terminal });
  addKeysCommand(program, { keys: (observe) => listKeys(config, observe), ...terminal });
  const engineer = { gatewayUrl, gatewayToken, ...terminal };
  addValidateCommand(program, engineer);
  addPlanCommand(program, engineer);
  addProvisionCommand(program, engineer);
  addDescribeCommand(program, engineer);
  addConfigCommand(program, terminal);
  addFabricsCommand(program, { ...fabricsOf(config), interruption, ...terminal });
  return program;
};

/** The code to exit with. */
const explain = (err: unknown): number => {
  if (err instanceof CommanderError) return err.exitCode === 0 ? 0 : WRONG_USAGE;
  if (err instanceof ConfigError) {
    say(err.message);
    return WRONG_USAGE;
  }
  if (!(err instanceof RequestError || err instanceof SystemProblem)) throw err;
  for (const line of [err.message, ...err.solutions]) say(line);
  return err instanceof Unknown ? UNKNOWN : 1;
};

/** As of any program whose reader has enough, such as `head`: 128 and the number of SIGPIPE. */
const READER_LEFT = 141;

const leaveClosedPipe = (err: Error) => {
  if (codeOf(err) === 'EPIPE') process.exit(READER_LEFT);
  throw err;
};
process.stdout.on('error', leaveClosedPipe);
process.stderr.on('error', leaveClosedPipe);

const written = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => stream.write('', () => resolve()));

// Node's, of a library such as gRPC, are nothing for who reads a terminal.
process.noDeprecation = true;

runProgram(async () => {
  try {
    await createProgram(cliConfig()).parseAsync();
  } catch (err) {
    process.exitCode = explain(err);
  } finally {
    await Promise.all([written(process.stdout), written(process.stderr)]);
  }
  // A call to Temporal that is to be tried again would keep us, and on a closed connection throw.
  process.exit();
});
