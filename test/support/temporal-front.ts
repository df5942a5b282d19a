import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import path from 'node:path';
import { z } from 'zod';

/* What stands in front of a Temporal that takes calls over TLS only, as Temporal Cloud does. */

const Address = z.object({ port: z.number() });

/** An authority, and certificates by it of 127.0.0.1 and of a client: the paths of their files. */
export const makeCertificates = (folder: string) => {
  const at = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const request = (name: string, ...more: string[]) =>
    openssl(
      ...['req', '-x509', ...newKey, '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`)],
      ...['-out', at(`${name}.pem`), ...more],
    );
  const byAuthority = ['-CA', at('authority.pem'), '-CAkey', at('authority.key')];
  const ofNobody = ['-addext', 'basicConstraints=critical,CA:FALSE'];
  request('authority');
  request('server', ...byAuthority, ...ofNobody, '-addext', 'subjectAltName=IP:127.0.0.1');
  request('client', ...byAuthority, ...ofNobody, '-addext', 'extendedKeyUsage=clientAuth');
  return {
    authority: at('authority.pem'),
    server: { cert: at('server.pem'), key: at('server.key') },
    client: { cert: at('client.pem'), key: at('client.key') },
  };
};
export type Certificates = ReturnType<typeof makeCertificates>;

interface Front {
  /** host:port of the Temporal behind it. */
  temporal: string;
  certificates: Certificates;
  /** Who calls has to have it; else a client certificate. */
  apiKey?: string;
}

const UNAUTHENTICATED = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-status': '16',
  'grpc-message': 'Request unauthorized.',
};

/** Forwards a call, and its answer with what stands at its end. */
const forward = (
  to: http2.ClientHttp2Session,
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
) => {
  const forwarded = to.request(headers);
  let trailers: http2.IncomingHttpHeaders = {};
  forwarded.on('response', (answer) => {
    stream.respond(answer, { waitForTrailers: true });
    forwarded.pipe(stream);
  });
  forwarded.on('trailers', (last: http2.IncomingHttpHeaders) => {
    trailers = last;
  });
  stream.on('wantTrailers', () => {
    stream.sendTrailers(trailers);
  });
  stream.on('close', () => {
    forwarded.close(http2.constants.NGHTTP2_CANCEL);
  });
  forwarded.on('error', () => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR));
  stream.on('error', () => undefined);
  stream.pipe(forwarded);
};

export const startFront = async ({ temporal, certificates, apiKey }: Front) => {
  const behind = http2.connect(`http://${temporal}`);
  const { authority, server: own } = certificates;
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = http2.createSecureServer({
    cert: readFileSync(own.cert),
    key: readFileSync(own.key),
    ca: readFileSync(authority),
    requestCert: apiKey === undefined,
    rejectUnauthorized: apiKey === undefined,
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  let taken = 0;
  server.on('stream', (stream, headers) => {
    if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`) {
      stream.respond(UNAUTHENTICATED, { endStream: true });
      return;
    }
    taken += 1;
    forward(behind, stream, headers);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${String(Address.parse(server.address()).port)}`,
    /** Calls that were let through. */
    taken: () => taken,
    close: () => {
      for (const session of sessions) session.destroy();
      server.close();
      behind.destroy();
    },
  };
};
