import { ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { WAITING } from '../../workflows/protocol/run-names';

/** Milliseconds Temporal has; a worker that starts does not wait longer. */
const DEADLINE = 10_000;

interface ScheduleDeps {
  client: Client;
  taskQueue: string;
  /** Milliseconds between checks; undefined: there are none. */
  every: number | undefined;
  log: Logger;
}

/** Of several workers that start at once one creates it, the others find it and update it. */
const put = async (client: Client, taskQueue: string, every: number) => {
  const scheduleId = `reconcile.${taskQueue}`;
  const spec = { intervals: [{ every }] };
  const policies = { overlap: 'SKIP' as const, catchupWindow: '1m' as const };
  const action = {
    type: 'startWorkflow' as const,
    workflowType: 'reconcile',
    workflowId: scheduleId,
    taskQueue,
    memo: { phase: WAITING },
    staticSummary: 'Scheduled check for drift',
  };
  try {
    await client.schedule.create({ scheduleId, spec, action, policies });
  } catch (err) {
    if (!(err instanceof ScheduleAlreadyRunning)) throw err;
    // What an operator has set stays: a schedule that was paused is still paused.
    await client.schedule
      .getHandle(scheduleId)
      .update(({ state }) => ({ state, spec, action, policies }));
  }
};

const remove = async (client: Client, taskQueue: string) => {
  try {
    await client.schedule.getHandle(`reconcile.${taskQueue}`).delete();
  } catch (err) {
    if (!(err instanceof ScheduleNotFoundError)) throw err;
  }
};

/** Makes the schedule of checks as the worker's settings say. A worker works without it, too. */
export const putReconcileSchedule = async ({ client, taskQueue, every, log }: ScheduleDeps) => {
  try {
    await client.withDeadline(Date.now() + DEADLINE, () =>
      every === undefined ? remove(client, taskQueue) : put(client, taskQueue, every),
    );
  } catch (err) {
    log.warn({ err, every }, 'the schedule of checks for drift could not be set: restart to retry');
  }
};
