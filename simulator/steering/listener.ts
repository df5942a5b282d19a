import { createServer, type RequestListener } from 'node:http';

export interface Place {
  /** 0 takes a free one. */
  port?: number | undefined;
  host?: string | undefined;
}

/** Listens; `close` ends hanging calls too. */
export const listen = async (
  { app, reset }: { app: RequestListener; reset: () => void },
  { port = 0, host = '127.0.0.1' }: Place,
) => {
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const address = server.address();
  const taken = typeof address === 'object' && address ? address.port : port;
  const shown = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  return {
    /** Without a path. */
    url: `http://${shown}:${String(taken)}`,
    port: taken,
    reset,
    close: () =>
      new Promise<void>((resolve) => {
        reset();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
export type Listening = Awaited<ReturnType<typeof listen>>;
