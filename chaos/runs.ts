import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { ProvisioningStatus } from '../src/contract/coordinator';
import { dataConverter } from '../src/temporal/payload-codec';
import { untilItWorks } from './patience';
import { attributeOf } from './requests';

/** Temporal is killed and comes back: gRPC must not wait for minutes before it looks again. */
const RECONNECT = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
};
const DEADLINE = 5000;

/** A run that has ended, as Temporal has it. */
export interface ClosedRun {
  token: string;
  runId: string;
  closedAt: number;
  milliseconds: number;
  status: ProvisioningStatus;
}

const isOperation = ({ type }: WorkflowExecutionInfo) =>
  ['provision', 'unprovision', 'updateacl'].includes(type);

export type Runs = ReturnType<typeof createRuns>;

/** The runs, past the gateway: in the order in which they ended, repeated ones each on their own. */
export const createRuns = (address: string, signal: AbortSignal) => {
  const connection = Connection.lazy({ address, channelArgs: RECONNECT });
  const client = new Client({ connection, dataConverter });
  const ask = <Result>(call: () => Promise<Result>) =>
    untilItWorks(() => client.withDeadline(Date.now() + DEADLINE, call), { signal });

  const list = (query: string) =>
    ask(async () => {
      const found: WorkflowExecutionInfo[] = [];
      for await (const run of client.workflow.list({ query })) found.push(run);
      return found;
    });

  const statusOf = ({ workflowId, runId }: WorkflowExecutionInfo) =>
    ask(async () => {
      const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
      const result: unknown = await handle.result().catch((err: unknown) => {
        if (!(err instanceof WorkflowFailedError)) throw err;
        const { cause } = err;
        return cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
      });
      const read = ProvisioningStatus.safeParse(result);
      return read.success ? read.data : ({ status: 'FAILED', result: '' } as const);
    });

  /** Whether the list, which lags, has come to know the latest run of each token. */
  const isComplete = async (tokens: string[], listed: WorkflowExecutionInfo[]) => {
    const latest = await Promise.all(
      tokens.map((token) => ask(() => client.workflow.getHandle(token).describe())),
    );
    return latest.every(({ runId }) =>
      listed.some((run) => run.runId === runId && run.closeTime !== undefined),
    );
  };

  return {
    /** The runs of a component that have ended and are not among the known ones. */
    ended: async (
      component: string,
      tokens: string[],
      known: Set<string>,
    ): Promise<ClosedRun[]> => {
      for (;;) {
        const listed = await list(`Component = "${attributeOf(component)}"`);
        if (await isComplete(tokens, listed)) {
          const fresh = listed.filter((run) => isOperation(run) && !known.has(run.runId));
          const closed = await Promise.all(
            fresh.map(async (run) => ({
              token: run.workflowId,
              runId: run.runId,
              closedAt: run.closeTime?.getTime() ?? Infinity,
              milliseconds: (run.closeTime?.getTime() ?? 0) - run.startTime.getTime(),
              status: await statusOf(run),
            })),
          );
          return closed.sort((one, other) => one.closedAt - other.closedAt);
        }
        await pause(100, undefined, { signal });
      }
    },

    /** The ids of everything that still runs, leases included. */
    open: async () =>
      (await list('ExecutionStatus = "Running"')).map(({ workflowId }) => workflowId),

    close: () => connection.close(),
  };
};
