import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Interest } from '../concurrency/interest';
import { RequestError, SystemProblem } from '../contract/problems';
import { TERMINATE_SIGNAL } from '../../workflows/protocol/run-names';
import { createRunHistory } from './history';
import { createInterrupt } from './interrupt';
import type { StartOf } from './pipeline-start';
import type { StartRun } from './start';
import { TO_CHANGE, answers, repeatedly } from '../temporal/calls';
import { isTooLarge, lastingProblem } from '../temporal/errors';
import { judgeId } from '../temporal/long-ids';
import { isOn } from '../temporal/queues';
import type { Queues } from '../temporal/queues';

/** Milliseconds. Below the five seconds that our own probes wait; a busy Temporal needed more than one. */
const READY_DEADLINE = 3000;
/** Milliseconds for which an answer of Temporal's stands: in a crowd a single one may be late. */
const READY_FOR = 5000;

interface RunsDeps {
  client: Client;
  startRun: StartRun;
  /** Whose workers do the runs. */
  queues: Queues;
  log: Logger;
}

export type Runs = ReturnType<typeof createRuns>;

/**
 * Starts and ends runs. The same request while one runs joins it (same token, same run); after it
 * has closed it starts a new one under the same token, which changes nothing if nothing changed.
 */
export const createRuns = ({ client, startRun, queues, log }: RunsDeps) => {
  let answered = 0;
  const interrupt = createInterrupt({ history: createRunHistory({ client }) });

  return {
    /** The token of the run. */
    async start(run: StartOf, interest?: Interest): Promise<string> {
      await judgeId(client, run.token);
      await startRun({ ...run, after: 'ALLOW_DUPLICATE' }, interest).catch((err: unknown) => {
        throw isTooLarge(err) ? tooLarge() : notHandedOver(err);
      });
      answered = Date.now();
      return run.token;
    },

    /** Whether the token has a run that goes on; that one then undoes what it did and ends. */
    async terminate(token: string): Promise<boolean> {
      const handle = client.workflow.getHandle(token);
      const end = async () => {
        const run = await handle.describe();
        if (!isOn(queues, run)) return false;
        // The signal says who cancels: only a run ended by the Coordinator is TERMINATED.
        await handle.signal(TERMINATE_SIGNAL);
        await interrupt(handle, run);
        return true;
      };
      try {
        if (!(await repeatedly(client, TO_CHANGE, end))) return false;
      } catch (err) {
        if (err instanceof WorkflowNotFoundError) return false;
        throw notHandedOver(err);
      }
      log.info({ token }, 'run asked to terminate');
      return true;
    },

    /** Whether Temporal answers for our namespace. */
    async isReady(): Promise<boolean> {
      const { namespace } = client.options;
      // A busy Temporal is asked no more than it is already.
      if (Date.now() - answered < READY_FOR) return true;
      try {
        await answers(client, namespace, READY_DEADLINE);
        answered = Date.now();
        return true;
      } catch (err) {
        log.debug({ err }, 'Temporal does not answer');
        return false;
      }
    },
  };
};

/** Sizes are judged where the request is read; this is for what they let through. */
const tooLarge = () => {
  const message =
    'asks for a run whose input is too large for Temporal, which takes 2 MiB when it is compressed';
  return new RequestError([{ path: 'body', message }], {
    solutions: ['Ask for less at once: fewer components, fewer streams, shorter configurations.'],
  });
};

const notHandedOver = (cause: unknown): SystemProblem => {
  if (cause instanceof SystemProblem) return cause;
  return (
    lastingProblem(cause) ??
    new SystemProblem('The provisioner could not hand the request to Temporal.', {
      reason: 'no_temporal',
      solutions: [
        'Send the request again in a moment: repeating it is safe.',
        'If it goes on, ask the platform operator whether Temporal is up.',
      ],
      cause,
    })
  );
};
