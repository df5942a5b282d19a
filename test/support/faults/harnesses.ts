import pLimit from 'p-limit';
import { PATIENCES } from './kinds';
import type { Patience } from './kinds';
import { startHarness } from '../harness';
import type { Harness } from '../harness';

/** Harnesses, in each test file. */
const COUNTS = { patient: 3, hasty: 2 };
const startOf = (patience: Patience) => {
  const { requestTimeout, giveUpAfter } = PATIENCES[patience];
  return startHarness({
    env: {
      AIRBYTE_REQUEST_TIMEOUT: `${String(requestTimeout)}ms`,
      AIRBYTE_GIVE_UP_AFTER: `${String(giveUpAfter)}ms`,
      AIRBYTE_RETRY_INITIAL: '50ms',
      AIRBYTE_RETRY_MAX_INTERVAL: '200ms',
      AIRBYTE_SETTLE_TIME: '800ms',
    },
  });
};

/** What runs rows, one at a time. */
interface Lent {
  resetAirbyte: () => Promise<unknown>;
  stop: () => Promise<unknown>;
}

/** Harnesses of one kind, so many at once. */
export const createPool = <Of extends Lent>(size: number, startOne: () => Promise<Of>) => {
  const limit = pLimit(size);
  const started: Promise<Of>[] = [];
  const idle: Of[] = [];
  const start = () => {
    const starting = startOne();
    started.push(starting);
    return starting;
  };
  return {
    use: <Result>(work: (harness: Of) => Promise<Result>) =>
      limit(async () => {
        const harness = idle.pop() ?? (await start());
        await harness.resetAirbyte();
        // After a failure its run may go on and take the next one's faults: it is not used again.
        const result = await work(harness);
        idle.push(harness);
        return result;
      }),
    stop: async () => {
      const harnesses = await Promise.allSettled(started);
      const running = harnesses.flatMap((each) =>
        each.status === 'fulfilled' ? [each.value.stop()] : [],
      );
      await Promise.all(running);
    },
  };
};

/** For one test file: lends harnesses, each with an Airbyte that has nothing yet. */
export const useHarnesses = () => {
  const poolOf = (patience: Patience) => createPool(COUNTS[patience], () => startOf(patience));
  const pools = { patient: poolOf('patient'), hasty: poolOf('hasty') };
  afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.stop())));
  return <Result>(patience: Patience, work: (harness: Harness) => Promise<Result>) =>
    pools[patience].use(work);
};
export type Harnesses = ReturnType<typeof useHarnesses>;
