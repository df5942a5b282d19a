import { proxySinks, workflowInfo } from '@temporalio/workflow';
import type { Sinks } from '@temporalio/workflow';

/* What runs tell the metrics of their worker. It makes no commands. */

export type RunEnd = 'completed' | 'failed' | 'cancelled';
/** Who could not: Airbyte in the time that there was; nobody, as it was refused; or the provisioner. */
export type FailureCause = 'unavailable' | 'refused' | 'broken';
export type UndoEnd = 'undone' | 'partly_undone' | 'left_behind';

export interface RunSinks extends Sinks {
  runMetrics: {
    /** A run has ended, after so many seconds. */
    ended: (end: RunEnd, seconds: number) => void;
    /** What made a run fail that has just ended. */
    failed: (cause: FailureCause) => void;
    /** A step was taken back, or could not be. */
    undo: (entity: string, end: UndoEnd) => void;
    /** So many things that a run's status names. */
    leftBehind: (count: number) => void;
  };
}

const { runMetrics } = proxySinks<RunSinks>();

/** Nothing is told while a history is replayed: it was, by the worker that had the run then. */
export const tellMetrics = (tell: (metrics: typeof runMetrics) => void) => {
  if (!workflowInfo().unsafe.isReplaying) tell(runMetrics);
};
