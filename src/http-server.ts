import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import ms from 'ms';

/**
 * Milliseconds an idle connection is kept; Node's default of 5 s is shorter than that of every proxy.
 * Whoever closes first must be the caller, or its next request meets a closed connection.
 */
const KEEP_ALIVE = ms('75s');
/** Milliseconds in which the headers of a request must have come, and all of it. */
const HEADERS = ms('30s');
const REQUEST = ms('60s');
/** Milliseconds between looks for requests that are too slow. */
const LOOK = ms('5s');

/** Connections, idle ones included; more are closed at once. */
const MAX_CONNECTIONS = 10_000;

export const createHttpServer = (app: RequestListener, keepAlive = KEEP_ALIVE) => {
  const server = createServer(
    {
      keepAliveTimeout: keepAlive,
      headersTimeout: HEADERS,
      requestTimeout: REQUEST,
      connectionsCheckingInterval: LOOK,
    },
    app,
  );
  server.maxConnections = MAX_CONNECTIONS;
  return server;
};
