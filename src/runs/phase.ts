import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { BETWEEN, COMPLETED, IN_STEPS, PHASES } from '../../workflows/phases';

type Name = WorkflowExecutionInfo['status']['name'];

/** A run as it is listed or, with its pending activities, as it is described. */
interface Seen extends Pick<WorkflowExecutionInfo, 'memo'> {
  status: { name: Name };
  raw: WorkflowExecutionInfo['raw'] | WorkflowExecutionDescription['raw'];
}

/**
 * By what Temporal calls the end of a run. One that fails or is cancelled says so in its memo, unless
 * Temporal ended it before it could.
 */
const ENDS: Partial<Record<Name, string>> = {
  COMPLETED,
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
  TERMINATED: 'Terminated',
  TIMED_OUT: 'Timed out',
};

const words = new Map<string, string>(Object.entries(PHASES));

/** What a run does, or did last, in a few words: its memo says it, or else its pending step. */
export const phaseOf = (run: Seen): string => {
  const phase = run.memo?.phase;
  if (phase !== IN_STEPS) return typeof phase === 'string' ? phase : '';
  const pending = 'pendingActivities' in run.raw ? (run.raw.pendingActivities ?? []) : [];
  const named = pending.map(({ activityType }) => words.get(activityType?.name ?? ''));
  return ENDS[run.status.name] ?? named.find((each) => each !== undefined) ?? BETWEEN;
};
