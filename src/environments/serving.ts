import type { Logger } from 'pino';
import type { WorkerMetrics } from '../metrics/worker';
import type { ReconcileSchedules } from '../runs/reconcile-schedule';
import { environmentsOn } from '../settings/environments';
import type { SettingsFile } from '../settings/file';
import type { Settings } from '../settings/settings';

/** Environments that one line of the log names. */
const MAX_LOGGED = 20;

interface Serving {
  taskQueue: string;
  schedules: ReconcileSchedules;
  metrics: Pick<WorkerMetrics, 'driftOnlyOf'>;
  log: Logger;
}

/**
 * What a worker keeps of each environment of its task queue, now and whenever the file changes; without a
 * file there is one that has no name.
 */
export const serveEnvironments = (
  file: Pick<SettingsFile, 'current' | 'onChange'> | undefined,
  { taskQueue, schedules, metrics, log }: Serving,
) => {
  if (!file) {
    void schedules.set([undefined]);
    return;
  }
  const take = ({ environments: all }: Settings) => {
    const environments = environmentsOn(all, taskQueue);
    const told = {
      taskQueue,
      count: environments.length,
      environments: environments.slice(0, MAX_LOGGED),
    };
    if (environments.length > 0) log.info(told, 'worker serves environments');
    else
      log.warn(told, 'no environment of the configuration file is on the task queue of the worker');
    metrics.driftOnlyOf(environments);
    void schedules.set(environments);
  };
  take(file.current());
  file.onChange(take);
};
