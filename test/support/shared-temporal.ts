import path from 'node:path';
import { ROOT } from '../../scripts/child';
import { findFreePorts } from '../../scripts/ports';
import { findCli, startTemporal } from '../../scripts/temporal';
import type { Temporal } from '../../scripts/temporal';

/** Kept on the process: jest loads this file anew for its teardown. */
const kept: typeof globalThis & { sharedTemporal?: Temporal } = globalThis;

/** One Temporal dev server for all test files, on a free port: jest's set-up, then its teardown. */
const startOrStop = async () => {
  if (kept.sharedTemporal) return kept.sharedTemporal.stop();
  const [port = 0] = await findFreePorts(1);
  const logFile = path.join(ROOT, '.cache', 'logs', `test-temporal-${String(port)}.log`);
  kept.sharedTemporal = await startTemporal({ cli: findCli(), port, logFile });
  process.once('exit', kept.sharedTemporal.kill);
  process.env.TEST_TEMPORAL_ADDRESS = kept.sharedTemporal.address;
};

module.exports = startOrStop;
