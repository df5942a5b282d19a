import { type Logger, pino } from 'pino';
import type { Listening } from './listener';
import { SettingsError } from './variables';

interface Program<Settings> {
  /** In each line of the log. */
  name: string;
  /** The variable that says where it listens. */
  portVariable: string;
  settings: () => Settings & { logLevel: string; port: number };
  start: (settings: Settings & { log: Logger }) => Promise<Listening>;
  /** For the log. */
  told: (settings: Settings) => Record<string, unknown>;
}

const isPortTaken = (err: unknown) =>
  err instanceof Error && 'code' in err && err.code === 'EADDRINUSE';

const explain = (err: unknown, port: number, variable: string) =>
  isPortTaken(err)
    ? new SettingsError(
        `Port ${String(port)} is taken by another program: set ${variable} to a free one.`,
      )
    : err;

const run = async <Settings>({ name, portVariable, settings, start, told }: Program<Settings>) => {
  const given = settings();
  const log = pino({ name, level: given.logLevel });
  const simulator = await start({ ...given, log }).catch((err: unknown) => {
    throw explain(err, given.port, portVariable);
  });
  log.info({ url: simulator.url, ...told(given) }, 'simulator listens');

  const stop = (signal: NodeJS.Signals) => {
    log.info({ signal }, 'simulator stops');
    void simulator.close();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
};

/** Starts a simulator as a program of its own, until it is told to stop. */
export const runProgram = <Settings>(program: Program<Settings>) => {
  run(program).catch((err: unknown) => {
    const text = err instanceof Error && !(err instanceof SettingsError) ? err.stack : undefined;
    process.stderr.write(`${text ?? (err instanceof Error ? err.message : String(err))}\n`);
    process.exit(1);
  });
};
