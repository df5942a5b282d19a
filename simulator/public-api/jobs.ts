import { z } from 'zod';
import { ok } from '../steering/answers';
import { findConnection } from './connections';
import { type ApiRequest, type Operation, queryList, readBody } from '../operation';
import { page } from '../paging';
import { badRequest, notFound, stateConflict, tryAgainLater, unprocessable } from '../problems';
import type { Connection, Job, Store } from '../store';

const JobCreate = z.object({
  connectionId: z.guid(),
  jobType: z.enum(['sync', 'reset', 'refresh', 'clear']),
});

type JobStatus = 'pending' | 'running' | 'succeeded' | 'cancelled';

/** A job's course follows from the clock: a short wait, then running, then done. */
export const statusOf = ({ createdAt, cancelledAt }: Job, duration: number): JobStatus => {
  if (cancelledAt !== null && cancelledAt < createdAt + duration) return 'cancelled';
  const age = Date.now() - createdAt;
  if (age < duration / 5) return 'pending';
  return age < duration ? 'running' : 'succeeded';
};

export const isOver = (status: JobStatus) => status === 'succeeded' || status === 'cancelled';

export const updatedAt = (job: Job, duration: number) => {
  const status = statusOf(job, duration);
  if (status === 'cancelled') return job.cancelledAt ?? job.createdAt;
  return status === 'succeeded' ? job.createdAt + duration : Date.now();
};

const iso = (time: number) => new Date(time).toISOString();

/** Airbyte public API, JobResponse. `duration` is ISO 8601 in seconds. */
export const showJob = (job: Job, jobDuration: number) => {
  const status = statusOf(job, jobDuration);
  const seconds = Math.round((updatedAt(job, jobDuration) - job.createdAt) / 1000);
  const synced = status === 'succeeded' && job.jobType === 'sync';
  return {
    jobId: job.id,
    status,
    jobType: job.jobType,
    startTime: iso(job.createdAt),
    connectionId: job.connectionId,
    ...(isOver(status) && { lastUpdatedAt: iso(updatedAt(job, jobDuration)) }),
    ...(status !== 'pending' && { duration: `PT${String(seconds)}S` }),
    ...(synced && { bytesSynced: 1_024, rowsSynced: 12 }),
  };
};

/** A new job, or a 409 while another one of the connection runs. */
export const startJob = (
  store: Store,
  jobDuration: number,
  { connection, jobType }: { connection: Connection; jobType: string },
): Job => {
  const connectionId = connection.id;
  const running = [...store.jobs.values()].some(
    (job) => job.connectionId === connectionId && !isOver(statusOf(job, jobDuration)),
  );
  if (running) throw tryAgainLater(`A sync is already running for: ${connectionId}`);
  const job: Job = {
    id: store.jobs.size + 1,
    jobType,
    connectionId,
    workspaceId: connection.workspaceId,
    createdAt: Date.now(),
    cancelledAt: null,
  };
  store.jobs.set(job.id, job);
  return job;
};

const create = (store: Store, jobDuration: number, body: unknown): Job => {
  const { connectionId, jobType } = readBody(JobCreate, body);
  if (jobType === 'refresh') throw unprocessable('refresh is not supported');
  const connection = findConnection(store, connectionId);
  if (connection.status !== 'active') throw stateConflict('Could not fulfill request');
  return startJob(store, jobDuration, { connection, jobType });
};

export const markCancelled = (store: Store, job: Job): Job => {
  const cancelled = { ...job, cancelledAt: Date.now() };
  store.jobs.set(job.id, cancelled);
  return cancelled;
};

const cancel = (store: Store, jobDuration: number, job: Job): Job => {
  if (isOver(statusOf(job, jobDuration))) throw stateConflict('Job is not currently running');
  return markCancelled(store, job);
};

const findJob = (store: Store, { params }: ApiRequest): Job => {
  const id = params.jobId ?? '';
  if (!/^\d+$/.test(id)) throw badRequest(`jobId: ${id} is not a number`);
  const job = store.jobs.get(Number(id));
  if (!job) throw notFound('JOB', id);
  return job;
};

const readTime = ({ query }: ApiRequest, name: string, fallback: number) => {
  const text = query.get(name);
  if (text === null) return fallback;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw badRequest(`${name}: ${text} is not a date and time`);
  return time;
};

const list = (store: Store, jobDuration: number, request: ApiRequest): Job[] => {
  const { query } = request;
  const workspaces = queryList(request, 'workspaceIds');
  const wanted = (name: string, value: string) =>
    !query.has(name) || query.get(name)?.toLowerCase() === value;
  const within = (name: string, time: number) =>
    time >= readTime(request, `${name}Start`, -Infinity) &&
    time <= readTime(request, `${name}End`, Infinity);
  const [column, direction = 'ASC'] = (query.get('orderBy') ?? 'createdAt|DESC').split('|');
  const sortKey = (job: Job) =>
    column === 'updatedAt' ? updatedAt(job, jobDuration) : job.createdAt;
  const sign = direction.toUpperCase() === 'ASC' ? 1 : -1;
  return [...store.jobs.values()]
    .filter((job) => wanted('connectionId', job.connectionId) && wanted('jobType', job.jobType))
    .filter((job) => wanted('status', statusOf(job, jobDuration)))
    .filter(({ workspaceId }) => workspaces.length === 0 || workspaces.includes(workspaceId))
    .filter((job) => within('createdAt', job.createdAt))
    .filter((job) => within('updatedAt', updatedAt(job, jobDuration)))
    .sort((a, b) => sign * (sortKey(a) - sortKey(b) || a.id - b.id));
};

/** Airbyte public API: jobs. `jobDuration` is in milliseconds. */
export const jobOperations = (store: Store, jobDuration: number): Operation[] => {
  const show = (job: Job) => showJob(job, jobDuration);
  return [
    {
      id: 'listJobs',
      method: 'get',
      path: '/jobs',
      run: (request) => {
        const found = page(request, '/jobs', list(store, jobDuration, request));
        return ok({ ...found, data: found.data.map(show) });
      },
    },
    {
      id: 'createJob',
      method: 'post',
      path: '/jobs',
      run: ({ body }) => ok(show(create(store, jobDuration, body))),
    },
    {
      id: 'getJob',
      method: 'get',
      path: '/jobs/:jobId',
      run: (request) => ok(show(findJob(store, request))),
    },
    {
      id: 'cancelJob',
      method: 'delete',
      path: '/jobs/:jobId',
      run: (request) => ok(show(cancel(store, jobDuration, findJob(store, request)))),
    },
  ];
};
