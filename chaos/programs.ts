import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { launch, ROOT } from '../scripts/child';
import type { Child } from '../scripts/child';
import { findFreePorts } from '../scripts/ports';
import { findCli, startTemporal } from '../scripts/temporal';
import type { Victim } from './disturbances';

const START_TIMEOUT = 60_000;

type Environment = Record<string, string>;

/** A program that is started again whenever it was killed. */
interface Program {
  name: string;
  start: () => Promise<void>;
  /** Kills it and starts it again after so many milliseconds; false: it was not up. */
  kill: (downFor: number) => Promise<boolean>;
  /** Kills it for good. */
  stop: () => Promise<void>;
  /** The logs of all its lives. */
  logFiles: () => string[];
}

interface Life {
  logFile: string;
  /** To be called as soon as there is a process. */
  onLaunch: (child: Child) => void;
}

interface ProgramOptions {
  name: string;
  folder: string;
  begin: (life: Life) => unknown;
  /** It ended although nobody ended it. */
  onDeath: (message: string) => void;
}

const createProgram = ({ name, folder, begin, onDeath }: ProgramOptions): Program => {
  const logFiles: string[] = [];
  let child: Child | undefined;
  let state: 'starting' | 'up' | 'down' | 'stopped' = 'down';
  // Functions, as it may change during any wait.
  const isDown = () => state === 'down';
  const isStopped = () => state === 'stopped';
  const killNow = () => child?.kill();
  process.once('exit', killNow);

  const onLaunch = (launched: Child) => {
    child = launched;
    if (isStopped()) launched.kill();
    void launched.ended.then((message) => {
      if (state === 'up') onDeath(message);
    });
  };
  const start = async () => {
    const logFile = path.join(folder, `${name}.${String(logFiles.length + 1)}.log`);
    logFiles.push(logFile);
    state = 'starting';
    await begin({ logFile, onLaunch });
    if (!isStopped()) state = 'up';
  };
  return {
    name,
    start,
    logFiles: () => logFiles,
    kill: async (downFor) => {
      if (state !== 'up' || !child) return false;
      state = 'down';
      child.kill();
      await child.ended;
      await pause(downFor);
      // Meanwhile everything may have been told to stop.
      if (isDown()) await start();
      return true;
    },
    stop: async () => {
      state = 'stopped';
      child?.kill();
      await child?.ended;
      process.off('exit', killNow);
    },
  };
};

/** What the environment's part of the file does not say: how patient the programs are. */
const environmentOf = (
  temporal: number,
  { secretsDirectory, settingsFile }: { secretsDirectory: string; settingsFile: string },
): Environment => ({
  PATH: process.env.PATH ?? '',
  TEMPORAL_ADDRESS: `127.0.0.1:${String(temporal)}`,
  // No file of this name: the one in the user's home may point at another server.
  TEMPORAL_CONFIG_FILE: 'none',
  PROVISIONER_CONFIG: settingsFile,
  FINGERPRINT_KEY: 'of this chaos',
  AIRBYTE_REQUEST_TIMEOUT: '1s',
  AIRBYTE_RETRY_INITIAL: '100ms',
  AIRBYTE_RETRY_MAX_INTERVAL: '2s',
  // Shorter than the outage, so that some runs live through it and others fail.
  AIRBYTE_GIVE_UP_AFTER: '25s',
  AIRBYTE_SETTLE_TIME: '3s',
  SECRETS_DIR: secretsDirectory,
});

const answers = (url: string) => async () =>
  (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;

export type Programs = Awaited<ReturnType<typeof startPrograms>>;

/** Temporal, two gateways and two workers, ready to be killed. */
export const startPrograms = async ({
  folder,
  onDeath,
  ...files
}: {
  folder: string;
  secretsDirectory: string;
  settingsFile: string;
  onDeath: (message: string) => void;
}) => {
  const [temporalPort = 0, ...ports] = await findFreePorts(5);
  const env = environmentOf(temporalPort, files);
  const urls = ports.map((port) => `http://127.0.0.1:${String(port)}`);
  const temporal = createProgram({
    name: 'temporal',
    folder,
    onDeath,
    begin: (life) =>
      startTemporal({
        ...life,
        cli: findCli(),
        port: temporalPort,
        dbFile: path.join(folder, 'temporal.db'),
        // What is killed is the process: what it wrote is the system's by then.
        lazyDisk: true,
      }),
  });
  const node = (name: string, file: string, variables: Environment) =>
    createProgram({
      name,
      folder,
      onDeath,
      begin: ({ logFile, onLaunch }) => {
        const args = ['--enable-source-maps', path.join(ROOT, 'dist', 'src', file)];
        const program = { name, command: process.execPath, args, env: { ...env, ...variables } };
        onLaunch(launch({ ...program, logFile }));
      },
    });
  const [one, two, three, four] = ports.map(String);
  const gateways = [one, two].map((PORT = '', index) =>
    node(`gateway-${String(index + 1)}`, 'server.js', { PORT }),
  );
  const workers = [three, four].map((WORKER_PORT = '', index) =>
    node(`worker-${String(index + 1)}`, 'worker.js', { WORKER_PORT }),
  );
  const all = [temporal, ...gateways, ...workers];
  const victims: Record<Victim, Program[]> = {
    temporal: [temporal],
    gateway: gateways,
    worker: workers,
  };
  const stop = () => Promise.all(all.map((program) => program.stop()));
  return {
    temporalAddress: env.TEMPORAL_ADDRESS ?? '',
    gatewayUrls: urls.slice(0, 2),
    start: async () => {
      for (const program of all) await program.start();
      const ready = urls.map((url) => answers(`${url}/readyz`));
      await Promise.all(ready.map((isReady) => eventually(isReady, START_TIMEOUT)));
    },
    victim: (kind: Victim, which: number) => victims[kind][which % victims[kind].length],
    logFiles: () => all.flatMap((program) => program.logFiles()),
    stop,
  };
};

const eventually = async (isReady: () => Promise<boolean>, timeout: number) => {
  const deadline = Date.now() + timeout;
  while (!(await isReady().catch(() => false))) {
    if (Date.now() > deadline) throw new Error('The programs were not ready in time.');
    await pause(50);
  }
};
