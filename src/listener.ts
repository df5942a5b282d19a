import type { RequestListener } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import { codeOf } from '../workflows/protocol/causes';
import { ConfigError } from './config/config';
import { createAuditLog } from './gateway/audit-log';
import { createClientCertificates } from './gateway/client-certificates';
import { createHttpServer, createHttpsServer } from './http-server';
import type { Times } from './http-server';
import { fromConfiguration } from './program';
import type { SettingsFile } from './settings/file';
import { openTls, restartFor, takeCredentials } from './tls';

/* How gateway and codec server are reached, and who writes it down: over TLS where its configuration file says so when it starts, else without. */

interface ListenerDeps {
  file: SettingsFile | undefined;
  /** Of the configuration file. */
  path: string | undefined;
  log: Logger;
}

/** The audit, open. One that cannot be opened at start ends the program. */
export const openAudit = (place: string | undefined, log: Logger) => {
  try {
    return createAuditLog(place, log);
  } catch (err) {
    const code = codeOf(err) ?? 'unknown error';
    throw new ConfigError(
      `The audit cannot be written: audit.log, ${String(place)}, cannot be opened (${code}).`,
    );
  }
};

/** Certificates that are wrong at start end the program. */
export const createListenerTls = ({ file, path = '', log }: ListenerDeps) => {
  const files = () => file?.current().gateway.tls;
  const made = files();
  const restart = () => (file ? restartFor(made, files()) : undefined);
  file?.onChange(() => {
    const problem = restart();
    if (problem !== undefined)
      log.warn({ problem }, 'the listener does not serve what the file says');
  });
  if (!made)
    return {
      scheme: 'http' as const,
      certificates: undefined,
      problem: restart,
      listener: (app: RequestListener, times: Times) => createHttpServer(app, times),
    };

  let take: Parameters<typeof openTls>[1]['onChange'] = () => undefined;
  const tls = fromConfiguration(path, () =>
    openTls(made, {
      files,
      log,
      onChange: (credentials) => {
        take(credentials);
      },
    }),
  );
  const certificates = createClientCertificates(() => tls.current().ca);
  return {
    scheme: 'https' as const,
    certificates,
    problem: () => restart() ?? tls.problem(),
    listener: (app: RequestListener, times: Times) => {
      const server = createHttpsServer(app, { ...times, credentials: tls.current() });
      server.on('secureConnection', certificates.connected);
      server.on('tlsClientError', (err, socket) => {
        const address = socket instanceof TLSSocket ? socket.remoteAddress : undefined;
        log.debug({ err, address }, 'a caller did not come to terms on TLS');
      });
      take = (credentials) => {
        takeCredentials(server, credentials);
      };
      return server;
    },
  };
};
