import { once } from 'node:events';
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { launch, ROOT, untilReady } from './child';
import type { Child } from './child';
import { serverProgram, setUp } from './postgres/server';

const START_TIMEOUT = 60_000;
const START_TRIES = 3;

/** What operators filter runs by in Temporal's UI. */
export const searchAttributes = ['DataProduct', 'Component', 'Environment', 'Operation'];

interface TemporalOptions {
  /** Path of a `temporal` binary. */
  cli: string;
  port: number;
  /** Absent: no UI. */
  uiPort?: number;
  /** What the UI has payloads decoded by. */
  codecUrl?: string | undefined;
  /** SQLite; absent: in memory. */
  dbFile?: string;
  /** SQLite leaves to the system when it writes to the disk: safe but for a crash of the machine. */
  lazyDisk?: true;
  host?: '127.0.0.1';
  logFile?: string;
  namespace?: string;
  /** false: a server that was set up without them. */
  searchAttributes?: boolean;
  /** Signals a run may get; absent: the server's 10,000. */
  maxSignals?: number;
  /** Called before it is ready, so that its owner can end it at any time. */
  onLaunch?: (child: Child) => void;
}

export interface Temporal {
  address: string;
  uiUrl?: string;
  pid: number;
  logFile: string;
  /** Resolves at the server's end with what to tell the user. */
  ended: Promise<string>;
  stop: () => Promise<void>;
  kill: () => void;
}

type Optional = 'uiPort' | 'codecUrl' | 'dbFile' | 'lazyDisk' | 'maxSignals' | 'onLaunch';
type Settings = Required<Omit<TemporalOptions, Optional>> & Pick<TemporalOptions, Optional>;

const flags = (settings: Settings): string[] => {
  const { host, port, uiPort, codecUrl, dbFile, lazyDisk, namespace, maxSignals } = settings;
  return [
    ...['server', 'start-dev', '--log-level', 'warn'],
    ...['--ip', host, '--port', String(port)],
    ...(uiPort ? ['--ui-port', String(uiPort)] : ['--headless']),
    ...(uiPort && codecUrl ? ['--ui-codec-endpoint', codecUrl] : []),
    ...(dbFile ? ['--db-filename', dbFile] : []),
    ...(lazyDisk ? ['--sqlite-pragma', 'synchronous=OFF'] : []),
    ...(namespace === 'default' ? [] : ['--namespace', namespace]),
    // The dev server has one shard, whose task queue would add a 50 ms tick to every step of a run.
    ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=2000'],
    // By default a retry or a timer may fire up to a second late; at 10 ms a busy server lost some.
    ...['--dynamic-config-value', 'history.timerProcessorMaxTimeShift="200ms"'],
    ...(maxSignals
      ? ['--dynamic-config-value', `history.maximumSignalsPerExecution=${String(maxSignals)}`]
      : []),
    ...(settings.searchAttributes
      ? searchAttributes.flatMap((name) => ['--search-attribute', `${name}=Keyword`])
      : []),
  ];
};

/** Asked first, as gRPC waits for seconds after a connection was refused. */
const untilListening = async ({ host, port }: Settings): Promise<void> => {
  const socket = connect(port, host);
  await once(socket, 'connect').finally(() => socket.destroy());
};

/**
 * The port of a PostgreSQL on this machine (npm run test:postgres): every server is then one that keeps
 * its state there, instead of the dev server.
 */
const postgresPort = Number(process.env.TEMPORAL_POSTGRES ?? 0);

/** The server listens before it knows our search attributes, and a run needs them. */
const answers = async (settings: Settings): Promise<boolean> => {
  await untilListening(settings);
  const connection = await Connection.connect({
    address: `${settings.host}:${String(settings.port)}`,
    connectTimeout: 2000,
  });
  try {
    const { namespace } = settings;
    const wanted = settings.searchAttributes ? searchAttributes : [];
    if (postgresPort > 0)
      await connection.withDeadline(Date.now() + 5000, () => setUp(connection, namespace, wanted));
    const { customAttributes } = await connection.withDeadline(Date.now() + 2000, () =>
      connection.operatorService.listSearchAttributes({ namespace }),
    );
    const known = Object.keys(customAttributes);
    return wanted.every((name) => known.includes(name));
  } finally {
    await connection.close();
  }
};

const withoutTemporal = (env: NodeJS.ProcessEnv) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));

const devServer = (settings: Settings) => ({
  name: 'The Temporal dev server',
  command: settings.cli,
  args: flags(settings),
  // The CLI reads TEMPORAL_… for its own connection, which a server does not have.
  env: withoutTemporal(process.env),
});

const launchServer = async (settings: Settings): Promise<Child> => {
  const { dbFile, port, logFile } = settings;
  const program =
    postgresPort > 0
      ? await serverProgram({
          ...settings,
          database: postgresPort,
          identity: dbFile ?? `${String(process.pid)} ${String(port)}`,
        })
      : devServer(settings);
  const child = launch({ ...program, logFile });
  settings.onLaunch?.(child);
  return child;
};

/**
 * The server chooses a dozen inner ports some time before it listens on them, and ends when another
 * program got one in between: it is started again then, and chooses anew.
 */
const lostAPort = (child: Child): boolean =>
  child.hasEnded() && readFileSync(child.logFile, 'utf8').includes('address already in use');

const launchUntilReady = async (settings: Settings, tries = START_TRIES): Promise<Child> => {
  const child = await launchServer(settings);
  try {
    await untilReady(child, { isReady: () => answers(settings), timeout: START_TIMEOUT });
    return child;
  } catch (err) {
    if (tries > 1 && lostAPort(child)) return launchUntilReady(settings, tries - 1);
    throw err;
  }
};

/** Starts a Temporal dev server and waits until it takes runs. */
export const startTemporal = async (options: TemporalOptions): Promise<Temporal> => {
  const settings: Settings = {
    host: '127.0.0.1',
    namespace: 'default',
    searchAttributes: true,
    logFile: path.join(ROOT, '.cache', 'logs', `temporal-${String(options.port)}.log`),
    ...options,
  };
  const { host, port, uiPort, dbFile, logFile } = settings;
  if (dbFile) mkdirSync(path.dirname(path.resolve(dbFile)), { recursive: true });
  const child = await launchUntilReady(settings);
  return {
    address: `${host}:${String(port)}`,
    ...(uiPort && { uiUrl: `http://localhost:${String(uiPort)}` }),
    pid: child.pid,
    logFile,
    ended: child.ended,
    stop: child.stop,
    kill: child.kill,
  };
};

const isExecutable = (file: string) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** In the same order as scripts/setup.mjs, which also fetches one. */
export const findCli = (env: NodeJS.ProcessEnv = process.env): string => {
  if (env.TEMPORAL_CLI) return env.TEMPORAL_CLI;
  const name = process.platform === 'win32' ? 'temporal.exe' : 'temporal';
  const folders = (env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const found = [...folders, path.join(ROOT, '.cache', 'temporal-1.9.1')]
    .map((folder) => path.join(folder, name))
    .find(isExecutable);
  if (found) return found;
  throw new Error('There is no Temporal CLI: run `npm run setup`, or set TEMPORAL_CLI to one.');
};

/** The port of an address on this machine; the scripts start a server here and nowhere else. */
export const localPort = (variable: string, value: string): number => {
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url && ['localhost', '127.0.0.1'].includes(url.hostname);
  if (isLocal && url.port) return Number(url.port);
  throw new Error(
    `${variable} is ${value}, and the Temporal dev server runs on this machine: set it to localhost:PORT or unset it.`,
  );
};

const endWithUs = (child: Child, onStop: () => void) => {
  process.once('exit', child.kill);
  const stop = () => {
    onStop();
    void child.stop().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
};

const main = async () => {
  const { TEMPORAL_ADDRESS = 'localhost:7233', TEMPORAL_UI_URL = 'http://localhost:8233' } =
    process.env;
  let stopping = false;
  const onLaunch = (child: Child) => {
    endWithUs(child, () => (stopping = true));
  };
  const run = async () => {
    const temporal = await startTemporal({
      cli: findCli(),
      port: localPort('TEMPORAL_ADDRESS', TEMPORAL_ADDRESS),
      uiPort: localPort('TEMPORAL_UI_URL', TEMPORAL_UI_URL),
      dbFile: path.join(ROOT, '.cache', 'temporal.db'),
      namespace: process.env.TEMPORAL_NAMESPACE ?? 'default',
      onLaunch,
    });
    console.log(`Temporal     ${temporal.address}\nTemporal UI  ${temporal.uiUrl ?? ''}`);
    console.log(`Log          ${temporal.logFile}\nCtrl-C ends it.`);
    throw new Error(await temporal.ended);
  };
  // That it ends because we were told to end is nothing to report.
  await run().catch((err: unknown) => {
    if (!stopping) throw err;
  });
};

if (require.main === module)
  main().catch((err: unknown) => {
    console.error(err instanceof Error ? err.message : err);
    process.exitCode = 1;
  });
