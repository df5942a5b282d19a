import { proxyActivities } from '@temporalio/workflow';
import type { AccessChanges } from '../../activities/access/changes';
import { holdAccess } from '../run/lease';
import { startRun } from '../run/report';

const { moveAccess } = proxyActivities<AccessChanges>({
  summary: 'Move who was granted what',
  heartbeatTimeout: '10s',
  scheduleToCloseTimeout: '10m',
  retry: { initialInterval: '1s', maximumInterval: '10s' },
});

interface ToMove {
  taskQueue: string;
  /** One of those whose grants they are, where a configuration file names environments. */
  environment?: string;
}

/**
 * Moves what one workflow remembered for a whole workspace, in earlier versions, to where it is
 * remembered now, and ends that workflow. Waits for runs of those versions, which still use it.
 */
export async function moveGrants({ taskQueue, environment }: ToMove): Promise<void> {
  const run = startRun();
  await holdAccess(taskQueue, run);
  run.phase('Moving who was granted what');
  await moveAccess({ taskQueue, environment });
}
