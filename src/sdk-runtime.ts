import { createServer } from 'node:http';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { listen } from './program';

const LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const;

/** Times that the SDK is given a port for its metrics, which somebody may take before it does. */
const PORTS_TRIED = 5;

/** Temporal's own log, in ours; its metrics for Prometheus on an address of this machine only. */
const installRuntime = (log: Logger, metricsAddress: string) =>
  Runtime.install({
    telemetryOptions: {
      metrics: { prometheus: { bindAddress: metricsAddress } },
      // Else the SDK's core writes lines of its own, which are no JSON.
      logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
    },
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      const { error: err, ...fields } = meta ?? {};
      log[LEVELS[level]](err === undefined ? fields : { ...fields, err }, message);
    }),
    shutdownSignals: [],
  });

/** An address of this machine that is free now: the SDK serves its metrics only on one of its own. */
const freeAddress = async () => {
  const server = createServer();
  const url = await listen(server, { host: '127.0.0.1', port: 0, variable: '' });
  await new Promise((resolve) => server.close(resolve));
  return new URL(url).host;
};

/**
 * Installs the SDK's runtime, and gives the `host:port` where it serves its metrics. The SDK takes port 0,
 * but does not tell which one it got.
 */
export const installWithMetrics = async (log: Logger) => {
  for (let tried = 1; ; tried += 1) {
    const address = await freeAddress();
    try {
      installRuntime(log, address);
      return address;
    } catch (err) {
      if (tried === PORTS_TRIED) throw err;
      log.debug({ err, address }, 'the port for metrics was taken meanwhile');
    }
  }
};
