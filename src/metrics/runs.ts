import type { InjectedSinks } from '@temporalio/worker';
import type { RunSinks } from '../../workflows/run/metrics';
import { RUNS } from '../runs/open-runs';
import type { WorkerMetrics } from './worker';

const operations = new Set<string>(RUNS);

/** Hears what runs tell of themselves. The other workflows serve them, and are not counted. */
export const runSinks = ({ runs }: Pick<WorkerMetrics, 'runs'>): InjectedSinks<RunSinks> => ({
  runMetrics: {
    ended: {
      fn: ({ workflowType }, outcome, seconds) => {
        if (operations.has(workflowType)) runs.ended(workflowType, { outcome, seconds });
      },
    },
    failed: {
      fn: ({ workflowType }, cause) => {
        if (operations.has(workflowType)) runs.failed(workflowType, cause);
      },
    },
    undo: {
      fn: (_info, entity, outcome) => {
        runs.undone(entity, outcome);
      },
    },
    leftBehind: {
      fn: ({ workflowType }, count) => {
        runs.leftBehind(workflowType, count);
      },
    },
  },
});
