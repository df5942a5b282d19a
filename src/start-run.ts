import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { ADD_ATTRIBUTES, attributesOf, lacksAttributes } from './search-attributes';
import { readToken } from './token';
import { createTurns } from './turns';

/** Milliseconds a start may take once its turn has come; Temporal's client would go on for 19 s. */
const START_DEADLINE = 3000;
/** More at once would only wait in Temporal, where their deadline counts already. */
const STARTS = { atOnce: 10, maxWaiting: 5000, patience: 120_000, silence: START_DEADLINE };

export interface Start {
  token: string;
  args: unknown[];
  /** Which runs of the token may have closed before; one that is open is joined. */
  after: 'ALLOW_DUPLICATE' | 'ALLOW_DUPLICATE_FAILED_ONLY';
  /** What the Temporal UI shows of the run: a line, and Markdown. */
  summary?: string | undefined;
  details?: string | undefined;
}

export interface StartDeps {
  client: Client;
  taskQueue: string;
  log: Logger;
}

export type StartRun = ReturnType<typeof createStartRun>;

/** Starts the run of a token, or joins the one that goes on. */
export const createStartRun = ({ client, taskQueue, log }: StartDeps) => {
  let withAttributes = true;
  const inTurn = createTurns({ ...STARTS, isOutage: (err) => !lacksAttributes(err) });

  return async function start(given: Start): Promise<void> {
    const { token, args, after, summary, details } = given;
    const begin = () =>
      client.workflow.start(readToken(token).operation, {
        workflowId: token,
        taskQueue,
        args,
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: after,
        memo: { phase: 'Waiting for a worker' },
        ...(summary && { staticSummary: summary }),
        ...(details && { staticDetails: details }),
        ...(withAttributes && { typedSearchAttributes: attributesOf(token) }),
      });
    try {
      await inTurn(() => client.withDeadline(Date.now() + START_DEADLINE, begin));
    } catch (err) {
      if (!withAttributes || !lacksAttributes(err)) throw err;
      withAttributes = false;
      log.warn(
        { command: ADD_ATTRIBUTES },
        'runs start without search attributes, as Temporal lacks them: run the command, then restart',
      );
      return start(given);
    }
    log.info({ token }, 'run started or joined');
  };
};
