import { ActivityFailure, ApplicationFailure, TemporalFailure } from '@temporalio/workflow';
import type { FailureDetails } from '../activities/airbyte';

const isDetails = (value: unknown): value is FailureDetails =>
  typeof value === 'object' && value !== null && 'problem' in value && 'solution' in value;

const chain = (err: unknown): unknown[] => (err instanceof Error ? [err, ...chain(err.cause)] : []);

/** What went wrong in a step and what to do, in the words the activity found for it. */
export const explain = (err: unknown): FailureDetails => {
  for (const cause of chain(err)) {
    const details = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
    if (isDetails(details)) return details;
  }
  if (err instanceof ActivityFailure)
    return {
      problem: `The step ${err.activityType} did not end in time (${err.cause?.message ?? err.message}).`,
      solution: 'Ask the platform operator whether a worker is running, then deploy again.',
    };
  if (err instanceof TemporalFailure)
    return { problem: err.message, solution: 'Ask the platform operator to look at this run.' };
  return {
    problem: 'The provisioner made a mistake of its own.',
    solution: 'Ask the platform operator to report the failure that this run shows.',
  };
};
