import { gatewayConfig } from './config/config';
import { temporalConfig } from './config/temporal';
import { createDraining } from './gateway/draining';
import { createGateway } from './gateway/gateway';
import { createGatewayMetrics } from './metrics/gateway';
import { createOperations } from './operator/operations';
import { judgeExposure, judgeOpening, tellExposure } from './gateway/exposure';
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
import { createAuthorization } from './gateway/authorization';
import { asAnybody, createAuthentication } from './identity/authenticate';
import { ownedIn } from './settings/tenancy';
import { oneQueue, queuesOf } from './temporal/queues';
import { tracedStarts } from './tracing/starts';
import { createTracing } from './tracing/tracing';
import { createListenerTls, openAudit } from './listener';

/** What somebody should mend, in one text. */
const warningOf = (warnings: (string | undefined)[]) =>
  warnings.filter((warning) => warning !== undefined).join(' ') || undefined;

runProgram(async () => {
  const config = gatewayConfig();
  const temporal = temporalConfig();
  const log = createLogger('gateway', config.logLevel);
  warnOf(config.misfits, log);
  // The gateway starts while Temporal is down, and tells so on /readyz.
  const tracing = await createTracing(config.tracing, { program: 'gateway', log });
  const { taskQueue, temporalUiUrl } = config;
  const file =
    config.file === undefined
      ? undefined
      : openConfiguration({
          file: config.file,
          log,
          observe: (outcome) => {
            metrics.reloaded(outcome);
          },
          judge: (given, former) => {
            judgeExposure(given, config.host);
            judgeOpening(given, former);
          },
        });
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
  const audit = openAudit(settings?.().audit?.log, log);
  const tls = createListenerTls({ file, path: config.file, log });
  const problem = async () => {
    if (draining.isDraining()) return 'stopping';
    return (await runs.isReady()) ? audit.problem() : 'no Temporal';
  };
  const metrics = createGatewayMetrics({
    isReady: async () => (await problem()) === undefined,
    openRuns: createOpenRuns({ client, queues }),
    isSettingsBroken: () => file?.problem() !== undefined,
    isTlsBroken: () => tls.problem() !== undefined,
  });
  const startRun = createStartRun({ client, queues, log, observe: metrics.starts });
  const statuses = createStatuses({ client, queues, temporalUiUrl });
  const { statusOf } = statuses;
  const mode = () => settings?.().gateway.auth.mode ?? 'none';

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
    operations: createOperations({ client, queues, temporalUiUrl, startRun, statusOf, log }),
    servesOperations: () => config.operations || mode() !== 'none',
    problem,
    warning: () =>
      warningOf([file?.problem(), encryption.problem(), tls.problem(), audit.warning()]),
    metrics,
    basePath: config.basePath,
    authenticate: settings ? createAuthentication(settings) : asAnybody,
    authorization: createAuthorization(owned),
    door: () => settings?.().gateway,
    audit,
    certificates: tls.certificates,
    tracing,
    log,
  });
  const server = tls.listener(app, { keepAlive: config.keepAlive });
  const draining = createDraining(server);
  tellExposure(mode(), { ...config, log });
  file?.onChange(({ audit: now }) => {
    audit.moveTo(now?.log);
    tellExposure(mode(), { ...config, log });
  });
  const url = await listen(server, { ...config, variable: 'PORT', scheme: tls.scheme });
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
