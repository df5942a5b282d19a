import type { Put } from '../../activities/pipeline/step-answers';
import type { Run } from '../run/report';
import type { Steps } from '../run/steps';

/** How long a first sync may take; a dead worker is noticed by its heartbeats all the same. */
const SYNC = { scheduleToCloseTimeout: '24h' } as const;

/**
 * Starts the first sync of a connection that never had one, and follows it to its end where that is
 * wanted: a sync that fails then fails the run. Answers with what to tell about it.
 */
export const firstSync = async (
  { connection: { id, name, href }, wait }: { connection: Put; wait: boolean },
  { steps, run }: { steps: Steps; run: Run },
): Promise<string> => {
  run.phase('Starting the first sync');
  const { jobId, started } = await steps(`First sync of ${name}`).startFirstSync({
    connectionId: id,
  });
  const job = jobId === undefined ? '' : ` (job ${String(jobId)})`;
  if (started) run.info(`Started the first sync${job}`, href);
  if (jobId === undefined || !wait) {
    const isUnderWay = started || jobId !== undefined;
    return isUnderWay ? `started${job}` : 'the connection has been synced before';
  }
  run.phase('Waiting for the first sync to end');
  await steps(`Follow the first sync of ${name}`, SYNC).followSync({ jobId, href });
  run.info(`The first sync has succeeded${job}`, href);
  return `succeeded${job}`;
};
