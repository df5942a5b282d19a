import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { BETWEEN, COMPLETED, IN_STEPS, PHASES } from '../../workflows/phases';

/** By what Temporal calls the end of a run; one that failed or was cancelled says so in its memo. */
const ENDS: Partial<Record<WorkflowExecutionInfo['status']['name'], string>> = {
  COMPLETED,
  TERMINATED: 'Terminated',
  TIMED_OUT: 'Timed out',
};

const words = new Map<string, string>(Object.entries(PHASES));

/** Whether only its pending steps tell what it does, which lists of runs do not have. */
export const isInSteps = ({ memo, status }: Pick<WorkflowExecutionInfo, 'memo' | 'status'>) =>
  memo?.phase === IN_STEPS && ENDS[status.name] === undefined;

/** What a run does, or did last, in a few words: its memo says it, or else its pending step. */
export const phaseOf = (run: WorkflowExecutionInfo | WorkflowExecutionDescription): string => {
  const phase = run.memo?.phase;
  if (phase !== IN_STEPS) return typeof phase === 'string' ? phase : '';
  const pending = 'pendingActivities' in run.raw ? (run.raw.pendingActivities ?? []) : [];
  const named = pending.map(({ activityType }) => words.get(activityType?.name ?? ''));
  return ENDS[run.status.name] ?? named.find((each) => each !== undefined) ?? BETWEEN;
};
