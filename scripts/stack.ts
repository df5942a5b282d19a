import { constants } from 'node:os';
import path from 'node:path';
import { RequestError, describeProblem } from '../src/contract/problems';
import { readSettingsFile } from '../src/settings/file';
import { launch, ROOT, untilReady } from './child';
import type { Child } from './child';
import {
  choosePorts,
  cliCommand,
  givenEnvironment,
  LOCAL,
  programEnvironment,
  urlOf,
} from './stack-settings';
import type { Environment, Settings, StackPorts } from './stack-settings';
import { snowflakeKeys } from './simulator-keys';
import { findCli, startTemporal } from './temporal';

const START_TIMEOUT = 30_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What the stack runs, each under the name of its log file. */
type ProcessName =
  | 'temporal'
  | 'simulator'
  | 'snowflake-simulator'
  | 'databricks-simulator'
  | 'worker'
  | 'gateway'
  | 'codec';

interface StackOptions extends Settings {
  /** Temporal's SQLite file; absent: in memory. */
  dbFile?: string;
  logDir?: string;
  /** Temporal and the simulator only: gateways and workers are somebody else's. */
  isBare?: boolean;
  /** More that the programs are told, which depends on where the stand-ins are. */
  configure?: (at: StandIns) => Environment;
  /** A process ended although nobody stopped it. */
  onDeath?: (name: ProcessName, message: string) => void;
  /** Our exit code after a SIGINT, SIGTERM or SIGHUP; absent: 128 and the signal's number. */
  exitCode?: number;
}

/** Roots of the stand-ins' hosts. */
export interface StandIns {
  airbyteUrl: string;
  snowflakeUrl: string;
  databricksUrl: string;
}

export interface Stack extends StandIns {
  /** With the base path, when there is one. */
  gatewayUrl: string;
  temporalAddress: string;
  temporalUiUrl: string;
  /** Where payloads are decoded; undefined: none are encrypted. */
  codecUrl: string | undefined;
  workerUrl: string;
  logDir: string;
  /** A command that lists the runs. */
  cliCommand: string;
  /** What its programs are told. */
  env: Environment;
  /** No simulator where AIRBYTE_URL names a real Airbyte. */
  processes: Partial<Record<ProcessName, { pid: number }>>;
  stop: () => Promise<void>;
}

/** What has been started, ended newest first: nothing outlives us, however we end. */
const createOwnership = (exitCode: number | undefined) => {
  const owned: { name: ProcessName; child: Child }[] = [];
  let stopped: Promise<void> | undefined;
  const killAll = () => {
    for (const { child } of owned) child.kill();
  };
  const stopAll = async () => {
    for (const { child } of owned.toReversed()) await child.stop();
    process.off('exit', killAll);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  const stop = () => (stopped ??= stopAll());
  const onSignal = (signal: NodeJS.Signals) => {
    void stop().finally(() => process.exit(exitCode ?? 128 + constants.signals[signal]));
  };
  process.once('exit', killAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    own: (name: ProcessName) => (child: Child) => {
      owned.push({ name, child });
      if (stopped) child.kill();
    },
    owned,
    isStopping: () => stopped !== undefined,
    stop,
  };
};

type Ownership = ReturnType<typeof createOwnership>;

const answersAt = (url: string) => async () => {
  const { ok } = await fetch(url, { signal: AbortSignal.timeout(2000) });
  return ok;
};

const startNode = async (
  {
    file,
    health,
    env,
    logFile,
  }: { file: string; health: string; env: Environment; logFile: string },
  own: (child: Child) => void,
) => {
  const name = `The ${path.basename(logFile, '.log')}`;
  const args = ['--enable-source-maps', path.join(ROOT, 'dist', file)];
  const child = launch({ name, command: process.execPath, args, env, logFile });
  own(child);
  await untilReady(child, { isReady: answersAt(health), timeout: START_TIMEOUT });
};

const startTemporalOf = (
  { options, given, ports, encrypts, logDir }: Plan,
  own: (child: Child) => void,
): Promise<unknown> =>
  startTemporal({
    cli: findCli(),
    port: ports.temporal.port,
    uiPort: ports.temporalUi.port,
    logFile: path.join(logDir, 'temporal.log'),
    namespace: given.TEMPORAL_NAMESPACE ?? 'default',
    onLaunch: own,
    ...(encrypts && { codecUrl: urlOf(ports.codec) }),
    ...(options.dbFile && { dbFile: options.dbFile }),
  });

interface Plan {
  options: StackOptions;
  given: Environment;
  ports: StackPorts;
  encrypts: boolean;
  logDir: string;
}

/** Whether the configuration file has keys. What is wrong with it its programs tell. */
const hasKeys = ({ PROVISIONER_CONFIG: file }: Environment) => {
  if (!file) return false;
  try {
    return readSettingsFile(file).encryption !== undefined;
  } catch (err) {
    if (!(err instanceof RequestError)) throw err;
    const problems = err.problems.map((problem) => `  ${describeProblem(problem)}`);
    throw new Error([`PROVISIONER_CONFIG, ${file}, is not right:`, ...problems].join('\n'));
  }
};

const standInsOf = (given: Environment, ports: StackPorts): StandIns => ({
  airbyteUrl: given.AIRBYTE_URL ?? urlOf(ports.simulator),
  snowflakeUrl: urlOf(ports.snowflake),
  databricksUrl: urlOf(ports.databricks),
});

const planStack = async (options: StackOptions): Promise<Plan> => {
  const known = givenEnvironment(options);
  const encrypts = hasKeys(known);
  const ports = await choosePorts(known, { ...options, encrypts });
  const given = { ...known, ...options.configure?.(standInsOf(known, ports)) };
  // Several of these run at once.
  const folder = options.freePorts === 'always' ? `stack-${String(ports.gateway.port)}` : '';
  const logDir = options.logDir ?? path.join(ROOT, '.cache', 'logs', folder);
  return { options, given, ports, encrypts, logDir };
};

/** What the others need comes first. */
const startAll = async (plan: Plan, own: Ownership['own']) => {
  const { given, ports, logDir } = plan;
  const env = programEnvironment(given, ports);
  const internal = { ...env, HOST: LOCAL };
  const logFile = (name: ProcessName) => path.join(logDir, `${name}.log`);
  const simulator = {
    file: 'simulator/main.js',
    health: `${urlOf(ports.simulator)}/api/public/v1/health`,
    env: internal,
    logFile: logFile('simulator'),
  };
  const worker = {
    file: 'src/worker.js',
    health: `${urlOf(ports.worker)}/readyz`,
    env: internal,
    logFile: logFile('worker'),
  };
  const codec = {
    file: 'src/codec-server.js',
    health: `${urlOf(ports.codec)}/livez`,
    env: internal,
    logFile: logFile('codec'),
  };
  const keys = plan.options.fabrics ? snowflakeKeys() : undefined;
  const snowflake = {
    file: 'simulator/snowflake/main.js',
    health: `${urlOf(ports.snowflake)}/_simulator`,
    env: { ...internal, SNOWFLAKE_SIMULATOR_PUBLIC_KEY_FILE: keys?.publicKeyFile },
    logFile: logFile('snowflake-simulator'),
  };
  const databricks = {
    file: 'simulator/databricks/main.js',
    health: `${urlOf(ports.databricks)}/_simulator`,
    env: internal,
    logFile: logFile('databricks-simulator'),
  };
  const gateway = {
    file: 'src/server.js',
    health: `${urlOf(ports.gateway)}/readyz`,
    env,
    logFile: logFile('gateway'),
  };
  await Promise.all([
    startTemporalOf(plan, own('temporal')),
    given.AIRBYTE_URL ? undefined : startNode(simulator, own('simulator')),
    keys && startNode(snowflake, own('snowflake-simulator')),
    keys && startNode(databricks, own('databricks-simulator')),
  ]);
  if (plan.options.isBare) return env;
  await Promise.all([
    startNode(worker, own('worker')),
    startNode(gateway, own('gateway')),
    plan.encrypts ? startNode(codec, own('codec')) : undefined,
  ]);
  return env;
};

const describe = (
  { ports, encrypts, logDir }: Plan,
  env: Environment,
  { owned, stop }: Ownership,
): Stack => {
  const gatewayUrl = urlOf(ports.gateway) + (env.BASE_PATH ?? '').replace(/\/$/, '');
  return {
    gatewayUrl,
    temporalAddress: env.TEMPORAL_ADDRESS ?? '',
    temporalUiUrl: env.TEMPORAL_UI_URL ?? '',
    ...standInsOf(env, ports),
    codecUrl: encrypts ? urlOf(ports.codec) : undefined,
    workerUrl: urlOf(ports.worker),
    logDir,
    cliCommand: cliCommand(env, gatewayUrl),
    env,
    processes: Object.fromEntries(owned.map(({ name, child }) => [name, { pid: child.pid }])),
    stop,
  };
};

/** Starts Temporal, the Airbyte simulator, the worker and the gateway as programs of their own. */
export const startStack = async (options: StackOptions = {}): Promise<Stack> => {
  const plan = await planStack(options);
  const ownership = createOwnership(options.exitCode);
  const { own, owned, isStopping, stop } = ownership;
  try {
    const env = await startAll(plan, own);
    for (const { name, child } of owned)
      void child.ended.then((message) => {
        if (!isStopping()) options.onDeath?.(name, message);
      });
    return describe(plan, env, ownership);
  } catch (err) {
    // A signal is ending the process: that its programs end is no failure to report.
    if (isStopping()) await new Promise(() => undefined);
    await stop();
    throw err;
  }
};
