#!/usr/bin/env node
import type { Client } from '@temporalio/client';
import { Command, CommanderError } from 'commander';
import { createAdoption } from './operator/adoption';
import { addAdoptCommand } from './cli/adopt';
import { addDescribeCommand } from './cli/describe';
import { addDriftCommand } from './cli/drift';
import { UNKNOWN } from './cli/engineer';
import { Unknown } from './cli/gateway';
import { addPlanCommand } from './cli/plan';
import { addProvisionCommand } from './cli/provision';
import { addRunsCommand } from './cli/runs';
import { writerTo } from './cli/tables';
import { addValidateCommand } from './cli/validate';
import { cliConfig } from './config/config';
import { createDrift } from './operator/drift';
import { RequestError, SystemProblem } from './contract/problems';
import { createOperations } from './operator/operations';
import { createLogger, runProgram } from './program';
import { createStartRun } from './runs/start';
import { createStatus } from './runs/status';
import { answers } from './temporal/calls';
import { createTemporalClient } from './temporal/client';
import { lastingProblem } from './temporal/errors';

/** Milliseconds Temporal has to answer before the command gives up. */
const REACH_DEADLINE = 3000;

const WRONG_USAGE = 2;

/** They ask the gateway, and need no Temporal. */
const OF_ENGINEERS = ['validate', 'plan', 'provision', 'describe'];

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
const reach = async (client: Client, address: string) => {
  const { namespace } = client.options;
  try {
    await answers(client, namespace, REACH_DEADLINE);
  } catch (err) {
    throw lastingProblem(err) ?? noAnswer(address, err);
  }
};

/** The code to exit with. */
const explain = (err: unknown): number => {
  if (err instanceof CommanderError) return err.exitCode === 0 ? 0 : WRONG_USAGE;
  if (!(err instanceof RequestError || err instanceof SystemProblem)) throw err;
  for (const line of [err.message, ...err.solutions]) say(line);
  return err instanceof Unknown ? UNKNOWN : 1;
};

runProgram(async () => {
  const { taskQueue, temporalUiUrl, minSyncInterval, ...gateway } = cliConfig();
  const { client, connection, address } = createTemporalClient();
  // What goes wrong is told on the terminal; there is no log to keep.
  const log = createLogger('provisioner', 'silent');
  const startRun = createStartRun({ client, taskQueue, log });
  const statusOf = createStatus({ client, taskQueue, temporalUiUrl });
  const operations = createOperations({
    client,
    taskQueue,
    temporalUiUrl,
    startRun,
    statusOf,
    log,
  });

  const program = new Command('provisioner')
    .description(
      'For who writes descriptors: validate, plan, provision, describe, through the gateway. For operators: runs, drift, adopt, through Temporal.',
    )
    .exitOverride()
    .hook('preAction', async (_program, command) => {
      if (!OF_ENGINEERS.includes(command.name())) await reach(client, address);
    });
  const exitWith = (code: number) => (process.exitCode = code);
  addRunsCommand(program, { operations, statusOf, print, say, exitWith });
  addDriftCommand(program, {
    drift: createDrift({ client, taskQueue, say }),
    replay: (token) => operations.replay(token, { force: true }),
    statusOf,
    print,
    say,
    exitWith,
  });
  addAdoptCommand(program, {
    adoption: createAdoption({ client, taskQueue, say }),
    minSyncInterval,
    print,
    say,
    exitWith,
  });
  const engineer = { ...gateway, print, say, exitWith };
  addValidateCommand(program, engineer);
  addPlanCommand(program, engineer);
  addProvisionCommand(program, engineer);
  addDescribeCommand(program, engineer);
  try {
    await program.parseAsync();
  } catch (err) {
    process.exitCode = explain(err);
  } finally {
    await connection.close();
  }
});
