import { deploymentOf } from '../contract/ids';
import { idIn } from '../../workflows/protocol/ids';

/** Which task queue the runs of an environment are on; and all of those, for lists. */
export interface Queues {
  of: (environment: string) => string;
  all: () => readonly string[];
}

/** For a deployment whose environments share one. */
export const oneQueue = (taskQueue: string): Queues => ({
  of: () => taskQueue,
  all: () => [taskQueue],
});

/** For environments of which some have a task queue of their own. */
export const queuesOf = (
  environments: () => Record<string, { taskQueue?: string | undefined }>,
  shared: string,
): Queues => ({
  of: (environment) => environments()[environment]?.taskQueue ?? shared,
  all: () => [
    ...new Set([
      shared,
      ...Object.values(environments()).map(({ taskQueue = shared }) => taskQueue),
    ]),
  ],
});

/** Whether a run is this deployment's: those of other queues are of other deployments, and unknown here. */
export const isOn = ({ all }: Queues, { taskQueue }: { taskQueue: string }) =>
  all().includes(taskQueue);

/** An id that no other deployment uses: on a queue of its own an environment is like one. */
export const idOn = (taskQueue: string, ...parts: string[]) =>
  idIn(deploymentOf(taskQueue), ...parts);
