import { gatewayConfig } from './config/config';
import { temporalConfig } from './config/temporal';
import { createDraining } from './gateway/draining';
import { createGateway } from './gateway/gateway';
import { createHttpServer } from './http-server';
import { createGatewayMetrics } from './metrics/gateway';
import { createOperations } from './operator/operations';
import {
  createLogger,
  listen,
  onSignal,
  encryptionOf,
  openConfiguration,
  runProgram,
  warnOf,
} from './program';
import { createReadings } from './gateway/reading-pool';
import { createOpenRuns } from './runs/open-runs';
import { createRuns } from './runs/runs';
import { createStartRun } from './runs/start';
import { createStatuses } from './runs/status';
import { createTemporalClient } from './temporal/client';
import { dataConverterOf } from './temporal/payload-codec';
import { createAuditLog } from './gateway/audit';
import { createAuthorization } from './gateway/authorization';
import { asAnybody, createAuthentication } from './identity/authenticate';
import { ownedIn } from './settings/tenancy';
import { oneQueue, queuesOf } from './temporal/queues';
import { tracedStarts } from './tracing/starts';
import { createTracing } from './tracing/tracing';

runProgram(async () => {
  const config = gatewayConfig();
  const temporal = temporalConfig();
  const log = createLogger('gateway', config.logLevel);
  warnOf(config.misfits, log);
  // The gateway starts while Temporal is down, and tells so on /readyz.
  const tracing = await createTracing(config.tracing, { program: 'gateway', log });
  const { taskQueue, temporalUiUrl } = config;
  const file =
    config.file === undefined ? undefined : openConfiguration({ file: config.file, log });
  const encryption = encryptionOf(file, log);
  const { client, connection } = createTemporalClient(temporal, {
    dataConverter: dataConverterOf(encryption),
    interceptors: [tracedStarts(tracing)],
  });
  const settings = file?.current;
  const queues = settings
    ? queuesOf(() => settings().environments, taskQueue)
    : oneQueue(taskQueue);
  const owned = () => settings && ownedIn(settings());
  // A file once opened is written to until the end: another one is taken at the next start.
  const audit = settings?.().audit;
  const problem = async () => {
    if (draining.isDraining()) return 'stopping';
    return (await runs.isReady()) ? undefined : 'no Temporal';
  };
  const metrics = createGatewayMetrics({
    isReady: async () => (await problem()) === undefined,
    openRuns: createOpenRuns({ client, queues }),
  });
  const startRun = createStartRun({ client, queues, log, observe: metrics.starts });
  const statuses = createStatuses({ client, queues, temporalUiUrl });
  const { statusOf } = statuses;
  const asksWho = () => (settings?.().gateway.auth.mode ?? 'none') !== 'none';
  const operations =
    config.operations || asksWho()
      ? createOperations({ client, queues, temporalUiUrl, startRun, statusOf, log })
      : undefined;

  const readings = createReadings(
    () => ({
      templates: config.infrastructureTemplates,
      minSyncInterval: config.minSyncInterval,
      retry: config.retry,
      taskQueue,
      tenancy: owned(),
    }),
    metrics.readings,
  );
  const runs = createRuns({ client, startRun, queues, log });
  const app = createGateway({
    runs,
    ...statuses,
    readings,
    operations,
    problem,
    warning: () => file?.problem() ?? encryption.problem(),
    metrics,
    basePath: config.basePath,
    authenticate: settings ? createAuthentication(settings) : asAnybody,
    authorization: createAuthorization(owned),
    door: () => settings?.().gateway,
    audit: audit && createAuditLog(audit.log),
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
