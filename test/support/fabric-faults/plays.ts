import { createPool } from '../faults/harnesses';
import { startFabricWorld } from '../fabric-world';
import type { System } from './calls';
import { databricksSide } from './databricks';
import { PATIENCES } from './kinds';
import type { Patience } from './kinds';
import { createPlay } from './play';
import type { Play } from './play';
import { SNOWFLAKE, snowflakeSide } from './snowflake';

/* Worlds that rows are played in, one row at a time each. */

/** At once. */
const COUNTS = { patient: 3, hasty: 2 };

const startPlay = async (system: System, patience: Patience): Promise<Play> => {
  const { requestTimeout, giveUpAfter } = PATIENCES[patience];
  const world = await startFabricWorld({
    env: {
      AIRBYTE_REQUEST_TIMEOUT: `${String(requestTimeout)}ms`,
      AIRBYTE_GIVE_UP_AFTER: `${String(giveUpAfter)}ms`,
      AIRBYTE_RETRY_INITIAL: '50ms',
      AIRBYTE_RETRY_MAX_INTERVAL: '200ms',
      AIRBYTE_SETTLE_TIME: '800ms',
    },
    snowflake: SNOWFLAKE,
  });
  if (system === 'snowflake') return createPlay(world, snowflakeSide(world));
  const side = await databricksSide(world);
  const stop = async () => {
    await world.stop();
    await side.close();
  };
  return { ...createPlay(world, side), stop };
};

/** For one test file: lends worlds, each with an Airbyte and a fabric. */
export const usePlays = (system: System) => {
  const poolOf = (patience: Patience) =>
    createPool(COUNTS[patience], () => startPlay(system, patience));
  const pools = { patient: poolOf('patient'), hasty: poolOf('hasty') };
  afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.stop())));
  return <Result>(patience: Patience, work: (play: Play) => Promise<Result>) =>
    pools[patience].use(work);
};
export type Plays = ReturnType<typeof usePlays>;
