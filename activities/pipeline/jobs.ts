import type { Airbyte, Job } from '../../src/airbyte/workspace';
import { AirbyteError } from '../../src/airbyte/errors';
import type { ActorDeps } from './actors';
import { attempt } from '../attempt';
import { Waiting, nextLook } from '../waiting';
import { Refusal } from '../../src/contract/problems';
import { withoutStop } from '../../workflows/protocol/one-line';

const OVER = ['succeeded', 'failed', 'cancelled'];

const isOver = ({ status }: Job) => OVER.includes(status);

/**
 * The job, which has ended; one that has not is looked at again. `age`: of the step, in milliseconds;
 * `solution`: what to do when the step's time is up before that.
 */
export const endOf = async (
  airbyte: Airbyte,
  { jobId, what, age, solution }: { jobId: number; what: string; age: number; solution: string },
): Promise<Job> => {
  const job = await airbyte.getJob(jobId);
  if (isOver(job)) return job;
  throw new Waiting(`${what}, Airbyte's job ${String(jobId)}, goes on`, {
    delay: nextLook(age),
    solution,
  });
};

/** As it is told of a job that did not succeed. */
export const badEnd = ({ jobId, status, message }: Job, what: string) =>
  `${what}, Airbyte's job ${String(jobId)}, ended ${status}${message === undefined ? '' : `: ${withoutStop(message)}`}.`;

const syncsOf = async (airbyte: Airbyte, connectionId: string) =>
  (await airbyte.listJobs(connectionId)).filter(({ jobType }) => jobType === 'sync');

/** What came of the wish for a first sync. */
interface FirstSync {
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
      const airbyte = await airbyteFor(interest);
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
    attempt(async ({ age, interest }) => {
      const what = 'The first sync';
      const solution = 'See the job in Airbyte; send the request again when it has ended.';
      const job = await endOf(await airbyteFor(interest), { jobId, what, age, solution });
      if (job.status === 'succeeded') return;
      throw new Refusal(
        badEnd(job, what),
        `See the job in Airbyte for why (${href}), and correct the source or the destination; or leave out waitForSync.`,
      );
    }),
});
