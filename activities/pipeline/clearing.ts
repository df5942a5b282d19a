import type { Airbyte, Job } from '../../src/airbyte/workspace';
import type { ActorDeps } from './actors';
import { attempt } from '../attempt';
import { adoptable } from '../unclear-answers';
import { badEnd, endOf } from './jobs';
import { Refusal } from '../../src/contract/problems';

const CLEARING = ['clear', 'reset'];
const WHAT = "The clearing of the connection's data";
/** What an open clearing is joined by, and an ended one is not, is for prepareClear to say. */
const SOLUTION =
  'See the job in Airbyte. While it goes on, the same request waits for it, and starts no other. Once it has succeeded the data is gone: then send the request without removeData, as with it all is cleared once more.';

const isClearing = ({ jobType }: Job) => CLEARING.includes(jobType);
const isOpen = ({ status }: Job) => ['pending', 'queued', 'running', 'incomplete'].includes(status);

/**
 * Airbyte runs jobs of active connections only; the manual schedule keeps a paused one from syncing
 * meanwhile.
 */
const activate = (airbyte: Airbyte, connectionId: string) =>
  airbyte.patchConnection(connectionId, {
    status: 'active',
    schedule: { scheduleType: 'manual' },
  });

/** The connection's newest job, if it clears and is newer than the job `after`; ids of jobs only grow. */
const newestClearing = async (airbyte: Airbyte, connectionId: string, after: number) => {
  const [newest] = await airbyte.listJobs(connectionId);
  return newest && newest.jobId > after && isClearing(newest) ? newest : undefined;
};

const mustHaveSucceeded = (job: Job) => {
  if (job.status === 'succeeded') return;
  throw new Refusal(
    badEnd(job, WHAT),
    'See the job in Airbyte for why the destination could not be cleared, then send the request again.',
  );
};

interface Prepare {
  connectionId: string;
  isPaused: boolean;
  /** Milliseconds Airbyte may take to finish, unseen, what it was asked for. */
  settleTime: number;
}

/** Removing what a connection wrote to its destination: one job of Airbyte, started once. */
export const createClearingActivities = ({ airbyteFor }: Pick<ActorDeps, 'airbyteFor'>) => ({
  /** Makes a job possible, and tells the newest job before it; 0: there is none. One that clears now is joined. */
  prepareClear: ({ connectionId, isPaused, settleTime }: Prepare) =>
    attempt(async ({ interest }): Promise<{ after: number }> => {
      const airbyte = await airbyteFor(interest);
      if (isPaused) await activate(airbyte, connectionId);
      const jobs = await airbyte.listJobs(connectionId);
      const ended = jobs.find((job) => !(isClearing(job) && isOpen(job)));
      return { after: ended?.jobId ?? 0 };
    }, settleTime),

  /** A clearing newer than `after` may have been asked for by an attempt whose answer was lost. */
  startClear: (given: { connectionId: string; after: number; settleTime: number }) =>
    attempt(async ({ settlesAt, interest }): Promise<{ jobId: number }> => {
      const { connectionId, after } = given;
      const airbyte = await airbyteFor(interest);
      const look = () => newestClearing(airbyte, connectionId, after);
      const { jobId } =
        (await adoptable(look, { settlesAt })) ?? (await airbyte.startJob(connectionId, 'clear'));
      return { jobId };
    }, given.settleTime),

  /**
   * Ends when the clearing has; refused when it did not succeed. `silence` in milliseconds: how long
   * Airbyte may tell nothing of it; older runs have their step's time alone.
   */
  followClear: ({ jobId, silence }: { jobId: number; silence?: number }) =>
    attempt(
      async ({ age, interest }) => {
        mustHaveSucceeded(
          await endOf(await airbyteFor(interest), { jobId, what: WHAT, age, solution: SOLUTION }),
        );
      },
      0,
      silence,
    ),

  /** All three, for runs that older workers have begun: a later attempt goes on with the newest job. */
  clearData: ({ connection }: { connection: { id: string; status: string } }) =>
    attempt(async ({ number, age, interest }) => {
      const { id, status } = connection;
      const airbyte = await airbyteFor(interest);
      const found = await newestClearing(airbyte, id, 0);
      const isOwn = found !== undefined && (number > 1 || isOpen(found));
      if (!isOwn && status !== 'active') await activate(airbyte, id);
      const { jobId } = isOwn ? found : await airbyte.startJob(id, 'clear');
      mustHaveSucceeded(await endOf(airbyte, { jobId, what: WHAT, age, solution: SOLUTION }));
    }),
});
