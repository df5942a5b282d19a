import { createServer } from 'node:http';
import { gatewayConfig } from './config';
import { createDraining } from './draining';
import { createGateway } from './gateway';
import { createOperations } from './operations';
import { createLogger, listen, onSignal, runProgram } from './program';
import { createReadings } from './readings';
import { createRuns } from './runs';
import { createStartRun } from './start-run';
import { createStatuses } from './status';
import { createTemporalClient } from './temporal-client';

/** Milliseconds in which a request has to arrive, its body included; then it is answered 408. */
const REQUEST_TIMEOUT = 60_000;

runProgram(async () => {
  const config = gatewayConfig();
  const log = createLogger('gateway', config.logLevel);
  // The gateway starts while Temporal is down, and tells so on /readyz.
  const { client, connection } = createTemporalClient();
  const { taskQueue, temporalUiUrl } = config;
  const startRun = createStartRun({ client, taskQueue, log });
  const statuses = createStatuses({ client, temporalUiUrl });
  const { statusOf } = statuses;
  const operations = config.operations
    ? createOperations({ client, taskQueue, temporalUiUrl, startRun, statusOf, log })
    : undefined;

  const readings = createReadings({
    templates: config.infrastructureTemplates,
    minSyncInterval: config.minSyncInterval,
    retry: config.retry,
    taskQueue,
  });
  const runs = createRuns({ client, startRun, log });
  const app = createGateway({
    runs,
    ...statuses,
    readings,
    operations,
    problem: async () => {
      if (draining.isDraining()) return 'stopping';
      return (await runs.isReady()) ? undefined : 'no Temporal';
    },
    basePath: config.basePath,
    log,
  });
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT }, app);
  const draining = createDraining(server);
  const url = await listen(server, { ...config, variable: 'PORT' });
  log.info({ url: `${url}${config.basePath}` }, 'gateway listens');

  const stop = async () => {
    const unanswered = await draining.drain(config.drainFor);
    if (unanswered > 0) log.warn({ unanswered }, 'gateway leaves requests unanswered');
    await connection.close();
  };
  onSignal((signal) => {
    log.info({ signal }, 'gateway stops');
    void stop().finally(() => process.exit(0));
  });
});
