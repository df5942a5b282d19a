import { ConfigError, simulatorConfig } from '../src/config/config';
import { createLogger, runProgram } from '../src/program';
import { startSimulator } from './simulator';

const isPortTaken = (err: unknown) =>
  err instanceof Error && 'code' in err && err.code === 'EADDRINUSE';

const explain = (err: unknown, port: number) =>
  isPortTaken(err)
    ? new ConfigError(
        `Port ${String(port)} is taken by another program: set SIMULATOR_PORT to a free one.`,
      )
    : err;

runProgram(async () => {
  const { logLevel, ...options } = simulatorConfig();
  const log = createLogger('simulator', logLevel);
  const simulator = await startSimulator({ ...options, log }).catch((err: unknown) => {
    throw explain(err, options.port);
  });
  log.info({ url: simulator.url, auth: options.auth }, 'simulator listens');

  const stop = (signal: NodeJS.Signals) => {
    log.info({ signal }, 'simulator stops');
    void simulator.close();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
});
