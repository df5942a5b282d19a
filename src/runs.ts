import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { SystemProblem } from './errors';
import type { StartOf } from './parts';
import type { StartRun } from './start-run';

/** Milliseconds Temporal has to take a signal and a request to cancel. */
const TERMINATE_DEADLINE = 3000;
const READY_DEADLINE = 1000;
export interface RunsDeps {
  client: Client;
  startRun: StartRun;
  log: Logger;
}

export type Runs = ReturnType<typeof createRuns>;

/**
 * Starts and ends runs. The same request while one runs joins it (same token, same run); after it
 * has closed it starts a new one under the same token, which changes nothing if nothing changed.
 */
export const createRuns = ({ client, startRun, log }: RunsDeps) => {
  let answered = 0;

  return {
    /** The token of the run. */
    async start(run: StartOf): Promise<string> {
      await startRun({ ...run, after: 'ALLOW_DUPLICATE' }).catch(notHandedOver);
      answered = Date.now();
      return run.token;
    },

    /** Whether the token has a run that goes on; that one then undoes what it did and ends. */
    async terminate(token: string): Promise<boolean> {
      const handle = client.workflow.getHandle(token);
      try {
        // The signal says who cancels: only a run ended by the Coordinator is TERMINATED.
        await client.withDeadline(Date.now() + TERMINATE_DEADLINE, async () => {
          await handle.signal('terminate');
          await handle.cancel();
        });
      } catch (err) {
        if (err instanceof WorkflowNotFoundError) return false;
        return notHandedOver(err);
      }
      log.info({ token }, 'run told to terminate');
      return true;
    },

    /** Whether Temporal answers for our namespace. */
    async isReady(): Promise<boolean> {
      const { namespace } = client.options;
      // A busy Temporal is asked no more than it is already.
      if (Date.now() - answered < READY_DEADLINE) return true;
      try {
        await client.withDeadline(Date.now() + READY_DEADLINE, () =>
          client.workflowService.describeNamespace({ namespace }),
        );
        return true;
      } catch (err) {
        log.debug({ err }, 'Temporal does not answer');
        return false;
      }
    },
  };
};

const notHandedOver = (cause: unknown): never => {
  if (cause instanceof SystemProblem) throw cause;
  throw new SystemProblem('The provisioner could not hand the request to Temporal.', {
    solutions: [
      'Send the request again in a moment: repeating it is safe.',
      'If it goes on, ask the platform operator whether Temporal is up.',
    ],
    cause,
  });
};
