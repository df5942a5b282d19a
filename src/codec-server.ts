import { codecConfig } from './config/codec';
import { ConfigError } from './config/config';
import { createAuditLog } from './gateway/audit';
import { callerOf } from './gateway/callers';
import { createCodecApp } from './gateway/codec-app';
import { createHttpServer } from './http-server';
import { createAuthentication } from './identity/authenticate';
import {
  createLogger,
  encryptionOf,
  listen,
  onSignal,
  openConfiguration,
  runProgram,
} from './program';
import { payloadCodec } from './temporal/payload-codec';

/* Decodes payloads for Temporal's UI and CLI; a program of its own, as it gives away what is encrypted. */

runProgram(async () => {
  const config = codecConfig();
  const log = createLogger('codec', config.logLevel);
  const file = openConfiguration({ file: config.file, log });
  const settings = file.current;
  const encryption = encryptionOf(file, log);
  if (!encryption.encrypts)
    throw new ConfigError(
      'The codec server has nothing to decode: PROVISIONER_CONFIG names no keys (encryption.keysDir).',
    );
  const { audit } = settings();
  const write = audit && createAuditLog(audit.log);
  const app = createCodecApp({
    codecs: [payloadCodec, encryption.codec],
    uiOrigin: config.uiOrigin,
    authenticate: createAuthentication(settings),
    door: () => settings().gateway,
    audit: ({ req, res, operation, payloads }) => {
      log.info({ operation, payloads }, 'payloads converted');
      write?.({
        time: new Date().toISOString(),
        caller: callerOf(res).name,
        address: req.ip,
        operation,
        status: res.statusCode,
      });
    },
    log,
  });
  const server = createHttpServer(app);
  const url = await listen(server, { ...config, variable: 'CODEC_PORT' });
  log.info({ url }, 'codec server listens');
  onSignal((signal) => {
    log.info({ signal }, 'codec server stops');
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
});
