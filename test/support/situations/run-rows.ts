import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { API } from '../airbyte-operations';
import { createPool } from '../faults/harnesses';
import { startHarness } from '../harness';
import type { Harness } from '../harness';
import { flawsOf, nothingFlaws, wantedFlaws } from './laws';
import { createWorld, SECRETS } from './world';
import type { Played, World } from './world';
import { sampled } from '../sample';
import { recordSituations } from './document';
import { endIn, nameOf } from './situation';
import type { Situation } from './situation';
import { SITUATION_ROWS } from './rows';

/* Runs the rows of the second table. */

/** Milliseconds for all rows of a file, as each one's time begins with the first. */
const ALL_ROWS = 900_000;
/** Harnesses at once. */
const WORLDS = 3;

const startWorld = async (directories: string[]) => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'provisioner-tests-'));
  directories.push(directory);
  return startHarness({
    simulator: { edition: 'enterprise' },
    env: {
      SECRETS_DIR: directory,
      SECRETS_ALLOWED: SECRETS.join(','),
      AIRBYTE_REQUEST_TIMEOUT: '3s',
      AIRBYTE_GIVE_UP_AFTER: '30s',
      AIRBYTE_RETRY_MAX_INTERVAL: '200ms',
      AIRBYTE_SETTLE_TIME: '500ms',
    },
  });
};

/** For one test file: lends harnesses, each with an Airbyte and secrets of its own. */
export const useWorlds = () => {
  const directories: string[] = [];
  const pool = createPool(WORLDS, () => startWorld(directories));
  afterAll(async () => {
    await pool.stop();
    await Promise.all(directories.map((directory) => rm(directory, { recursive: true })));
  });
  /** The component must be seen nowhere else: Temporal remembers it. */
  return <Result>(component: string, work: (world: World) => Promise<Result>) =>
    pool.use(async (harness: Harness) => {
      const world = createWorld(harness, component);
      for (const name of SECRETS) await world.rotate(name);
      return work(world);
    });
};

/** The same request, when nothing is in its way: with new secrets, as the former may be lost. */
const againFlaws = async (world: World, row: Situation, { status }: Played) => {
  const { operation, good = {} } = row;
  if (operation === 'updateacl') return [];
  await world.harness.clearFaults();
  for (const name of SECRETS) await world.rotate(name);
  const isRemoval = operation.startsWith('unprovision');
  if (isRemoval && status.status === 'COMPLETED') return [];
  const again = isRemoval
    ? await world.unprovision({ removeData: true })
    : await (operation === 'product' ? world.product([good, {}]) : world.update(good));
  if (again.status.status !== 'COMPLETED') return [`then ended ${again.status.result}`];
  const state = await world.state();
  return isRemoval ? nothingFlaws(world, state) : wantedFlaws(world, state, good);
};

/** Everything that is wrong in a row, with what the status said. */
const play = async (world: World, row: Situation) => {
  const { first = {}, good = {}, operation } = row;
  // What was granted in other rows is no more there, but remembered.
  if (operation === 'updateacl') await world.access.forget();
  if (first !== 'none') await world.provision(first);
  const told = await row.play(world);
  const isRemoval = operation.startsWith('unprovision');
  const flaws = flawsOf(world, told, { end: endIn(API, row), good, isRemoval });
  const again = await againFlaws(world, row, told);
  return { flaws: [...flaws, ...again], text: told.status.result };
};

/** One test for each row; they run side by side. */
export const testSituations = (withWorld: ReturnType<typeof useWorlds>) => {
  const record = recordSituations();
  const rows = SITUATION_ROWS.map((row, index) => ({ row, index, name: nameOf(row) })).filter(
    ({ row }) => (row.only ?? API) === API,
  );
  const chosen = sampled(rows);
  test.concurrent.each(chosen)(
    '$name',
    async ({ row, index }) => {
      const component = `row-${String(index)}`;
      const { flaws, text } = await withWorld(component, (world) => play(world, row));
      record(row, flaws.length === 0);
      if (flaws.length > 0) throw new Error([nameOf(row), ...flaws, text].join('\n'));
    },
    ALL_ROWS,
  );
};
