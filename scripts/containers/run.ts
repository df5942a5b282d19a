import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { checkFile } from './compose-checks';
import { GO_PROGRAMS } from './go-programs';
import { NotHere } from './place';
import { play } from './play';
import { checkMachine, prepareEngine, prepareGo } from './prepare';
import { createCompose } from './project';
import { concluded, report, say, step } from './report';

/*
 * npm run test:containers -- [--within MINUTES]
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

/** Minutes that may be taken to make everything ready; absent: as many as it takes. */
const readWithin = () => {
  const { values } = parseArgs({ options: { within: { type: 'string' } } });
  if (values.within === undefined) return undefined;
  const minutes = Number(values.within);
  if (minutes > 0) return minutes;
  throw new Error('Usage: npm run test:containers -- [--within MINUTES]');
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
  const within = readWithin();
  let stop = () => Promise.resolve();
  endWith(() => stop());
  const engine = await prepare(within, (kill) => {
    process.once('exit', kill);
  });
  stop = engine.stop;
  await play(engine).finally(stop);
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
