import pLimit from 'p-limit';
import { SystemProblem } from './errors';

export interface TurnsOptions {
  atOnce: number;
  /** More are told at once that there are too many. */
  maxWaiting: number;
  /** Milliseconds a task may wait for its turn. */
  patience: number;
  /** Whether a task failed because what all tasks need does not answer. */
  isOutage: (err: unknown) => boolean;
  /** Milliseconds without a success after which such a failure is believed for all that wait. */
  silence: number;
}

/**
 * Lets so many tasks run at once; the others wait in the order they came. During an outage those
 * that wait fail with it, instead of finding out one after the other.
 */
export const createTurns = ({ atOnce, maxWaiting, patience, ...options }: TurnsOptions) => {
  const limit = pLimit(atOnce);
  let answered = 0;
  let outage: { at: number; err: unknown } | undefined;

  const run = async <Result>(task: () => Promise<Result>): Promise<Result> => {
    try {
      const result = await task();
      answered = Date.now();
      return result;
    } catch (err) {
      const at = Date.now();
      if (options.isOutage(err) && at - answered > options.silence) outage = { at, err };
      throw err;
    }
  };

  return async <Result>(task: () => Promise<Result>): Promise<Result> => {
    if (limit.pendingCount >= maxWaiting) throw busy();
    const came = Date.now();
    return limit(() => {
      if (outage && outage.at > came) throw outage.err;
      if (Date.now() - came > patience) throw busy();
      return run(task);
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
