import type { Server } from 'node:http';
import { isIP } from 'node:net';
import { constants } from 'node:os';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { ConfigError } from './config/config';
import { RequestError, describeProblem } from './contract/problems';
import { openEncryption } from './encryption/encryption';
import type { Encryption } from './encryption/encryption';
import { KeyError, keyIdsOf } from './encryption/keys';
import { openSettings, readSettingsFile } from './settings/file';
import type { SettingsFile } from './settings/file';
import type { Settings } from './settings/settings';
import { traceFields } from './tracing/context';

/** Each line of what is done in a trace has its id. */
export const createLogger = (name: string, level: string): Logger =>
  pino({ name, level, mixin: traceFields });

/** Tells of settings that work, but hardly as they were meant. */
export const warnOf = (misfits: string[], log: Logger) => {
  for (const problem of misfits) log.warn({ problem }, 'two settings do not fit together');
};

/** What a configuration file says. What is wrong with it at start ends the program, and is told whole. */
export const fromConfiguration = <Result>(file: string, open: () => Result): Result => {
  try {
    return open();
  } catch (err) {
    if (!(err instanceof RequestError)) throw err;
    const problems = err.problems.map((each) => `  ${describeProblem(each)}`);
    throw new ConfigError([`PROVISIONER_CONFIG, ${file}, is not right:`, ...problems].join('\n'));
  }
};

const orConfigError = <Result>(read: () => Result): Result => {
  try {
    return read();
  } catch (err) {
    if (err instanceof KeyError)
      throw new ConfigError(`Of encryption in PROVISIONER_CONFIG: ${err.message}`);
    throw err;
  }
};

/** The ids of the keys in a directory. One that cannot be read ends the program. */
export const keysIn = (keysDir: string) => orConfigError(() => keyIdsOf(keysDir));

/** The keys that settings name. Those that are not whole end the program. */
export const encryptionBy = (settings: Settings | undefined): Encryption =>
  orConfigError(() => openEncryption(settings?.encryption));

/** The keys that the file names, whichever these are from now on. Without a file payloads are in clear. */
export const encryptionOf = (settings: SettingsFile | undefined, log: Logger): Encryption => {
  const encryption = encryptionBy(settings?.current());
  settings?.onChange(({ encryption: to }) => {
    encryption.follow(to, ({ message }) => {
      log.error({ problem: message }, 'the keys of payloads are not as they are to be');
    });
  });
  return encryption;
};

/** The configuration file, open. */
export const openConfiguration = (given: Parameters<typeof openSettings>[0]): SettingsFile =>
  fromConfiguration(given.file, () => openSettings(given));

/** The configuration file as it is now. */
export const readConfiguration = (file: string): Settings =>
  fromConfiguration(file, () => readSettingsFile(file));

/** Connections that wait to be accepted; those beyond are reset a minute later. The system may allow fewer. */
const BACKLOG = 4096;

/** A port of 0 picks a free one; the variable is named so that the reader knows what to change. */
export const listen = (
  server: Server,
  {
    host,
    port,
    variable,
    scheme = 'http',
  }: { host: string; port: number; variable: string; scheme?: 'http' | 'https' },
): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', (err) => {
      const taken = 'code' in err && err.code === 'EADDRINUSE';
      const message = `Port ${String(port)} is taken by another program: set ${variable} to a free one.`;
      reject(taken ? new ConfigError(message) : err);
    });
    server.listen(port, host, BACKLOG, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      resolve(`${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${String(bound)}`);
    });
  });

/** Stops in order at the first SIGTERM or SIGINT; the second ends the process at once. */
export const onSignal = (stop: (signal: NodeJS.Signals) => void) => {
  let stopping = false;
  const receive = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(128 + constants.signals[signal]);
    stopping = true;
    stop(signal);
  };
  process.on('SIGTERM', receive);
  process.on('SIGINT', receive);
};

/** Runs a program; what it needs mended is one line on the terminal, anything else the whole error. */
export const runProgram = (main: () => Promise<void>) => {
  main().catch((err: unknown) => {
    process.stderr.write(
      err instanceof ConfigError ? `${err.message}\n` : `${String(stackOf(err))}\n`,
    );
    process.exit(1);
  });
};

const stackOf = (err: unknown) => (err instanceof Error ? err.stack : err);
