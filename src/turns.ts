import pLimit from 'p-limit';
import { SystemProblem } from './errors';

export interface TurnsOptions {
  atOnce: number;
  /** More than these cannot have their turn in time, and are told at once. */
  maxWaiting: number;
  /** Milliseconds a task may wait for its turn. */
  patience: number;
}

/**
 * Lets so many tasks run at once, the others wait in the order they came. A task whose turn comes
 * too late is not begun: who asked for it may have given up.
 */
export const createTurns = ({ atOnce, maxWaiting, patience }: TurnsOptions) => {
  const limit = pLimit(atOnce);
  return async <Result>(task: () => Promise<Result>): Promise<Result> => {
    if (limit.pendingCount >= maxWaiting) throw busy();
    const latest = Date.now() + patience;
    return limit(() => {
      if (Date.now() > latest) throw busy();
      return task();
    });
  };
};

const busy = () =>
  new SystemProblem('The provisioner has more requests to hand to Temporal than it can now.', {
    solutions: [
      'Nothing was started. Send the request again in a minute: repeating it is safe.',
      'If it goes on, ask the platform operator for more gateways, or whether Temporal is slow.',
    ],
  });
