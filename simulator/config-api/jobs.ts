import { z } from 'zod';
import { ok } from '../steering/answers';
import { command, ConnectionId, pageOf, Pagination, query } from './operation';
import { findConnection } from '../public-api/connections';
import { isOver, markCancelled, startJob, statusOf, updatedAt } from '../public-api/jobs';
import type { Operation } from '../operation';
import { notFound, unexpected } from '../problems';
import type { Job, Store } from '../store';

const JobId = z.object({ id: z.int() });

const JobList = z.object({
  configTypes: z.array(z.string()),
  configId: z.string().nullish(),
  statuses: z.array(z.string()).nullish(),
  pagination: Pagination.nullish(),
});

const findJob = (store: Store, id: number): Job => {
  const job = store.jobs.get(id);
  if (!job) throw notFound('JOB', String(id));
  return job;
};

const seconds = (time: number) => Math.floor(time / 1000);

/** A clear and a reset are the same job here. */
const configType = ({ jobType }: Job) => (jobType === 'sync' ? 'sync' : 'reset_connection');

/** Config API, JobRead and its attempts; times in epoch seconds. `duration` in milliseconds. */
const readJob = (job: Job, duration: number) => {
  const status = statusOf(job, duration);
  const times = { createdAt: seconds(job.createdAt), updatedAt: seconds(updatedAt(job, duration)) };
  const synced = status === 'succeeded' && job.jobType === 'sync';
  const records = synced ? 12 : 0;
  const attempt = {
    id: 0,
    status: isOver(status) ? (status === 'succeeded' ? status : 'failed') : 'running',
    ...times,
    ...(isOver(status) && { endedAt: times.updatedAt }),
    bytesSynced: synced ? 1_024 : 0,
    recordsSynced: records,
  };
  return {
    job: {
      id: job.id,
      configType: configType(job),
      configId: job.connectionId,
      ...times,
      ...(status !== 'pending' && { startedAt: times.createdAt }),
      status,
      aggregatedStats: {
        recordsEmitted: records,
        bytesEmitted: attempt.bytesSynced,
        recordsCommitted: records,
        bytesCommitted: attempt.bytesSynced,
        recordsRejected: 0,
      },
    },
    attempts: status === 'pending' ? [] : [attempt],
  };
};

/** Config API, JobInfoRead: each attempt with its logs, of which the simulator has none. */
const showInfo = (job: Job, duration: number) => {
  const { attempts, ...read } = readJob(job, duration);
  return ok({
    ...read,
    attempts: attempts.map((attempt) => ({
      attempt,
      logType: 'formatted',
      logs: { logLines: [] },
    })),
  });
};

const list = (store: Store, duration: number, given: z.output<typeof JobList>) => {
  const found = [...store.jobs.values()]
    .filter((job) => given.configTypes.includes(configType(job)))
    .filter(({ connectionId }) => !given.configId || connectionId === given.configId)
    .filter((job) => !given.statuses?.length || given.statuses.includes(statusOf(job, duration)))
    .sort((a, b) => b.id - a.id);
  const jobs = pageOf(found, given.pagination).map((job) => readJob(job, duration));
  return ok({ jobs, totalJobCount: found.length });
};

const startOperations = (store: Store, duration: number): Operation[] => {
  const start = (jobType: 'sync' | 'clear' | 'reset') =>
    command(
      { id: `${jobType}Connection`, path: `/connections/${jobType}`, body: ConnectionId },
      ({ connectionId }) => {
        const connection = findConnection(store, connectionId);
        if (jobType === 'sync' && connection.status !== 'active')
          throw unexpected('Can only sync an active connection');
        return showInfo(startJob(store, duration, { connection, jobType }), duration);
      },
    );
  return [start('sync'), start('clear'), start('reset')];
};

/** Airbyte Config API: jobs. `duration` is how long one takes, in milliseconds. */
export const configJobOperations = (store: Store, duration: number): Operation[] => [
  ...startOperations(store, duration),
  query({ id: 'listJobsFor', path: '/jobs/list', body: JobList }, (given) =>
    list(store, duration, given),
  ),
  query({ id: 'getJobInfo', path: '/jobs/get', body: JobId }, ({ id }) =>
    showInfo(findJob(store, id), duration),
  ),
  query({ id: 'getJobInfoLight', path: '/jobs/get_light', body: JobId }, ({ id }) =>
    ok({ job: readJob(findJob(store, id), duration).job }),
  ),
  command({ id: 'cancelJob', path: '/jobs/cancel', body: JobId }, ({ id }) => {
    const job = findJob(store, id);
    if (isOver(statusOf(job, duration))) throw unexpected('Job is not currently running');
    return showInfo(markCancelled(store, job), duration);
  }),
  query(
    { id: 'getLastReplicationJob', path: '/jobs/get_last_replication_job', body: ConnectionId },
    ({ connectionId }) => {
      const jobs = [...store.jobs.values()].filter((job) => job.connectionId === connectionId);
      const last = jobs.sort((a, b) => b.id - a.id)[0];
      return ok(last ? { job: readJob(last, duration).job } : {});
    },
  ),
];
