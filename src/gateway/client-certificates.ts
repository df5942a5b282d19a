import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { RequestHandler } from 'express';
import { RequestError } from '../contract/problems';

/* Who comes through the door by a certificate, where callers need one. */

/** Of a connection: what its caller has shown, and what it was checked with. */
interface Shown {
  /** On one line; undefined: no certificate that an authority has signed. */
  subject: string | undefined;
  /** Milliseconds since the epoch. */
  validTo: number;
  authority: string | undefined;
}

const shown = new WeakMap<Socket, Shown>();

/** The subject of the certificate that a connection has shown, for the audit. */
export const certificateOf = (socket: Socket): string | undefined => shown.get(socket)?.subject;

const uncertified = new RequestError(
  [{ path: 'certificate', message: 'must be shown, and be signed by an authority that is known' }],
  {
    status: 401,
    reason: 'unauthenticated',
    challenge: 'Certificate realm="airbyte-provisioner"',
    solutions: ['Call with a client certificate that an authority of clientCaFile has signed.'],
  },
);

export type ClientCertificates = ReturnType<typeof createClientCertificates>;

/** `authority` is what certificates are checked with now; undefined: nobody needs one. */
export const createClientCertificates = (authority: () => string | undefined) => {
  /** Once for each connection, when its handshake is done. */
  const connected = (socket: TLSSocket) => {
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
    shown.set(socket, {
      subject: certificate?.subject.replaceAll('\n', ', '),
      validTo: certificate ? Date.parse(certificate.validTo) : 0,
      authority: authority(),
    });
  };

  /** Refuses who has not shown a certificate, or one that is over. */
  const required: RequestHandler = ({ socket }, res, next) => {
    const now = authority();
    if (now !== undefined) {
      const known = shown.get(socket);
      if (known?.subject === undefined || known.validTo <= Date.now()) throw uncertified;
      // What was checked with another authority is checked anew: after this answer, so that no request is lost.
      if (known.authority !== now) res.set('Connection', 'close');
    }
    next();
  };
  return { connected, required };
};
