import { createServer } from 'node:http';
import { gatewayConfig } from './config';
import { createGateway } from './gateway';
import { createOperations } from './operations';
import { createLogger, listen, runProgram } from './program';
import { createRuns } from './runs';
import { createStartRun } from './start-run';
import { createStatus } from './status';
import { createTemporalClient } from './temporal-client';

runProgram(async () => {
  const config = gatewayConfig();
  const log = createLogger('gateway', config.logLevel);
  // The gateway starts while Temporal is down, and tells so on /readyz.
  const { client, connection } = createTemporalClient();
  const { taskQueue, temporalUiUrl } = config;
  const startRun = createStartRun({ client, taskQueue, log });
  const statusOf = createStatus({ client, temporalUiUrl });
  const operations = config.operations
    ? createOperations({ client, taskQueue, temporalUiUrl, startRun, statusOf, log })
    : undefined;

  const app = createGateway({
    runs: createRuns({ client, startRun, retry: config.retry, log }),
    statusOf,
    operations,
    basePath: config.basePath,
    log,
  });
  const server = createServer(app);
  const url = await listen(server, { ...config, variable: 'PORT' });
  log.info({ url: `${url}${config.basePath}` }, 'gateway listens');

  const stop = (signal: NodeJS.Signals) => {
    log.info({ signal }, 'gateway stops');
    server.close(() => void connection.close().finally(() => process.exit(0)));
    server.closeIdleConnections();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
});
