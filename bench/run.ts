import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { CommanderError } from 'commander';
import { ROOT } from '../scripts/child';
import { startStack } from '../scripts/stack';
import type { Stack } from '../scripts/stack';
import { dataConverter } from '../src/temporal/payload-codec';
import { requestsOn } from './bench';
import type { Bench, Checkout } from './bench';
import { benchBodies } from './bodies';
import { benchCrowd } from './crowd';
import { benchDelays } from './delays';
import { benchFabric } from './fabric';
import { benchGrants } from './grants';
import { closeConnections } from './http';
import { benchLease } from './lease';
import { readOptions } from './options';
import { benchProvision } from './provision';
import { benchRefusals } from './refusals';
import { benchSecured } from './secured';
import { benchStart } from './start';
import { benchStatus } from './status';
import { benchUnchanged } from './unchanged';
import { benchValidate } from './validate';
import { benchWorkspace } from './workspace';

/** What is measured, in this order. */
const MEASURES = {
  start: benchStart,
  provision: benchProvision,
  unchanged: benchUnchanged,
  lease: benchLease,
  validate: benchValidate,
  status: benchStatus,
  refusals: benchRefusals,
  bodies: benchBodies,
  crowd: benchCrowd,
  delays: benchDelays,
  grants: benchGrants,
  workspace: benchWorkspace,
  secured: benchSecured,
  fabric: benchFabric,
};
type Part = keyof typeof MEASURES;

const isPart = (name: string): name is Part => name in MEASURES;
const PARTS = Object.keys(MEASURES).filter(isPart);
/** The others take minutes for one figure. */
const USUAL = PARTS.filter((part) => !['grants', 'workspace', 'fabric'].includes(part));

const machine = () => ({
  date: new Date().toISOString(),
  node: process.version,
  cores: os.availableParallelism(),
  loadAverage: os.loadavg(),
});

const printMachine = () => {
  const now = machine();
  const load = now.loadAverage.map((value) => value.toFixed(1)).join(' ');
  console.log(
    `${now.date}  Node ${now.node}  ${String(now.cores)} cores  load average ${load} (1, 5, 15 min)`,
  );
  return now;
};

const measureAll = async (bench: Bench, parts: Part[]) => {
  const figures: Partial<Record<Part, unknown>> = {};
  for (const part of parts) figures[part] = await MEASURES[part](bench);
  return figures;
};

const checkoutsOf = (against: string | undefined, variables: Record<string, string>) => {
  const checkouts: Checkout[] = [{ name: 'ours', root: ROOT }];
  if (against !== undefined) checkouts.push({ name: 'other', root: against });
  if (Object.keys(variables).length > 0)
    checkouts.push({ name: 'set', root: ROOT, env: variables });
  return checkouts;
};

const benchOn = (stack: Stack, checkouts: Checkout[]) => {
  const connection = Connection.lazy({ address: stack.temporalAddress });
  const bench: Bench = {
    stack,
    client: new Client({ connection, dataConverter }),
    checkouts,
    requestFor: requestsOn(stack),
  };
  return { bench, connection };
};

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const main = async () => {
  const { only, against, variables, json } = readOptions(process.argv.slice(2), {
    parts: PARTS,
    usual: USUAL,
  });
  // The stack handles signals; the floor's worker leaves them to it.
  Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
  const began = printMachine();
  let mourn: (message: string) => void = () => undefined;
  const over = new Promise<undefined>((resolve, reject) => {
    mourn = (message) => {
      reject(new Error(message));
    };
    for (const signal of SIGNALS)
      process.on(signal, () => {
        resolve(undefined);
      });
  });
  const stack = await startStack({
    freePorts: 'always',
    isBare: true,
    fabrics: true,
    logDir: path.join(ROOT, '.cache', 'logs', 'bench'),
    onDeath: (_name, message) => {
      mourn(message);
    },
  });
  const { bench, connection } = benchOn(stack, checkoutsOf(against, variables));
  try {
    const figures = await Promise.race([over, measureAll(bench, only)]);
    // Interrupted: the stack ends itself and us.
    if (!figures) return;
    console.log();
    const ended = printMachine();
    if (json) writeFileSync(json, JSON.stringify({ began, ended, against, variables, figures }));
  } finally {
    closeConnections();
    await connection.close();
    await stack.stop();
  }
};

main().catch((err: unknown) => {
  // What was wrong with the command line has been said.
  if (!(err instanceof CommanderError))
    process.stderr.write(`${err instanceof Error ? String(err.stack) : String(err)}\n`);
  process.exitCode = err instanceof CommanderError ? err.exitCode : 1;
});
