import http from 'node:http';
import type { RequestListener } from 'node:http';
import https from 'node:https';
import ms from 'ms';
import { ACCEPTED } from './tls';
import type { Credentials } from './tls';

/**
 * Milliseconds an idle connection is kept; Node's default of 5 s is shorter than that of every proxy.
 * Whoever closes first must be the caller, or its next request meets a closed connection.
 */
const KEEP_ALIVE = ms('75s');
/** Milliseconds in which the handshake of TLS must be done. */
const HANDSHAKE = ms('10s');
/** Milliseconds in which the headers of a request must have come, and all of it. */
const HEADERS = ms('30s');
const REQUEST = ms('60s');
/** Milliseconds between looks for requests that are too slow. */
const LOOK = ms('5s');

/** Bytes of a request's line and headers: Node answers more with 431. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Connections, idle ones included; more are closed at once. */
const MAX_CONNECTIONS = 10_000;

export interface Times {
  keepAlive?: number | undefined;
  handshake?: number;
  headers?: number;
  request?: number;
  look?: number;
}

const optionsOf = ({ keepAlive, headers = HEADERS, request = REQUEST, look = LOOK }: Times) => ({
  keepAliveTimeout: keepAlive ?? KEEP_ALIVE,
  headersTimeout: headers,
  requestTimeout: request,
  connectionsCheckingInterval: look,
  maxHeaderSize: MAX_HEADER_BYTES,
});

export const createHttpServer = (app: RequestListener, times: Times = {}) => {
  const server = http.createServer(optionsOf(times), app);
  server.maxConnections = MAX_CONNECTIONS;
  return server;
};

/**
 * Over TLS. Where there is an authority callers are asked for a certificate, and let in without: what
 * needs one is said where the request is answered, as probes have none.
 */
export const createHttpsServer = (
  app: RequestListener,
  { credentials, ...times }: Times & { credentials: Credentials },
) => {
  const server = https.createServer(
    {
      ...optionsOf(times),
      ...ACCEPTED,
      ...credentials,
      handshakeTimeout: times.handshake ?? HANDSHAKE,
      requestCert: credentials.ca !== undefined,
      rejectUnauthorized: false,
    },
    app,
  );
  server.maxConnections = MAX_CONNECTIONS;
  return server;
};
