import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { ROOT } from '../scripts/child';
import { startStack } from '../scripts/stack';
import type { Stack } from '../scripts/stack';
import { dataConverter } from '../src/temporal/payload-codec';
import { requestsOn } from './bench';
import { benchBodies } from './bodies';
import { benchCrowd } from './crowd';
import { benchGrants } from './grants';
import { closeConnections } from './http';
import { benchLease } from './lease';
import { benchProvision } from './provision';
import { benchStart } from './start';
import { benchRefusals, benchValidate } from './validate';

const machine = () => ({
  date: new Date().toISOString(),
  node: process.version,
  cores: os.availableParallelism(),
  loadAverage: os.loadavg(),
});

const tellMachine = () => {
  const now = machine();
  const load = now.loadAverage.map((value) => value.toFixed(1)).join(' ');
  console.log(
    `${now.date}  Node ${now.node}  ${String(now.cores)} cores  load average ${load} (1, 5, 15 min)`,
  );
  return now;
};

const measureAll = async (stack: Stack, part: string | undefined) => {
  const connection = await Connection.connect({ address: stack.temporalAddress });
  try {
    const bench = {
      stack,
      client: new Client({ connection, dataConverter }),
      requestFor: requestsOn(stack),
    };
    if (part === 'bodies') return { bodies: await benchBodies(bench) };
    if (part === 'grants') return { grants: await benchGrants(bench) };
    const start = await benchStart(bench);
    const provision = await benchProvision(bench);
    const validate = await benchValidate(bench);
    const refusals = await benchRefusals(bench);
    const crowd = await benchCrowd(bench);
    const lease = await benchLease(bench);
    const bodies = await benchBodies(bench);
    return { start, provision, validate, refusals, crowd, lease, bodies };
  } finally {
    closeConnections();
    await connection.close();
  }
};

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const main = async () => {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'string' } },
    allowPositionals: true,
  });
  // The stack handles signals; the floor's worker leaves them to it.
  Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
  const began = tellMachine();
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
    logDir: path.join(ROOT, '.cache', 'logs', 'bench'),
    onDeath: (_name, message) => {
      mourn(message);
    },
  });
  try {
    const figures = await Promise.race([over, measureAll(stack, positionals[0])]);
    // Interrupted: the stack ends itself and us.
    if (!figures) return;
    console.log();
    const ended = tellMachine();
    if (values.json) writeFileSync(values.json, JSON.stringify({ began, ended, ...figures }));
  } finally {
    await stack.stop();
  }
};

main().catch((err: unknown) => {
  process.stderr.write(`${err instanceof Error ? String(err.stack) : String(err)}\n`);
  process.exitCode = 1;
});
