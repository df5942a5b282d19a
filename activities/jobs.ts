import { setTimeout } from 'node:timers/promises';
import type { Airbyte, Job } from '../src/airbyte';
import { AirbyteError } from '../src/airbyte-error';
import type { Interest } from '../src/airbyte-http';
import type { ActorDeps } from './actors';
import { attempt } from './attempt';
import { refused } from './findings';

/** Milliseconds between looks at a job: soon at first, as most are over quickly. */
const FIRST_LOOK = 200;
const LONGEST_WAIT = 5000;

const OVER = ['succeeded', 'failed', 'cancelled'];

const isOver = ({ status }: Job) => OVER.includes(status);

/** The job as it is when it has ended. */
export const outcomeOf = async (
  airbyte: Airbyte,
  jobId: number,
  { cancelled, timeUp }: Interest,
): Promise<Job> => {
  const signal = AbortSignal.any([cancelled, timeUp]);
  for (let wait = FIRST_LOOK; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    const job = await airbyte.getJob(jobId);
    if (isOver(job)) return job;
    await setTimeout(wait, undefined, { signal });
  }
};

export const runningClear = async (airbyte: Airbyte, connectionId: string) =>
  (await airbyte.listJobs(connectionId)).find(
    ({ jobType, status }) =>
      ['clear', 'reset'].includes(jobType) && ['pending', 'queued', 'running'].includes(status),
  );

const syncsOf = async (airbyte: Airbyte, connectionId: string) =>
  (await airbyte.listJobs(connectionId)).filter(({ jobType }) => jobType === 'sync');

/** What came of the wish for a first sync. */
export interface FirstSync {
  /** The connection's first and only sync, if that has not ended yet. */
  jobId?: number;
  /** Whether this run has asked for it. */
  started: boolean;
}

/** Undefined when Airbyte says that one is running already. */
const start = async (airbyte: Airbyte, connectionId: string) => {
  try {
    return await airbyte.startJob(connectionId, 'sync');
  } catch (err) {
    if (err instanceof AirbyteError && err.status === 409 && err.kind === 'again') return undefined;
    throw err;
  }
};

/** Starting and following the first sync of connections. */
export const createSyncActivities = ({ airbyteFor }: Pick<ActorDeps, 'airbyteFor'>) => ({
  /** Only for a connection that never had one. Safe to repeat: Airbyte runs one at a time. */
  startFirstSync: ({ connectionId }: { connectionId: string }) =>
    attempt(async ({ number, interest }): Promise<FirstSync> => {
      const airbyte = airbyteFor(interest);
      const [first, ...others] = await syncsOf(airbyte, connectionId);
      if (first) {
        const isFirst = others.length === 0 && !isOver(first);
        return { started: number > 1 && isFirst, ...(isFirst && { jobId: first.jobId }) };
      }
      const asked = await start(airbyte, connectionId);
      const jobId = (asked ?? (await syncsOf(airbyte, connectionId))[0])?.jobId;
      return { started: true, ...(jobId !== undefined && { jobId }) };
    }),

  /** Ends when the sync has; refused when it did not succeed. */
  followSync: ({ jobId, href }: { jobId: number; href: string }) =>
    attempt(async ({ interest }) => {
      const { status, message } = await outcomeOf(airbyteFor(interest), jobId, interest);
      if (status === 'succeeded') return;
      const why = message === undefined ? '' : `: ${message}`;
      throw refused(
        `The first sync, Airbyte's job ${String(jobId)}, ended ${status}${why}.`,
        `See the job in Airbyte for why (${href}), and correct the source or the destination; or leave out waitForSync.`,
      );
    }),
});
