import { gatewayConfig } from './config/config';
import { temporalConfig } from './config/temporal';
import { deploymentOf } from './contract/ids';
import { createDraining } from './gateway/draining';
import { createGateway } from './gateway/gateway';
import { createHttpServer } from './http-server';
import { createGatewayMetrics } from './metrics/gateway';
import { createOperations } from './operator/operations';
import { createLogger, listen, onSignal, runProgram, warnOf } from './program';
import { createReadings } from './gateway/reading-pool';
import { createOpenRuns } from './runs/open-runs';
import { createRuns } from './runs/runs';
import { createStartRun } from './runs/start';
import { createStatuses } from './runs/status';
import { createTemporalClient } from './temporal/client';
import { tracedStarts } from './tracing/starts';
import { createTracing } from './tracing/tracing';

runProgram(async () => {
  const config = gatewayConfig();
  const temporal = temporalConfig();
  const log = createLogger('gateway', config.logLevel);
  warnOf(config.misfits, log);
  // The gateway starts while Temporal is down, and tells so on /readyz.
  const tracing = await createTracing(config.tracing, { program: 'gateway', log });
  const { client, connection } = createTemporalClient(temporal, [tracedStarts(tracing)]);
  const { taskQueue, temporalUiUrl } = config;
  const problem = async () => {
    if (draining.isDraining()) return 'stopping';
    return (await runs.isReady()) ? undefined : 'no Temporal';
  };
  const metrics = createGatewayMetrics({
    isReady: async () => (await problem()) === undefined,
    openRuns: createOpenRuns({ client, taskQueue }),
  });
  const startRun = createStartRun({ client, taskQueue, log, observe: metrics.starts });
  const statuses = createStatuses({ client, taskQueue, temporalUiUrl });
  const { statusOf } = statuses;
  const operations = config.operations
    ? createOperations({ client, taskQueue, temporalUiUrl, startRun, statusOf, log })
    : undefined;

  const readings = createReadings(
    {
      templates: config.infrastructureTemplates,
      minSyncInterval: config.minSyncInterval,
      retry: config.retry,
      taskQueue,
      deployment: deploymentOf(taskQueue),
    },
    metrics.readings,
  );
  const runs = createRuns({ client, startRun, taskQueue, log });
  const app = createGateway({
    runs,
    ...statuses,
    readings,
    operations,
    problem,
    metrics,
    basePath: config.basePath,
    tracing,
    log,
  });
  const server = createHttpServer(app, config.keepAlive);
  const draining = createDraining(server);
  const url = await listen(server, { ...config, variable: 'PORT' });
  log.info({ url: `${url}${config.basePath}` }, 'gateway listens');

  const stop = async () => {
    const unanswered = await draining.drain(config.drainFor);
    if (unanswered > 0) log.warn({ unanswered }, 'gateway leaves requests unanswered');
    await tracing.stop();
    await connection.close();
  };
  onSignal((signal) => {
    log.info({ signal }, 'gateway stops');
    void stop().finally(() => process.exit(0));
  });
});
