import { readFileSync } from 'node:fs';
import path from 'node:path';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { Client, WorkflowOptions } from '@temporalio/client';
import { launch, ROOT, untilReady } from '../scripts/child';
import type { Child } from '../scripts/child';
import { findFreePorts } from '../scripts/ports';
import type { Stack } from '../scripts/stack';
import { searchAttributes } from '../scripts/temporal';

/** What a part measures with. */
export interface Bench {
  stack: Stack;
  client: Client;
  requestFor: (component: string) => Request;
}

export interface Request {
  descriptorKind: 'COMPONENT_DESCRIPTOR';
  descriptor: string;
}

const example = readFileSync(path.join(ROOT, 'examples', 'cashflow.yaml'), 'utf8');

/** A request for a component of its own, whose file the simulator can read. */
export const requestsOn = ({ airbyteUrl }: Stack) => {
  const url = `url: ${airbyteUrl}/_simulator/files/cashflow.csv`;
  const text = example.replace(/url: .*/, url);
  return (component: string): Request => ({
    descriptorKind: 'COMPONENT_DESCRIPTOR',
    descriptor: text.replaceAll('bookings', component),
  });
};

/** The options the gateway starts a run with (src/runs/runs.ts), so that Temporal has the same to do. */
export const startOptions = {
  workflowIdConflictPolicy: 'USE_EXISTING',
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  memo: { phase: 'Waiting for a worker' },
  staticSummary: 'provision bookings of cashflow in development',
  staticDetails: '- **Component** bookings\n'.repeat(6),
  typedSearchAttributes: searchAttributes.map((name) => ({
    key: defineSearchAttributeKey(name, 'KEYWORD'),
    value: 'finance.cashflow.0.bookings',
  })),
} satisfies Partial<WorkflowOptions>;

const isUp = (url: string) => async () => {
  const { ok } = await fetch(url, { signal: AbortSignal.timeout(2000) });
  return ok;
};

interface Server {
  name: string;
  /** Below dist/. */
  file: string;
  /** The path that answers when it is up. */
  health: string;
  env?: Record<string, string>;
}

/** Runs a server of ours in a process of its own for as long as `use` takes. */
export const withServer = async <Result>(
  { stack }: Bench,
  { name, file, health, env }: Server,
  use: (url: string) => Promise<Result>,
): Promise<Result> => {
  const [port = 0] = await findFreePorts(1);
  const url = `http://127.0.0.1:${String(port)}`;
  const child: Child = launch({
    name,
    command: process.execPath,
    args: [path.join(ROOT, 'dist', file)],
    env: { PATH: process.env.PATH, ...env, PORT: String(port) },
    logFile: path.join(stack.logDir, `bench-${path.basename(file, '.js')}.log`),
  });
  process.once('exit', child.kill);
  try {
    await untilReady(child, { isReady: isUp(url + health), timeout: 30_000 });
    return await use(url);
  } finally {
    await child.stop();
    process.off('exit', child.kill);
  }
};
