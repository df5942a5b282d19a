import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { checkFile } from './compose-checks';
import { GO_PROGRAMS } from './go-programs';
import { NotHere } from './place';
import { isPart, PART_NAMES, play } from './play';
import type { Part } from './play';
import { checkMachine, prepareEngine, prepareGo } from './prepare';
import { createCompose } from './project';
import { concluded, report, say, step } from './report';

/*
 * npm run test:containers -- [--within MINUTES] [--only PART,PART]
 * Parts: image, life, teams, file, fabrics; without --only all, in this order.
 * Exits with 0 when all was right, 1 when something was not, and 75 where containers cannot be run here,
 * or not be made ready in the time given.
 */

const CANNOT = 75;

/** However we end, the engine ends, too. */
const endWith = (stop: () => Promise<void>) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      void stop().finally(() => process.exit(128 + constants.signals[signal]));
    });
};

/** Minutes that may be taken to make everything ready, as many as it takes without; and what is played. */
const readArguments = (): { within: number | undefined; parts: Part[] } => {
  const { values } = parseArgs({
    options: { within: { type: 'string' }, only: { type: 'string', default: PART_NAMES.join() } },
  });
  const within = values.within === undefined ? undefined : Number(values.within);
  const parts = values.only.split(',');
  if ((within === undefined || within > 0) && parts.every(isPart)) return { within, parts };
  const usage = 'Usage: npm run test:containers -- [--within MINUTES] [--only PART,PART]';
  throw new Error(`${usage}, parts being ${PART_NAMES.join(', ')}`);
};

const prepare = async (within: number | undefined, onLaunch: (kill: () => void) => void) => {
  const signal = within === undefined ? undefined : AbortSignal.timeout(within * 60_000);
  try {
    await prepareGo(['docker-compose'], report, signal);
    const compose = createCompose({ HOME: process.env.HOME });
    await step('docker compose config, for every profile', () => checkFile(compose));
    checkMachine();
    await prepareGo(GO_PROGRAMS, report, signal);
    return await prepareEngine({ report, onLaunch, signal });
  } catch (err) {
    if (!signal?.aborted) throw err;
    throw new NotHere(`what they are made of could not be built within ${String(within)} minutes`);
  }
};

const main = async () => {
  const { within, parts } = readArguments();
  let stop = () => Promise.resolve();
  endWith(() => stop());
  const engine = await prepare(within, (kill) => {
    process.once('exit', kill);
  });
  stop = engine.stop;
  await play(engine, parts).finally(stop);
  return concluded() ? 0 : 1;
};

const fail = (err: unknown) => {
  if (err instanceof NotHere) {
    say(`NOTE: containers are not run here: ${err.message}.`);
    return CANNOT;
  }
  console.error(err instanceof Error ? err.stack : err);
  return 1;
};

void main()
  .catch(fail)
  .then((code) => process.exit(code));
