import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { AttemptEnd } from './labels';
import type { WorkerMetrics } from './worker';

/** The SDK's word to an activity whose worker is to stop; another worker does it again. */
const STOPPING = 'WORKER_SHUTDOWN';

/** By the type of the failure that ends a step (activities/attempt-failure.ts). */
const LAST: Partial<Record<string, AttemptEnd>> = {
  AirbyteRefused: 'refused',
  AirbyteUnavailable: 'unavailable',
};

export const endOf = (err: unknown): AttemptEnd => {
  if (err instanceof CancelledFailure)
    return err.message === STOPPING ? 'handed_back' : 'cancelled';
  if (!(err instanceof ApplicationFailure)) return 'retried';
  if (err.nonRetryable) return LAST[err.type ?? ''] ?? 'broken';
  return err.type === 'Waiting' ? 'waiting' : 'retried';
};

const GOES_ON: AttemptEnd[] = ['waiting', 'retried', 'handed_back'];

/** Counts the attempts of every step, and measures how long it took to its end. */
export const stepMetrics =
  ({ steps }: Pick<WorkerMetrics, 'steps'>): ActivityInterceptorsFactory =>
  ({ info: { activityType: step, scheduledTimestampMs } }) => {
    const ended = (end: AttemptEnd) => {
      steps.attempted(step, end);
      if (!GOES_ON.includes(end)) steps.ended(step, (Date.now() - scheduledTimestampMs) / 1000);
    };
    return {
      inbound: {
        async execute(input, next) {
          try {
            const result = await next(input);
            ended('completed');
            return result;
          } catch (err) {
            ended(endOf(err));
            throw err;
          }
        },
      },
    };
  };
