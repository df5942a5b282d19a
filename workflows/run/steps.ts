import { proxyActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { AccessActivities } from '../../activities/access/access';
import type { AccessChanges } from '../../activities/access/changes';
import type { FabricActivities } from '../../activities/fabric/fabric';
import type { FormerReaderActivities } from '../../activities/fabric/former-readers';
import type { ReaderActivities } from '../../activities/fabric/readers';
import type { Activities } from '../../activities/pipeline/pipeline';
import type { RunActivities } from '../../activities/follow-run';
import { asSummary } from '../protocol/lengths';
import { summarized } from './failure';
import type { Retry } from '../input';

/** A worker that died is noticed after this time. */
const HEARTBEAT_TIMEOUT = '10s';

/** What undoes, or puts back, is tried for a day: an operator may have to bring Airbyte back first. */
export const COMPENSATION = { scheduleToCloseTimeout: '24h' } as const;

/** Milliseconds a step of a run that changes nothing is tried: someone waits for its answer. */
const PATIENCE = 60_000;

export const inPatience = (retry: Retry): Retry => ({
  ...retry,
  giveUpAfter: Math.min(retry.giveUpAfter, PATIENCE),
});

type AllActivities = Activities &
  FabricActivities &
  ReaderActivities &
  FormerReaderActivities &
  AccessActivities &
  AccessChanges;

/** The activities, each call with the line the Temporal UI shows for it. */
export const activitiesFor =
  <Of = AllActivities>(retry: Retry) =>
  (summary: string, options: ActivityOptions = {}) =>
    summarized(
      proxyActivities<Of>({
        summary: asSummary(summary),
        heartbeatTimeout: HEARTBEAT_TIMEOUT,
        scheduleToCloseTimeout: retry.giveUpAfter,
        // An undo must not begin while the step it undoes still writes.
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        retry: {
          initialInterval: retry.initial,
          maximumInterval: retry.maxInterval,
          backoffCoefficient: 2,
        },
        ...options,
      }),
      summary,
    );

/** One look of a step that may wait as long as it takes. */
const ONE_LOOK = '1m';

/** Waiting for other runs: neither a slot nor events, however long it takes. */
export const forRuns = (summary: string) =>
  proxyActivities<RunActivities>({
    summary: asSummary(summary),
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    startToCloseTimeout: ONE_LOOK,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  });
export type Steps = ReturnType<typeof activitiesFor<AllActivities>>;
