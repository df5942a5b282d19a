import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Interest } from '../concurrency/interest';
import type { ObserveLoad } from '../concurrency/load';
import { MAX_WAIT, withPatience } from '../concurrency/caller';
import { ADD_ATTRIBUTES, attributesOf } from './search-attributes';
import { TO_CHANGE, repeatedly } from '../temporal/calls';
import { isOutage, lacksAttributes } from '../temporal/errors';
import { WAITING } from '../../workflows/protocol/run-names';
import { readToken } from './token';
import { createStartQueue } from './start-queue';
import type { Queues } from '../temporal/queues';

/** More at once would only wait in Temporal, where their deadline counts already. */
export const STARTS = { atOnce: 10, maxWaiting: 5000, silence: TO_CHANGE.each };

/** Milliseconds from its arrival after which a request has started a run, or failed. */
export const LONGEST_REQUEST = MAX_WAIT + TO_CHANGE.whole;

export interface Start {
  token: string;
  args: unknown[];
  /** Which runs of the token may have closed before; one that is open is joined. */
  after: 'ALLOW_DUPLICATE' | 'ALLOW_DUPLICATE_FAILED_ONLY';
  /** What the Temporal UI shows of the run: a line, and Markdown. */
  summary?: string | undefined;
  details?: string | undefined;
  /** The teams that may see it, where its token names no domain. */
  readers?: readonly string[] | undefined;
}

interface StartDeps {
  client: Client;
  queues: Queues;
  log: Logger;
  /** Hears how many starts are under way, and wait to be. */
  observe?: ObserveLoad | undefined;
}

export type StartRun = ReturnType<typeof createStartRun>;

/** Starts the run of a token, or joins the one that goes on. */
export const createStartRun = ({ client, queues, log, observe }: StartDeps) => {
  let withAttributes = true;
  const queued = createStartQueue({ ...STARTS, isOutage, observe });

  const start = async (given: Start, interest: Interest): Promise<void> => {
    const { token, args, after, summary, details, readers } = given;
    const tried = { withAttributes };
    const begin = () => {
      tried.withAttributes = withAttributes;
      const { operation, environment } = readToken(token);
      return client.workflow.start(operation, {
        workflowId: token,
        taskQueue: queues.of(environment),
        args,
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: after,
        memo: { phase: WAITING, ...(readers && { readers }) },
        ...(summary && { staticSummary: summary }),
        ...(details && { staticDetails: details }),
        ...(tried.withAttributes && { typedSearchAttributes: attributesOf(token) }),
      });
    };
    try {
      // The token is the workflow's id: a try that was heard after all is joined by the next.
      await queued(() => repeatedly(client, TO_CHANGE, begin), interest);
    } catch (err) {
      if (!tried.withAttributes || !lacksAttributes(err)) throw err;
      // Of those that were under way together the first tells.
      if (withAttributes)
        log.warn(
          { command: ADD_ATTRIBUTES },
          'runs start without search attributes, as Temporal lacks them: run the command, then restart',
        );
      withAttributes = false;
      return start(given, interest);
    }
    log.info({ token }, 'run started or joined');
  };

  /** Waits in the queue as long as the interest lasts; without one for MAX_WAIT, whoever has left. */
  return (given: Start, interest?: Interest): Promise<void> =>
    interest ? start(given, interest) : withPatience((lasting) => start(given, lasting));
};
