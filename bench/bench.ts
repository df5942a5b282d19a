import { WAITING } from '../workflows/protocol/run-names';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { Client, WorkflowOptions } from '@temporalio/client';
import { ROOT } from '../scripts/child';
import type { Stack } from '../scripts/stack';
import { searchAttributes } from '../scripts/temporal';
import { ProvisioningStatus } from '../src/contract/coordinator';
import { postOk } from './http';

/** A built checkout of this project: `ours`, the `other`, or ours `set` as `--with` says. */
export interface Checkout {
  name: string;
  root: string;
  /** Variables that its programs have besides. */
  env?: Record<string, string>;
}

/** What a part measures with. */
export interface Bench {
  /** Temporal and the simulator, which all sides share. */
  stack: Stack;
  client: Client;
  checkouts: Checkout[];
  requestFor: (component: string) => Request;
}

interface Request {
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

/** The options the gateway starts a run with (src/runs/start.ts), so that Temporal has the same to do. */
export const startOptions = {
  workflowIdConflictPolicy: 'USE_EXISTING',
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  memo: { phase: WAITING },
  staticSummary: 'provision bookings of cashflow in development',
  staticDetails: '- **Component** bookings\n'.repeat(6),
  typedSearchAttributes: searchAttributes.map((name) => ({
    key: defineSearchAttributeKey(name, 'KEYWORD'),
    value: 'finance.cashflow.0.bookings',
  })),
} satisfies Partial<WorkflowOptions>;

/** Airbyte's lists have no filter: an older component would make each later one slower. */
export const emptyAirbyte = ({ stack }: Bench) =>
  postOk(`${stack.airbyteUrl}/_simulator/reset`, '', 200);

type Headers = Record<string, string>;

/** Provisions through a gateway until its run is over; gives the token. */
export const provision = async (
  { client }: Bench,
  { gatewayUrl, body, headers = {} }: { gatewayUrl: string; body: string; headers?: Headers },
): Promise<string> => {
  const token = await postOk(`${gatewayUrl}/v1/provision`, body, 202, headers);
  const { status, result } = ProvisioningStatus.parse(
    await client.workflow.getHandle(token).result(),
  );
  if (status !== 'COMPLETED') throw new Error(`${token} ended ${status}: ${result}`);
  return token;
};
