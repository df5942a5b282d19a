import { ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { WAITING } from '../../workflows/protocol/run-names';
import { idOn } from '../temporal/queues';

/** Milliseconds Temporal has to list the schedules, or for one of them; a worker that starts does not wait longer. */
const DEADLINE = 10_000;
/** Schedules that are put or deleted at once. */
const AT_ONCE = 10;

/** Of one environment; undefined: of all, where no configuration file names them. */
type Scope = string | undefined;

/** What ids of checks begin with: of the schedule, and of the runs that it starts. */
export const checkId = (taskQueue: string, environment: Scope) =>
  environment === undefined ? `reconcile.${taskQueue}` : idOn(taskQueue, 'drift', environment);

/** The id of a check that somebody asks for: who asks meanwhile joins it. */
export const checkNowId = (taskQueue: string, environment: Scope) =>
  environment === undefined
    ? `reconcile.${taskQueue}.now`
    : idOn(taskQueue, 'drift', environment, 'now');

interface ScheduleDeps {
  client: Client;
  taskQueue: string;
  /** Milliseconds between checks; undefined: there are none. */
  every: number | undefined;
  log: Logger;
}

interface Wanted {
  client: Client;
  taskQueue: string;
  environment: Scope;
}

/** Of several workers that start at once one creates it, the others find it and update it. */
const put = async ({ client, taskQueue, environment }: Wanted, every: number) => {
  const scheduleId = checkId(taskQueue, environment);
  const spec = { intervals: [{ every }] };
  const policies = { overlap: 'SKIP' as const, catchupWindow: '1m' as const };
  const action = {
    type: 'startWorkflow' as const,
    workflowType: 'reconcile',
    workflowId: scheduleId,
    taskQueue,
    memo: { phase: WAITING },
    staticSummary: 'Scheduled check for drift',
    ...(environment !== undefined && { args: [{ environment }] }),
  };
  // Tells whose a schedule is that no worker wants any more.
  const memo = environment === undefined ? undefined : { taskQueue, environment };
  try {
    await client.schedule.create({
      scheduleId,
      spec,
      action,
      policies,
      ...(memo && { memo }),
    });
  } catch (err) {
    if (!(err instanceof ScheduleAlreadyRunning)) throw err;
    // What an operator has set stays: a schedule that was paused is still paused.
    await client.schedule
      .getHandle(scheduleId)
      .update(({ state }) => ({ state, spec, action, policies }));
  }
};

const remove = async (client: Client, scheduleId: string) => {
  try {
    await client.schedule.getHandle(scheduleId).delete();
  } catch (err) {
    if (!(err instanceof ScheduleNotFoundError)) throw err;
  }
};

/** The environments of which a task queue has schedules, as far as the list tells by now. */
const scheduledOn = async (client: Client, taskQueue: string) => {
  const found: string[] = [];
  for await (const { scheduleId, memo } of client.schedule.list()) {
    const environment: unknown = memo?.environment;
    if (memo?.taskQueue !== taskQueue || typeof environment !== 'string') continue;
    if (scheduleId === checkId(taskQueue, environment)) found.push(environment);
  }
  return found;
};

export type ReconcileSchedules = ReturnType<typeof createReconcileSchedules>;

/**
 * The schedules of checks as the worker's settings say: one for each environment of a configuration file,
 * or one for all. A worker works without them, too.
 */
export const createReconcileSchedules = ({ client, taskQueue, every, log }: ScheduleDeps) => {
  /** Those that this worker has put, and those that it has found. */
  const there = new Set<Scope>();
  const limit = pLimit(AT_ONCE);
  let last: Promise<unknown> = Promise.resolve();
  let hasLooked = false;

  const within = (work: () => Promise<void>) =>
    client.withDeadline(Date.now() + DEADLINE, work).catch((err: unknown) => {
      log.warn(
        { err, every },
        'the schedule of checks for drift could not be set: restart to retry',
      );
    });

  const look = () =>
    within(async () => {
      there.add(undefined);
      for (const environment of await scheduledOn(client, taskQueue)) there.add(environment);
      hasLooked = true;
    });

  const set = async (wanted: readonly Scope[]) => {
    if (!hasLooked) await look();
    const kept = every === undefined ? [] : wanted;
    const gone = [...there].filter((environment) => !kept.includes(environment));
    const removals = gone.map((environment) => async () => {
      await remove(client, checkId(taskQueue, environment));
      there.delete(environment);
    });
    const puts = kept.map((environment) => async () => {
      if (every !== undefined) await put({ client, taskQueue, environment }, every);
      there.add(environment);
    });
    await Promise.all([...removals, ...puts].map((work) => limit(() => within(work))));
  };

  return {
    /** One after the other, in the order in which they are asked for. Never throws. */
    set: (wanted: readonly Scope[]): Promise<unknown> => (last = last.then(() => set(wanted))),
  };
};
