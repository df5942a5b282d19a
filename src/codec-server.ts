import { codecConfig } from './config/codec';
import { ConfigError } from './config/config';
import { createCodecApp } from './gateway/codec-app';
import { judgeCodecExposure, tellExposure } from './gateway/exposure';
import { createAuthentication } from './identity/authenticate';
import { createListenerTls, openAudit } from './listener';
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
  const file = openConfiguration({
    file: config.file,
    log,
    judge: (given) => {
      judgeCodecExposure(given, config.host);
    },
  });
  const settings = file.current;
  const encryption = encryptionOf(file, log);
  if (!encryption.encrypts)
    throw new ConfigError(
      'The codec server has nothing to decode: PROVISIONER_CONFIG names no keys (encryption.keysDir).',
    );
  const audit = openAudit(settings().audit?.log, log);
  file.onChange(({ audit: now }) => {
    audit.moveTo(now?.log);
  });
  const tls = createListenerTls({ file, path: config.file, log });
  const app = createCodecApp({
    codecs: [payloadCodec, encryption.codec],
    uiOrigin: config.uiOrigin,
    authenticate: createAuthentication(settings),
    door: () => settings().gateway,
    audit,
    certificates: tls.certificates,
    warning: () =>
      [file.problem(), encryption.problem(), tls.problem(), audit.warning()].find(
        (each) => each !== undefined,
      ),
    log,
  });
  tellExposure(settings().gateway.auth.mode, { ...config, log });
  const server = tls.listener(app, {});
  const url = await listen(server, { ...config, variable: 'CODEC_PORT', scheme: tls.scheme });
  log.info({ url }, 'codec server listens');
  onSignal((signal) => {
    log.info({ signal }, 'codec server stops');
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
});
