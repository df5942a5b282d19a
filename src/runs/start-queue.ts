import type { Interest } from '../concurrency/interest';
import type { ObserveLoad } from '../concurrency/load';
import { SystemProblem } from '../contract/problems';
import { createLimit } from '../concurrency/limit';

interface StartQueueOptions {
  atOnce: number;
  /** More are told at once that there are too many. */
  maxWaiting: number;
  /** Whether a task failed because what all tasks need does not answer. */
  isOutage: (err: unknown) => boolean;
  /** Milliseconds without a success after which such a failure is believed for all that wait. */
  silence: number;
  observe?: ObserveLoad | undefined;
}

/**
 * Lets so many tasks run at once; the others wait in the order they came. During an outage those
 * that wait fail with it, instead of finding out one after the other.
 */
export const createStartQueue = ({ atOnce, maxWaiting, ...options }: StartQueueOptions) => {
  const limit = createLimit(atOnce, options.observe);
  let waiting = 0;
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

  /** A task that is still queued when the interest in it ends is not begun. */
  return async <Result>(task: () => Promise<Result>, interest: Interest): Promise<Result> => {
    if (waiting >= maxWaiting) throw busy();
    const came = Date.now();
    let leave = () => {
      waiting -= 1;
      leave = () => undefined;
    };
    const begin = () => {
      leave();
      if (outage && outage.at > came) throw outage.err;
      return run(task);
    };
    waiting += 1;
    return limit(async () => begin(), { interest, over: busy }).finally(() => {
      leave();
    });
  };
};

const busy = () =>
  new SystemProblem('The provisioner has more requests to hand to Temporal than it can now.', {
    reason: 'busy_starting',
    solutions: [
      'Nothing was started. Send the request again in a minute: repeating it is safe.',
      'If it goes on, ask the platform operator for more gateways, or whether Temporal is slow.',
    ],
  });
