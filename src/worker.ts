import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { anyWorkerConfig } from './config/config';
import type { WorkerConfig } from './config/config';
import { temporalConfig } from './config/temporal';
import type { TemporalConfig } from './config/temporal';
import { answers } from './temporal/calls';
import { dataConverterOf } from './temporal/payload-codec';
import { runSinks } from './metrics/runs';
import { withSdk } from './metrics/sdk';
import { stepMetrics } from './metrics/steps';
import { createWorkerMetrics } from './metrics/worker';
import { routedActivities } from './environments/router';
import type { Served } from './environments/router';
import { serveEnvironments } from './environments/serving';
import type { SettingsFile } from './settings/file';
import { createProbes } from './probes';
import { traceSinks } from './tracing/runs';
import { tracedSteps } from './tracing/steps';
import { createTracing } from './tracing/tracing';
import {
  createLogger,
  listen,
  encryptionOf,
  onSignal,
  openConfiguration,
  runProgram,
  warnOf,
} from './program';
import { createReconcileSchedules } from './runs/reconcile-schedule';
import { installWithMetrics } from './sdk-runtime';

/** Two, as what becomes of the failures of a workflow is part of its bundle. */
const BUNDLE = path.join(__dirname, '..', 'workflow-bundle.js');
const ENCRYPTING_BUNDLE = path.join(__dirname, '..', 'workflow-bundle-encrypting.js');
/** Milliseconds between attempts to reach Temporal at start. */
const CONNECT_AGAIN = 1000;
const READY_DEADLINE = 2000;

/**
 * A heap is collected when it has grown by this part. V8 lets it become four times as large, which is
 * a hundred MiB of what steps leave behind (docs/benchmarks.md).
 */
const HEAP_GROWTH_PERCENT = 50;

/** Milliseconds after a signal until the activities under way are asked to end. */
const GRACE = 10_000;
/** Milliseconds in which an activity that was asked to end reports, once its call has ended. */
const LAST_REPORT = 5000;

const BEHAVIORS = { pinned: 'PINNED', 'auto-upgrade': 'AUTO_UPGRADE' } as const;

const connect = async ({ connectionOptions }: TemporalConfig, log: Logger) => {
  for (;;) {
    try {
      return await NativeConnection.connect(connectionOptions);
    } catch (err) {
      log.warn({ err, address: connectionOptions.address }, 'Temporal does not answer yet');
    }
    await pause(CONNECT_AGAIN);
  }
};

const deploymentOf = ({ behavior, ...version }: NonNullable<WorkerConfig['versioning']>) => ({
  version,
  useWorkerVersioning: true as const,
  defaultVersioningBehavior: BEHAVIORS[behavior],
});

/** Whether Temporal answers the worker, which polls on and on when it does not. */
const reaches = async (connection: NativeConnection, namespace: string) => {
  try {
    await answers(connection, namespace, READY_DEADLINE);
    return true;
  } catch {
    return false;
  }
};

/** What the worker serves: the environments of a file, which is opened, or the one of the variables. */
const servedBy = (
  given: ReturnType<typeof anyWorkerConfig>,
  { log, observe }: Pick<Parameters<typeof openConfiguration>[0], 'log' | 'observe'>,
): { served: Served; settings?: SettingsFile } => {
  if (given.file === undefined) return { served: { settings: undefined, config: given.config } };
  const settings = openConfiguration({ file: given.file, log, observe });
  return { served: { settings: settings.current, config: given.config }, settings };
};

runProgram(async () => {
  // Of the workflow thread, too, which begins later.
  setFlagsFromString(`--heap-growing-percent=${String(HEAP_GROWTH_PERCENT)}`);
  const given = anyWorkerConfig();
  const { config } = given;
  const temporal = temporalConfig();
  const log = createLogger('worker', config.logLevel);
  const { served, settings } = servedBy(given, {
    log,
    observe: (outcome) => {
      metrics.reloaded(outcome);
    },
  });
  const encryption = encryptionOf(settings, log);
  const dataConverter = dataConverterOf(encryption);
  warnOf(config.misfits, log);
  const tracing = await createTracing(config.tracing, { program: 'worker', log });
  const sdkAddress = await installWithMetrics(log);
  let isReady = () => Promise.resolve(false);
  const metrics = createWorkerMetrics({
    isReady: () => isReady(),
    isSettingsBroken: () => settings?.problem() !== undefined,
  });
  const exposition = withSdk(metrics.exposition, {
    address: sdkAddress,
    missing: (err) => {
      log.warn({ err }, "the SDK's metrics are missing from /metrics");
    },
  });
  const probes = createProbes({
    isReady: () => isReady(),
    warning: () => settings?.problem() ?? encryption.problem(),
    exposition,
  });
  const url = await listen(probes, { ...config, variable: 'WORKER_PORT' });
  log.info({ url }, 'worker probes listen');

  // Until the worker runs there is nothing to finish.
  let stop = (): void => process.exit(0);
  onSignal((signal) => {
    log.info({ signal }, 'worker stops');
    stop();
  });
  const { namespace } = temporal;
  const connection = await connect(temporal, log);
  const client = new Client({ connection, namespace, dataConverter });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: config.taskQueue,
    workflowBundle: { codePath: encryption.encrypts ? ENCRYPTING_BUNDLE : BUNDLE },
    dataConverter,
    activities: routedActivities(served, { client, metrics, tracing, log }),
    interceptors: { activity: [stepMetrics(metrics), tracedSteps(tracing)] },
    sinks: { ...runSinks(metrics), ...traceSinks(tracing) },
    maxCachedWorkflows: 200,
    maxConcurrentWorkflowTaskExecutions: 20,
    maxConcurrentActivityTaskExecutions: config.activitySlots,
    // Heartbeats carry cancellations: an undo must not wait for the default of 30 s.
    maxHeartbeatThrottleInterval: '1s',
    ...(config.versioning && { workerDeploymentOptions: deploymentOf(config.versioning) }),
    shutdownGraceTime: GRACE,
    // A write to Airbyte is never broken off: its outcome would be unknown.
    shutdownForceTime: GRACE + config.requestTimeout + LAST_REPORT,
  });
  isReady = async () => worker.getState() === 'RUNNING' && (await reaches(connection, namespace));
  const running = worker.run();
  stop = () => worker.shutdown();
  const schedules = createReconcileSchedules({
    client,
    ...config,
    every: config.reconcileEvery,
    log,
  });
  serveEnvironments(settings, { taskQueue: config.taskQueue, schedules, metrics, log });
  await running;
  await tracing.stop();
  await connection.close();
  probes.close();
  probes.closeAllConnections();
});
