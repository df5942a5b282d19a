import { pino } from 'pino';
import { SettingsError } from '../config';
import { snowflakeConfig } from './config';
import { startSnowflakeSimulator } from './simulator';

const isPortTaken = (err: unknown) =>
  err instanceof Error && 'code' in err && err.code === 'EADDRINUSE';

const explain = (err: unknown, port: number) =>
  isPortTaken(err)
    ? new SettingsError(
        `Port ${String(port)} is taken by another program: set SNOWFLAKE_SIMULATOR_PORT to a free one.`,
      )
    : err;

const main = async () => {
  const { logLevel, ...options } = snowflakeConfig();
  const log = pino({ name: 'snowflake-simulator', level: logLevel });
  const simulator = await startSnowflakeSimulator({ ...options, log }).catch((err: unknown) => {
    throw explain(err, options.port);
  });
  log.info({ url: simulator.url, account: options.account }, 'snowflake simulator listens');

  const stop = (signal: NodeJS.Signals) => {
    log.info({ signal }, 'snowflake simulator stops');
    void simulator.close();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
};

main().catch((err: unknown) => {
  const text = err instanceof Error && !(err instanceof SettingsError) ? err.stack : undefined;
  process.stderr.write(`${text ?? (err instanceof Error ? err.message : String(err))}\n`);
  process.exit(1);
});
