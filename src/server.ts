import { createServer } from 'node:http';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { gatewayConfig } from './config';
import { createGateway } from './gateway';
import { createLogger, listen, runProgram } from './program';
import { createRuns } from './runs';
import { createStatus } from './status';

/** gRPC waits up to two minutes between attempts to reconnect; Temporal may be back in seconds. */
const RECONNECT = {
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2000,
};

runProgram(async () => {
  const config = gatewayConfig();
  const log = createLogger('gateway', config.logLevel);
  const { connectionOptions, namespace } = loadClientConnectConfig();
  // Lazy: the gateway starts while Temporal is down, and tells so on /readyz.
  const connection = Connection.lazy({ ...connectionOptions, channelArgs: RECONNECT });
  const client = new Client({ connection, ...(namespace && { namespace }) });

  const app = createGateway({
    runs: createRuns({ client, taskQueue: config.taskQueue, retry: config.retry, log }),
    statusOf: createStatus({ client, temporalUiUrl: config.temporalUiUrl }),
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
