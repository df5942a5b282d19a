import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../../scripts/child';
import { findFreePorts } from '../../scripts/ports';
import { findCli, startTemporal } from '../../scripts/temporal';
import { commandsOf } from './alerts';
import { startHarness } from './harness';
import { startPrometheus } from './prometheus';

/* All that runs in an installation, on ports that stay, with a Prometheus that watches it. */

export type Watched = Awaited<ReturnType<typeof startWatched>>;

/** Few slots, so that they can be taken. */
const SLOTS = 4;

export const startWatched = async (env: Record<string, string> = {}) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'provisioner-tests-watched-'));
  const [port = 0, gateway = 0, worker = 0] = await findFreePorts(3);
  const launchTemporal = () =>
    startTemporal({
      cli: findCli(),
      port,
      dbFile: path.join(folder, 'temporal.db'),
      logFile: path.join(folder, 'temporal.log'),
    });
  let temporal = await launchTemporal();
  const harness = await startHarness({
    temporal: temporal.address,
    env: {
      PORT: String(gateway),
      WORKER_PORT: String(worker),
      WORKER_ACTIVITY_SLOTS: String(SLOTS),
      ...env,
    },
  });
  const address = (of: number) => `127.0.0.1:${String(of)}`;
  const prometheus = await startPrometheus({ gateway: address(gateway), worker: address(worker) });

  /** What an operator has in his shell. */
  const shell = {
    PATH: [path.dirname(process.execPath), path.dirname(findCli()), process.env.PATH].join(':'),
    HOME: folder,
    TMPDIR: folder,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_TASK_QUEUE: harness.environment,
    GATEWAY: `http://${address(gateway)}`,
    WORKER: `http://${address(worker)}`,
    AIRBYTE: harness.simulator.url,
    PROMETHEUS: prometheus.url,
  };

  const began = Date.now();
  return {
    /** Seconds since all of it runs. */
    age: () => Math.ceil((Date.now() - began) / 1000),
    harness,
    prometheus,
    temporal: () => temporal,
    restartTemporal: async () => {
      temporal = await launchTemporal();
    },
    /** Runs a block of the runbook's commands as it stands there: the first one looks, the next ones do. */
    runbook: (alert: string, block: number, more: Record<string, string> = {}) =>
      new Promise<string>((resolve, reject) => {
        const commands = commandsOf(alert)[block];
        if (!commands) throw new Error(`The runbook has no such commands for ${alert}.`);
        const env = { ...shell, ...more };
        execFile('sh', ['-euc', commands], { cwd: ROOT, env }, (err, stdout, stderr) => {
          if (err) reject(new Error(`${err.message}\n${stdout}\n${stderr}`));
          else resolve(stdout);
        });
      }),
    stop: async () => {
      await prometheus.stop();
      await harness.stop();
      await temporal.stop();
      rmSync(folder, { recursive: true });
    },
  };
};
