import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { BETWEEN, COMPLETED, IN_STEPS, PHASES, SOMEWHERE } from '../../workflows/phases';

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

/** Whether only its pending steps tell what it does, which lists of runs do not have. */
export const isInSteps = ({ memo, status }: Omit<Seen, 'raw'>) =>
  memo?.phase === IN_STEPS && ENDS[status.name] === undefined;

/** By the first of its pending steps that has words, or else by the type of one. */
const stepIn = (raw: Seen['raw']): string => {
  if (!('pendingActivities' in raw)) return SOMEWHERE;
  const types = (raw.pendingActivities ?? []).map(({ activityType }) => activityType?.name ?? '');
  const [type = ''] = types;
  return (
    types.map((each) => words.get(each)).find(Boolean) ?? (type ? `At the step ${type}` : BETWEEN)
  );
};

/** What a run does, or did last, in a few words: its memo says it, or else its pending step. */
export const phaseOf = (run: Seen): string => {
  const phase = run.memo?.phase;
  if (phase !== IN_STEPS) return typeof phase === 'string' ? phase : '';
  return ENDS[run.status.name] ?? stepIn(run.raw);
};
