import type { Server } from 'node:http';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { ConfigError } from './config';

export const createLogger = (name: string, level: string): Logger => pino({ name, level });

/** A port of 0 picks a free one; the variable is named so that the reader knows what to change. */
export const listen = (
  server: Server,
  { host, port, variable }: { host: string; port: number; variable: string },
): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', (err) => {
      const taken = 'code' in err && err.code === 'EADDRINUSE';
      const message = `Port ${String(port)} is taken by another program: set ${variable} to a free one.`;
      reject(taken ? new ConfigError(message) : err);
    });
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      resolve(`http://${host}:${String(bound)}`);
    });
  });

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
